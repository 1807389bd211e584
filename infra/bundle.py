"""Make a bundle of Armature itself: its template, and its package as Azure Functions runs it.

The package holds what .funcignore leaves, and below .python_packages/ the locked requirements as Linux wheels, so that
nothing is built in Azure.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pathspec import PathSpec

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "azuredeploy.json"
REQUIREMENTS_FOLDER = ".python_packages/lib/site-packages"
"""Where the Python worker looks for what remote builds or publishers install (Azure Functions Python guide, 2025)."""

PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""Wheels that run on the image of Python 3.11, Debian 11 with glibc 2.31."""

EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can hold


def app_files(root: Path = ROOT) -> Iterator[tuple[str, Path]]:
    """The files of the app that go to Azure, with their names in the package: all but what .funcignore names."""
    ignored = PathSpec.from_lines("gitignore", (root / ".funcignore").read_text().splitlines())
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(name for name in folders if not ignored.match_file(f"{(here / name).as_posix()}/"))
        for name in sorted(files):
            path = (here / name).as_posix()
            if not ignored.match_file(path) and name != ".funcignore":
                yield path, root / path


NOT_FETCHED = (
    "The locked requirements could not be fetched: pip says above why. Where the emulator's variables are exported, "
    "pip trusts the emulator only: unset REQUESTS_CA_BUNDLE SSL_CERT_FILE."
)


def install_requirements(folder: Path) -> None:
    """Install the locked requirements as wheels for Azure's Linux, whatever this machine is."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "--requirement", str(ROOT / "requirements.txt")]
    command += ["--implementation", "cp", "--python-version", "3.11", "--only-binary", ":all:"]
    command += [word for platform in PLATFORMS for word in ("--platform", platform)]
    subprocess.run(command, check=True)


def write_package(package: Path, *, with_requirements: bool) -> str:
    """Write the app's package; answer "sha256:" and the hex of it."""
    with tempfile.TemporaryDirectory(prefix="armature-") as scratch:
        files = dict(app_files())
        if with_requirements:
            folder = Path(scratch)
            install_requirements(folder)
            installed = [file for file in folder.rglob("*") if file.is_file() and file.parent.name != "bin"]
            files |= {f"{REQUIREMENTS_FOLDER}/{file.relative_to(folder).as_posix()}": file for file in installed}
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in sorted(files.items()):
                entry = zipfile.ZipInfo(name, EARLIEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, file.read_bytes())
    return "sha256:" + hashlib.sha256(package.read_bytes()).hexdigest()


def manifest(app_name: str, resource_group: str, checksum: str, cloud: str | None) -> dict[str, Any]:
    """The manifest; with `cloud` the bundle is refused in any other."""
    parameters: dict[str, Any] = {"appName": {"value": app_name}, "packageUri": {"package": "app"}}
    template = {
        "name": "app",
        "path": "templates/azuredeploy.json",
        "scope": {"resourceGroup": resource_group},
        "parameters": parameters,
    }
    package = {"name": "app", "path": "packages/armature.zip", "checksum": checksum}
    document: dict[str, Any] = {"version": "1", "project": "armature", "environment": app_name}
    if cloud is not None:
        document["cloud"] = cloud
        parameters["cloudName"] = {"value": cloud}
    return document | {"templates": [template], "packages": [package]}


def write_bundle(
    folder: Path, app_name: str, resource_group: str, *, cloud: str | None = None, with_requirements: bool = True
) -> None:
    """Write the bundle into a folder, over what an earlier run wrote there."""
    for part in ("templates", "packages"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(TEMPLATE, folder / "templates" / "azuredeploy.json")
    checksum = write_package(folder / "packages" / "armature.zip", with_requirements=with_requirements)
    document = manifest(app_name, resource_group, checksum, cloud)
    (folder / "manifest.json").write_text(json.dumps(document, indent=2) + "\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python infra/bundle.py", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the bundle is written")
    parser.add_argument("--app-name", required=True, help="name of the function app, unique in Azure")
    parser.add_argument("--resource-group", required=True, help="where it is deployed")
    parser.add_argument("--cloud", choices=("AzureCloud", "AzureUSGovernment"), help="any, if left out")
    given = parser.parse_args()
    try:
        write_bundle(given.folder, given.app_name, given.resource_group, cloud=given.cloud)
    except subprocess.CalledProcessError:
        sys.exit(NOT_FETCHED)
    size = (given.folder / "packages" / "armature.zip").stat().st_size
    sys.stdout.write(f"{given.folder}: a bundle with a package of {size:,} bytes\n")


if __name__ == "__main__":
    main()
