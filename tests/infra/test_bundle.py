"""The bundle of Armature itself: what its package holds, and that its manifest is in order."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from armature.bundle import BundleLimits
from armature.folder_bundle import FolderBundle
from armature.request import DeploymentRequest
from armature.validation import review_bundle
from infra import bundle

DEVELOPMENT = {"emulator", "tests", "bench", "samples", "docs", "node_modules", "dist"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    bundle.write_bundle(folder, "func-armature", "rg-armature", cloud="AzureUSGovernment", with_requirements=False)
    return folder


def names_in(folder: Path) -> list[str]:
    with zipfile.ZipFile(folder / "packages" / "armature.zip") as package:
        return package.namelist()


def test_the_package_is_the_app_and_nothing_of_its_development(made: Path) -> None:
    names = names_in(made)

    assert {"function_app.py", "host.json", "requirements.txt", "infra/artifact-storage.json"} <= set(names)
    assert {name.split("/")[0] for name in names} & DEVELOPMENT == set()
    assert [name for name in names if name.startswith(".") or name.endswith((".pyc", ".md", ".bicep"))] == []
    assert [name for name in names if name.startswith("infra/")] == ["infra/artifact-storage.json"]


def test_the_app_starts_from_its_package_alone(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made / "packages" / "armature.zip") as package:
        package.extractall(tmp_path)
    script = "import function_app, armature; print(armature.__file__); print(len(function_app.app.get_functions()))"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )

    file, functions = done.stdout.split()
    assert Path(file).is_relative_to(tmp_path.resolve())
    assert int(functions) > 20


def test_what_a_developer_keeps_to_himself_does_not_go_along(tmp_path: Path) -> None:
    (tmp_path / ".funcignore").write_text((bundle.ROOT / ".funcignore").read_text())
    for name in ("local.settings.json", ".venv/lib/a.py", "armature/__pycache__/a.pyc", ".git/config", "host.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")

    assert [name for name, _ in bundle.app_files(tmp_path)] == ["host.json"]


def test_libraries_lie_where_the_python_worker_looks_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(folder: Path) -> None:
        for name in ("library/code.py", "bin/script"):
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_text("x = 1\n")

    monkeypatch.setattr(bundle, "install_requirements", install)
    monkeypatch.setattr(sys, "argv", ["bundle.py", str(tmp_path), "--app-name", "func-a", "--resource-group", "rg-a"])

    bundle.main()

    libraries = [name for name in names_in(tmp_path) if name.startswith(".python_packages/")]
    assert libraries == [".python_packages/lib/site-packages/library/code.py"]
    assert "a bundle with a package of" in capsys.readouterr().out
    assert "cloud" not in json.loads((tmp_path / "manifest.json").read_text())


def test_requirements_that_can_not_be_fetched_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(folder: Path) -> None:
        raise subprocess.CalledProcessError(1, ["pip"])

    monkeypatch.setattr(bundle, "install_requirements", refuse)
    monkeypatch.setattr(sys, "argv", ["bundle.py", str(tmp_path), "--app-name", "func-a", "--resource-group", "rg-a"])

    with pytest.raises(SystemExit, match="could not be fetched: pip says above why"):
        bundle.main()


@pytest.mark.parametrize(("cloud", "codes"), [("AzureUSGovernment", []), ("AzureCloud", ["CloudMismatch"])])
def test_the_bundle_has_no_problem_that_can_be_found_beforehand_and_stays_in_its_cloud(
    made: Path, cloud: str, codes: list[str]
) -> None:
    target: dict[str, Any] = {"subscription": "00000000-0000-0000-0000-000000000001", "location": "usgovvirginia"}
    request = DeploymentRequest.model_validate({"bundle": {"id": "bundle-1"}, "target": target})

    review = review_bundle(
        FolderBundle(made, BundleLimits()),
        request=request,
        deployment_id="itself-1",
        cloud_name=cloud,
        default_location=None,
    )

    assert [problem.code for problem in review.problems] == codes


def test_the_same_files_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    bundle.write_bundle(tmp_path, "func-armature", "rg-armature", cloud="AzureUSGovernment", with_requirements=False)

    assert (tmp_path / "packages/armature.zip").read_bytes() == (made / "packages/armature.zip").read_bytes()
