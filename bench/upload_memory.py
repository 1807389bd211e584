"""How much memory the upload of one large package takes above an idle process, one JSON line.

    python -m bench.upload_memory [--megabytes 1024]

A bundle with one incompressible package of that size lies in Azurite; a fresh process then does what the upload
activity does: opens the bundle by range requests and streams the package into the artifact storage, verifying its
checksum. Peak is the kernel's high-water mark of resident memory; idle is taken after one small file has been uploaded.
"""

import argparse
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount, ArtifactStorage
from armature.azure.bundles import BundleStorage
from armature.azure.identity import credential
from armature.bundle import BundleLimits
from armature.clouds import cloud_of
from armature.request import BundleReference
from armature.settings import Settings
from armature.zip_bundle import ZipBundle
from emulator.foundation import Foundation, emulator_environment
from emulator.processes import Supervisor

PACKAGE = "packages/large.zip"
BUNDLE = BundleReference(id="bench-bundle")
MEGABYTE = 1024**2


def measured(megabytes: int) -> dict[str, object]:
    """Start Azurite and the identity endpoint, store the bundle, measure in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder) / "logs")
        foundation = Foundation(state=Path(folder), supervisor=supervisor)
        try:
            foundation.start()
            environment = {**emulator_environment(), **foundation.settings}
            bundle = Path(folder) / "bundle.zip"
            checksum = _pack(bundle, megabytes)
            _run("store", str(bundle), environment=environment)
            bundle.unlink()
            found = json.loads(_run("upload", checksum, environment=environment))
        finally:
            supervisor.stop()
    return {"bench": "upload_memory", "megabytes": megabytes, **found}


def _pack(bundle: Path, megabytes: int) -> str:
    """Write the bundle: a manifest and one package of random bytes, stored as they are. The package's SHA-256."""
    source, checksum = random.Random(1), hashlib.sha256()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open(zipfile.ZipInfo(PACKAGE), "w", force_zip64=True) as entry:
            for _ in range(megabytes):
                block = source.randbytes(MEGABYTE)
                checksum.update(block)
                entry.write(block)
    return checksum.hexdigest()


def _run(step: str, argument: str, *, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "bench.upload_memory", "--step", step, argument]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def _store(bundle: str) -> None:
    settings = Settings()
    with Path(bundle).open("rb") as stream:
        BundleStorage(settings, credential(settings, cloud_of(settings))).store(str(BUNDLE.id), stream)


def _upload(checksum: str) -> dict[str, object]:
    settings = Settings()
    cloud = cloud_of(settings)
    identity = credential(settings, cloud)
    bundles, artifacts = BundleStorage(settings, identity), ArtifactStorage(cloud, identity)
    account = ArtifactAccount(name="bench", resource_id="", blob_endpoint=settings.storage_blob_endpoint, is_ready=True)
    artifacts.upload(account, PACKAGES_CONTAINER, "warm", io.BytesIO(b"warm"), 4)
    idle = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts again from here
    began = time.monotonic()
    with bundles.open(BUNDLE) as file:
        bundle = ZipBundle(file, BundleLimits())
        size = bundle.entries[PACKAGE].size
        with bundle.open(PACKAGE) as stream:
            result = artifacts.upload(account, PACKAGES_CONTAINER, f"{checksum}/large.zip", stream, size, checksum)
    assert result.bytes_written == size
    seconds, peak = time.monotonic() - began, _resident("VmHWM")
    return {
        "seconds": round(seconds, 2),
        "idleRssMb": round(idle, 1),
        "peakRssMb": round(peak, 1),
        "aboveIdleMb": round(peak - idle, 1),
    }


def _resident(field: str) -> float:
    """A line of /proc/self/status, in megabytes."""
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(f"{field}:"))


def main() -> None:
    """Read the command line, print the line."""
    parser = argparse.ArgumentParser(prog="python -m bench.upload_memory", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    match arguments.step:
        case ["store", bundle]:
            _store(bundle)
        case ["upload", checksum]:
            print(json.dumps(_upload(checksum)))
        case _:
            print(json.dumps(measured(arguments.megabytes)))


if __name__ == "__main__":
    main()
