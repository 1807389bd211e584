import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.folder_bundle import FolderBundle
from armature.request import DeploymentRequest
from armature.validation import review_bundle

SAMPLES = Path(__file__).parents[2] / "samples"
BUNDLES = ["web-stack", "failing", "upgrade", "cloud-assembly"]


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


@pytest.mark.parametrize(
    ("sample", "tiers"),
    [
        (
            "web-stack",
            {"network": 0, "plan": 0, "monitoring": 0, "storage": 1, "web": 2, "alerts": 3},
        ),
        ("failing", {"identity": 0, "archive": 1, "lifecycle": 2}),
        ("upgrade", {"plan": 0, "identity": 0, "archive": 1}),
        ("cloud-assembly", {"GuestbookFoundation": 0, "Guestbook": 1}),
    ],
)
def test_a_sample_has_no_problem_that_can_be_found_beforehand_and_the_order_its_readme_tells(
    sample: str, tiers: dict[str, int]
) -> None:
    target = {"subscription": "00000000-0000-0000-0000-000000000001", "location": "eastus2"}
    request = DeploymentRequest.model_validate({"bundle": {"id": "bundle-1"}, "target": target})

    review = review_bundle(
        FolderBundle(SAMPLES / sample, BundleLimits()),
        request=request,
        deployment_id="sample-1",
        cloud_name="AzureCloud",
        default_location=None,
    )

    assert review.problems == ()
    assert review.plan is not None
    assert {template.name: template.tier for template in review.plan.templates} == tiers


def test_the_upgrade_is_a_new_version_of_the_web_stack() -> None:
    old, new = (json.loads((SAMPLES / name / "manifest.json").read_text()) for name in ("web-stack", "upgrade"))
    lineage = ("project", "environment", "location")

    assert [old[field] for field in lineage] == [new[field] for field in lineage]
    assert {template["scope"]["resourceGroup"] for template in (*old["templates"], *new["templates"])} == {
        "rg-web-stack-demo"
    }
    assert {template["name"] for template in old["templates"]} & {t["name"] for t in new["templates"]} == {"plan"}
