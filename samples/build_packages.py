"""Zip the samples' function apps, so that the same files give the same bytes on every machine.

Run it after a change to a sample's source, then put the checksum that it prints into the sample's manifest.json.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

SAMPLES = Path(__file__).parent
PACKAGES = {
    SAMPLES / "web-stack/packages/api.zip": SAMPLES / "web-stack/src/api",
    SAMPLES / "cloud-assembly/packages/func-guestbook-sample.zip": SAMPLES / "cloud-assembly/src/func-guestbook",
}
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can hold


def build(source: Path, package: Path) -> str:
    """Zip the files of `source` in name order, uncompressed (compressors differ); answer "sha256:" and the hex."""
    package.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(source.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(file.relative_to(source).as_posix(), EARLIEST)
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes())
    return "sha256:" + hashlib.sha256(package.read_bytes()).hexdigest()


if __name__ == "__main__":
    for package, source in PACKAGES.items():
        sys.stdout.write(f"{build(source, package)}  {package.relative_to(SAMPLES)}\n")
