"""what-if, validate and preview: asked as deployments of their mode, told as chosen, with an exit code."""

from pathlib import Path
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import MANIFEST, TEMPLATE, on, write_bundle
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import ENDED, SUBSCRIPTION, a_state

COUNTS = {"at": ENDED, "creates": 1, "modifies": 0, "deletions": 0, "replacements": 0}


def a_told_state(mode: str = "WhatIf", status: str = "completed", **changes: Any) -> dict[str, Any]:
    ended = {"status": status, "phase": "finished", "finishedAt": ENDED, "message": "What-if: 1 to create."}
    return a_state(**{**ended, "options": {"mode": mode}, "preview": COUNTS, "templates": [], **changes})


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "shop", MANIFEST, {"plan.json": TEMPLATE})


def asked(api: FakeApi, command: str, bundle: Path, *words: str) -> Any:
    return on(api, command, str(bundle), "--subscription", SUBSCRIPTION, *words)


@pytest.mark.parametrize(("command", "mode"), [("what-if", "WhatIf"), ("validate", "Validate")])
def test_the_command_is_a_deployment_of_its_mode_and_prints_what_is_told(
    api: FakeApi, bundle: Path, command: str, mode: str
) -> None:
    api.states, api.preview = [a_told_state(mode)], "What-if: 1 to create.\n\n  + a/b \x1b[31mc\n"

    result = asked(api, command, bundle, "--max-concurrency", "3", "--tag", "a=b")

    assert result.exit_code == ExitCode.COMPLETED, result.output
    assert api.of("POST", "/deployments")[0].json["options"] == {"mode": mode, "maxConcurrency": 3, "tags": {"a": "b"}}
    assert result.stdout.endswith("What-if: 1 to create.\n\n  + a/b  [31mc\n")
    assert "completed in" not in result.stdout


@pytest.mark.parametrize("words", [["--mode", "WhatIf"], ["--dry-run"], ["--mode", "Validate"]])
def test_deploy_in_such_a_mode_tells_the_same(api: FakeApi, bundle: Path, words: list[str]) -> None:
    api.states, api.preview = [a_told_state()], "told\n"

    assert asked(api, "deploy", bundle, *words).stdout.endswith("told\n")


@pytest.mark.parametrize(
    ("counts", "words", "code"),
    [
        ({}, [], ExitCode.COMPLETED),
        ({}, ["--detailed-exit-code"], ExitCode.CHANGES),
        ({"creates": 0}, ["--detailed-exit-code"], ExitCode.COMPLETED),
        ({"creates": 0, "unsupported": 3}, ["--detailed-exit-code"], ExitCode.COMPLETED),
        ({"creates": 0, "deletions": 1}, ["--detailed-exit-code"], ExitCode.CHANGES),
    ],
)
def test_only_when_asked_to_the_exit_code_tells_of_changes(
    api: FakeApi, bundle: Path, counts: dict[str, int], words: list[str], code: ExitCode
) -> None:
    api.states, api.preview = [a_told_state(preview={**COUNTS, **counts})], "told"

    assert asked(api, "what-if", bundle, *words).exit_code == code


def test_what_azure_refuses_fails_and_is_told_once(api: FakeApi, bundle: Path) -> None:
    refused = a_told_state("Validate", "failed", preview={**COUNTS, "refused": ["plan"]})
    api.states, api.preview = [refused], "plan  refused\n"

    result = asked(api, "validate", bundle)

    assert result.exit_code == ExitCode.FAILED
    assert result.stdout == "plan  refused\n"
    assert "mend what is refused" in result.stderr


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_one_that_ended_before_anything_was_told_says_why(api: FakeApi, bundle: Path, status: str) -> None:
    api.states = [a_told_state(status=status, preview=None, message="The bundle is gone.")]

    result = asked(api, "what-if", bundle)

    assert f"shop-1 {status}" in result.stdout
    assert "The bundle is gone." in result.stdout


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_json_and_markdown_stand_alone_on_standard_output(api: FakeApi, bundle: Path, form: str) -> None:
    api.states, api.preview = [a_state(options={"mode": "WhatIf"}), a_told_state()], "## told\n"

    result = asked(api, "what-if", bundle, "--format", form, "--show-noise")

    assert result.stdout.strip() == "## told"
    assert api.of("GET", "/deployments/shop-1/preview")[0].query == {"format": form, "noise": "true"}


def test_a_preview_is_shown_again_later(api: FakeApi) -> None:
    api.preview = "told\n"

    result = on(api, "preview", "shop-1", "--format", "markdown")

    assert (result.exit_code, result.stdout) == (ExitCode.COMPLETED, "told\n")
    assert api.of("GET", "/deployments/shop-1/preview")[0].query == {"format": "markdown", "noise": "false"}


def test_without_a_preview_the_command_says_so(api: FakeApi) -> None:
    result = on(api, "preview", "shop-1")

    assert result.exit_code == ExitCode.API
    assert "There is none." in result.stderr
