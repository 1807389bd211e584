"""The compiled templates in infra/ are what the Bicep compiler makes of their sources."""

import json
import os
import subprocess
from pathlib import Path

import pytest

INFRA = Path(__file__).resolve().parents[2] / "infra"
SOURCES = sorted(INFRA.glob("*.bicep"))


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


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_compiled_template_agrees_with_its_source(source: Path, compiler: Path) -> None:
    built = run(compiler, "build", str(source), "--stdout")

    assert built.returncode == 0, built.stderr
    compiled = json.loads(built.stdout)
    committed = json.loads(source.with_suffix(".json").read_text())
    assert committed == compiled, f"run: bicep build {source.relative_to(INFRA.parent)}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_source_is_linted_and_formatted(source: Path, compiler: Path) -> None:
    linted = run(compiler, "lint", str(source))
    formatted = run(compiler, "format", str(source), "--stdout")

    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")
    assert formatted.stdout == source.read_text()
