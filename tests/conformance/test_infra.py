"""The compiled templates in infra/ are what the Bicep compiler makes of their sources, without a warning."""

import json
import os
import subprocess
from pathlib import Path

import pytest

INFRA = Path(__file__).resolve().parents[2] / "infra"
SOURCES = sorted(INFRA.rglob("*.bicep"))
COMPILED = {
    INFRA / "artifact-storage.bicep": INFRA / "artifact-storage.json",
    INFRA / "main.bicep": INFRA / "azuredeploy.json",
    INFRA / "target-access.bicep": INFRA / "target-access.json",
}


def shown(source: Path) -> str:
    return source.relative_to(INFRA).as_posix()


@pytest.fixture(scope="module")
def compiler(shared: Path) -> Path:
    path = shared / "tools" / "bicep"
    assert path.is_file(), f"the reference material has no Bicep compiler at {path}"
    return path


def run(compiler: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    return subprocess.run(
        [str(compiler), *arguments], capture_output=True, text=True, env=environment, timeout=90, check=False
    )


def test_every_source_that_is_no_module_has_its_compiled_template() -> None:
    assert set(COMPILED) == set(INFRA.glob("*.bicep"))


@pytest.mark.parametrize("source", COMPILED, ids=shown)
def test_the_compiled_template_agrees_with_its_source(source: Path, compiler: Path) -> None:
    built = run(compiler, "build", str(source), "--stdout")

    assert (built.returncode, built.stderr) == (0, "")
    compiled, target = json.loads(built.stdout), COMPILED[source]
    committed = json.loads(target.read_text())
    assert committed == compiled, f"run: bicep build infra/{shown(source)} --outfile infra/{target.name}"


@pytest.mark.parametrize("source", SOURCES, ids=shown)
def test_the_source_is_linted_and_formatted(source: Path, compiler: Path) -> None:
    linted = run(compiler, "lint", str(source))
    formatted = run(compiler, "format", str(source), "--stdout")

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")
    assert formatted.stdout == source.read_text()


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("param unused string", "no-unused-params"),
        ("output address string = 'https://management.azure.com'", "no-hardcoded-env-urls"),
    ],
)
def test_the_linter_s_rules_are_errors(compiler: Path, tmp_path: Path, fault: str, rule: str) -> None:
    (tmp_path / "bicepconfig.json").write_text((INFRA / "bicepconfig.json").read_text())
    source = tmp_path / "faulty.bicep"
    source.write_text(f"{fault}\n")

    linted = run(compiler, "lint", str(source))

    assert linted.returncode == 1
    assert f"Error {rule}" in linted.stdout + linted.stderr
