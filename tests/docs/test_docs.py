"""The pages say what is so: their links, commands, settings, exit codes, calls and examples are tried."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from armature.cli.asking import SUBSCRIPTION_VARIABLES
from armature.cli.client import TOKEN_VARIABLE
from armature.cli.commands import app
from armature.cli.exits import ExitCode
from armature.request import DeploymentRequest
from armature.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*/README.md")]
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#]+)[^)]*\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"\b(?:ARMATURE|AZURE)_[A-Z_]+\b")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def _words(name: str, command: Any) -> list[list[str]]:
    """How a command is called, or every command of a group."""
    return [[name, inner] for inner in command.commands] if hasattr(command, "commands") else [[name]]


ALL_COMMANDS: Any = get_command(app)
COMMANDS = [words for name, command in ALL_COMMANDS.commands.items() for words in _words(name, command)]
OTHER_PROGRAMS_OPTIONS = {"--name", "--settings", "--query", "--role", "--assignee", "--scope"}
OTHER_PROGRAMS_SETTINGS = {"AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"}  # azure-identity's own
AZURE_CLI_COMMAND = re.compile(r"\baz [a-z][a-z -]+ [^.\n]*")


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1", "TERMINAL_WIDTH": "200"})


@cache
def help_of(*command: str) -> str:
    return str(run(*command, "--help").output)


def shell_lines(page: Path) -> Iterator[str]:
    text = page.read_text()
    fenced = [block for language, block in BLOCK.findall(text) if language in ("", "sh")]
    indented = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    for line in [*"\n".join(fenced).replace("\\\n", "").splitlines(), *indented]:
        yield line.strip()


def armature_lines() -> list[tuple[str, str]]:
    return sorted(
        {
            (page_name(page), line.removeprefix(".venv/bin/"))
            for page in PAGES
            for line in shell_lines(page)
            if line.removeprefix(".venv/bin/").startswith("armature ")
        }
    )


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    of_the_app = {str(field.validation_alias) for field in Settings.model_fields.values()}
    known = of_the_app | set(SUBSCRIPTION_VARIABLES) | set(SETTING.findall(help_of("deploy"))) | OTHER_PROGRAMS_SETTINGS
    known |= {TOKEN_VARIABLE}

    assert set(SETTING.findall(page.read_text())) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_option_that_is_named_exists(page: Path) -> None:
    known = {option for command in COMMANDS for option in OPTION.findall(help_of(*command))} | OTHER_PROGRAMS_OPTIONS
    known |= set(OPTION.findall((ROOT / "infra/bundle.py").read_text()))
    text = AZURE_CLI_COMMAND.sub("", page.read_text())

    assert set(OPTION.findall(text)) - known == set()


@pytest.mark.parametrize(("page", "line"), armature_lines(), ids=lambda text: text)
def test_every_command_line_of_a_page_is_one(page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(line)[1:]
    is_offline = words[0] == "version" or words[:2] == ["bundle", "validate"] or words == ["--help"]

    if is_offline:
        assert run(*words).exit_code == ExitCode.COMPLETED
        return
    command = next(command for command in COMMANDS if words[: len(command)] == command)
    text = help_of(*command)
    assert [word for word in words if word.startswith("--") and word not in text] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"^make ([a-z]+)$|`make ([a-z]+)`", page.read_text())}

    assert {name for pair in named for name in pair if name} <= targets


def test_the_exit_codes_are_those_of_the_command() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "docs/cli.md").read_text(), re.MULTILINE)

    assert [(int(code), meaning) for code, meaning in rows] == [(code.value, code.meaning) for code in ExitCode]


def test_the_calls_are_those_that_are_served() -> None:
    told = set(re.findall(r"^\| `([A-Z]+) /(\S+)` \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE))
    route = re.compile(r'route\(route="([^"]+)", methods=\["([A-Z]+)"\]')
    served = {
        (method, path.replace("{deploymentId}", "{id}"))
        for trigger in (ROOT / "triggers").glob("*.py")
        for path, method in route.findall(trigger.read_text())
    }

    assert told == served


def test_the_example_of_a_manifest_follows_the_schema() -> None:
    examples = [
        block for language, block in BLOCK.findall((ROOT / "docs/manifest.md").read_text()) if language == "json"
    ]
    schema = json.loads((ROOT / "docs/manifest.schema.json").read_text())

    for example in examples:
        jsonschema.validate(json.loads(example), schema)
    assert examples


def test_the_example_of_a_request_is_a_request() -> None:
    examples = [block for language, block in BLOCK.findall((ROOT / "docs/api.md").read_text()) if language == "json"]

    for example in examples:
        DeploymentRequest.model_validate_json(example)
    assert examples


def test_every_decision_is_listed() -> None:
    listed = LINK.findall((ROOT / "docs/architecture.md").read_text())

    assert {page.name for page in (ROOT / "docs/adr").glob("*.md")} == {
        Path(target).name for target in listed if target.startswith("adr/")
    }
