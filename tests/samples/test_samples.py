import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
BUNDLES = ["web-stack", "failing", "cloud-assembly"]


def build_packages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_packages", SAMPLES / "build_packages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packages_named_by(sample: str) -> list[tuple[str, str]]:
    manifest: dict[str, Any] = json.loads((SAMPLES / sample / "manifest.json").read_text())
    own = [(package["path"], package["checksum"]) for package in manifest.get("packages", [])]
    stacks = manifest.get("stacks", {}).values()
    return own + [
        (package["packagePath"], package["hash"])
        for stack in stacks
        for package in stack.get("artifacts", {}).get("functionPackages", [])
    ]


def test_a_committed_package_is_what_its_source_builds(tmp_path: Path) -> None:
    builder = build_packages()

    for package, source in builder.PACKAGES.items():
        built = tmp_path / package.name
        builder.build(source, built)

        assert built.read_bytes() == package.read_bytes(), f"run samples/build_packages.py: {package.name} is stale"


@pytest.mark.parametrize("sample", BUNDLES)
def test_the_checksum_in_a_manifest_is_the_package_s(sample: str) -> None:
    for path, checksum in packages_named_by(sample):
        content = (SAMPLES / sample / path).read_bytes()

        assert checksum == "sha256:" + hashlib.sha256(content).hexdigest(), path


@pytest.mark.parametrize("sample", BUNDLES)
def test_a_sample_says_what_it_is_for(sample: str) -> None:
    assert f"armature deploy samples/{sample}" in (SAMPLES / sample / "README.md").read_text()
