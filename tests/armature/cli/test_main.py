import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from armature.cli import packaging
from armature.cli.client import ApiClient
from armature.cli.exits import ExitCode
from tests.armature.cli.commands import MANIFEST, TEMPLATE, armature, deploy, write_bundle
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import (
    SUBSCRIPTION,
    a_completed_state,
    a_failed_state,
    a_state,
    an_event,
)


def test_a_bundle_is_packed_sent_deployed_and_watched_to_its_end(api: FakeApi, bundle: Path) -> None:
    api.states = [a_state(), a_completed_state()]
    api.event_log = [an_event(1, "Started.", template="plan")]

    result = deploy(api, bundle, "--key", "the-key", "--max-concurrency", "3", "--sequential")

    assert result.exit_code == ExitCode.COMPLETED
    sent = api.of("POST", "/deployments")[0].json
    assert sent["bundle"] == {"id": "bundle-1"}
    assert sent["options"] == {"parallel": False, "maxConcurrency": 3}
    assert sent["deploymentId"].startswith("shop-")
    with zipfile.ZipFile(io.BytesIO(api.of("POST", "/bundles")[0].body)) as packed:
        assert packed.namelist() == ["manifest.json", "plan.json"]
    assert "09:15:00 plan: Started.\n" in result.stdout
    assert "shop-1 completed in 2 min 05 s: 2 templates deployed.\n" in result.stdout
    assert "the-key" not in result.output


def test_every_option_of_the_request_has_a_flag(api: FakeApi, bundle: Path) -> None:
    words = ["--mode", "Complete", "--dry-run", "--force", "--strategy", "root", "--delivery", "inline"]
    tags = ["--tag", "Cost Centre=42", "--tag", "Note=a=b", "--tag", "Empty="]

    deploy(api, bundle, *words, *tags, "--deployment-name-prefix", "release-7")

    assert api.of("POST", "/deployments")[0].json["options"] == {
        "mode": "Complete",
        "dryRun": True,
        "force": True,
        "strategy": "root",
        "delivery": "inline",
        "tags": {"Cost Centre": "42", "Note": "a=b", "Empty": ""},
        "deploymentNamePrefix": "release-7",
    }


@pytest.mark.parametrize("tag", ["Cost", "=42", ""])
def test_a_tag_without_a_name_and_a_value_is_a_usage_error(api: FakeApi, bundle: Path, tag: str) -> None:
    result = deploy(api, bundle, "--tag", tag)

    assert result.exit_code == ExitCode.USAGE
    assert "--tag" in result.stderr
    assert api.received == []


def test_a_tag_that_is_given_twice_is_a_usage_error(api: FakeApi, bundle: Path) -> None:
    result = deploy(api, bundle, "--tag", "Cost=1", "--tag", "Cost=2")

    assert result.exit_code == ExitCode.USAGE
    assert "'Cost' twice" in result.stderr


def test_a_zip_is_sent_as_it_is(api: FakeApi, bundle: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "shop.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for file in bundle.iterdir():
            archive.write(file, file.name)

    result = deploy(api, zipped)

    assert result.exit_code == ExitCode.COMPLETED
    assert api.of("POST", "/bundles")[0].body == zipped.read_bytes()


def test_a_bundle_that_is_in_storage_is_named_and_not_sent(api: FakeApi) -> None:
    result = deploy(api, "https://account.blob.core.windows.net/bundles/shop.zip")

    assert result.exit_code == ExitCode.COMPLETED
    assert api.of("POST", "/bundles") == []
    uri = "https://account.blob.core.windows.net/bundles/shop.zip"
    assert api.of("POST", "/deployments")[0].json["bundle"] == {"uri": uri}


def test_a_failed_deployment_ends_with_its_code(api: FakeApi, bundle: Path) -> None:
    api.states = [a_failed_state()]

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.FAILED
    assert "AccountNameInvalid" in result.stdout


def test_with_json_the_final_state_alone_is_on_standard_output(api: FakeApi, bundle: Path) -> None:
    api.states = [a_state(), a_completed_state()]
    api.event_log = [an_event(1, "Started.")]

    result = deploy(api, bundle, "--json")

    assert json.loads(result.stdout) == a_completed_state()


def test_without_waiting_the_id_is_printed_and_how_to_watch(api: FakeApi, bundle: Path) -> None:
    result = deploy(api, bundle, "--no-wait", "--deployment-id", "shop-7")

    assert result.exit_code == ExitCode.COMPLETED
    assert result.stdout == "shop-7 pending\n"
    assert "armature status shop-7 --watch" in result.stderr
    assert api.of("GET", "/deployments/shop-7") == []


def test_a_start_whose_answer_was_lost_is_repeated_under_the_same_id(api: FakeApi, bundle: Path) -> None:
    api.troubles = {"POST /deployments": [None, 503]}

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.COMPLETED
    bodies = [request.body for request in api.of("POST", "/deployments")]
    assert len(bodies) == 3
    assert len(set(bodies)) == 1


def test_a_bad_bundle_is_refused_with_every_problem_before_anything_is_sent(api: FakeApi, tmp_path: Path) -> None:
    broken = {**TEMPLATE, "outputs": {"x": {"type": "string", "value": "[concat('a',]"}}}
    templates = [*MANIFEST["templates"], {"name": "web", "path": "web.json", "scope": {"resourceGroup": "rg-shop"}}]  # type: ignore[misc]
    bundle = write_bundle(tmp_path / "bad", {**MANIFEST, "templates": templates}, {"plan.json": broken})

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.REFUSED
    assert "ExpressionSyntax" in result.stderr
    assert "FileMissing" in result.stderr
    assert "/outputs/x/value" in result.stderr
    assert api.received == []


def test_with_json_a_refused_bundle_is_a_document_of_problems(api: FakeApi, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bad", MANIFEST, {})

    result = deploy(api, bundle, "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == ExitCode.REFUSED
    assert document["valid"] is False
    assert [problem["code"] for problem in document["problems"]] == ["FileMissing"]


def test_a_refusal_by_the_app_itself_is_a_refusal(api: FakeApi, bundle: Path) -> None:
    problem = {"code": "CloudMismatch", "message": "Other cloud.", "nextStep": "Change it.", "severity": "error"}
    api.states = [a_failed_state(templates=[], failures=[], problems=[problem])]

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.REFUSED
    assert "CloudMismatch" in result.stdout


def test_without_a_subscription_nothing_is_sent(api: FakeApi, bundle: Path) -> None:
    result = armature("deploy", bundle, "--api", api.address)

    assert result.exit_code == ExitCode.USAGE
    assert "ARMATURE_SUBSCRIPTION" in result.stderr
    assert api.received == []


def test_no_bundle_at_all_is_a_usage_error(api: FakeApi, tmp_path: Path) -> None:
    result = deploy(api, tmp_path / "nowhere")

    assert result.exit_code == ExitCode.USAGE
    assert "There is no bundle" in result.stderr


def test_an_api_that_is_not_there_is_told_with_what_to_do(bundle: Path, unused_tcp_port: int) -> None:
    result = armature(
        "deploy", bundle, "--api", f"http://127.0.0.1:{unused_tcp_port}/api", "--subscription", SUBSCRIPTION
    )

    assert result.exit_code == ExitCode.API
    assert "make up" in result.stderr


def test_ctrl_c_before_the_start_says_that_nothing_was_started(
    api: FakeApi, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ApiClient, "store_bundle", interrupted)

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.INTERRUPTED
    assert "nothing was started" in result.stderr
    assert api.of("POST", "/deployments") == []


def test_status_shows_a_running_deployment_once(api: FakeApi) -> None:
    api.states = [a_state(message="Working.")]

    result = armature("status", "shop-1", "--api", api.address)

    assert result.exit_code == ExitCode.COMPLETED
    assert "shop-1 deploying: Working." in result.stdout


def test_status_watches_to_the_end_when_asked(api: FakeApi) -> None:
    api.states = [a_state(), a_failed_state()]

    result = armature("status", "shop-1", "--watch", "--api", api.address)

    assert result.exit_code == ExitCode.FAILED


def test_the_list_shows_what_matches(api: FakeApi) -> None:
    row = {"deploymentId": "shop-1", "status": "failed", "project": "shop", "createdAt": "2026-11-24T09:15:00Z"}
    api.listed = [[row]]

    result = armature("list", "--status", "failed", "--project", "shop", "--api", api.address)

    assert "shop-1      failed  shop" in result.stdout
    assert api.received[0].query == {"status": "failed", "project": "shop"}


def test_the_list_is_json_when_asked(api: FakeApi) -> None:
    api.listed = [[{"deploymentId": "shop-1", "status": "failed"}]]

    result = armature("list", "--json", "--api", api.address)

    assert json.loads(result.stdout)["value"][0]["deploymentId"] == "shop-1"


def test_a_good_bundle_is_valid_without_any_api(bundle: Path) -> None:
    result = armature("bundle", "validate", bundle)

    assert result.exit_code == ExitCode.COMPLETED
    assert "can be deployed" in result.stdout


def test_validate_tells_every_problem(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bad", MANIFEST, {})

    result = armature("bundle", "validate", bundle)

    assert result.exit_code == ExitCode.REFUSED
    assert "plan.json" in result.stdout


def test_the_app_s_cloud_is_compared_only_where_it_is_known(tmp_path: Path) -> None:
    manifest = {**MANIFEST, "cloud": "AzureUSGovernment"}
    bundle = write_bundle(tmp_path / "gov", manifest, {"plan.json": TEMPLATE})

    assert armature("bundle", "validate", bundle).exit_code == ExitCode.COMPLETED
    assert armature("bundle", "validate", bundle, "--cloud", "AzureCloud").exit_code == ExitCode.REFUSED


def test_help_tells_the_exit_codes() -> None:
    text = " ".join(armature("deploy", "--help").output.replace("│", "").split())

    for code in ExitCode:
        assert f"{code.value} {code.meaning}" in text


def test_a_large_bundle_goes_to_storage_by_the_address_that_the_api_gives(
    api: FakeApi, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaging, "SENT_WITH_THE_REQUEST_BELOW", 0)

    result = deploy(api, bundle)

    assert result.exit_code == ExitCode.API
    assert "no address to upload to" in result.stderr
    assert api.received[0].body == b""


def test_with_json_an_api_that_refuses_or_is_not_there_is_told_in_json_too(
    api: FakeApi, bundle: Path, unused_tcp_port: int
) -> None:
    api.troubles = {"GET /deployments/shop-1": [404]}
    api.refusal = {"title": "No such deployment", "status": 404, "detail": "There is no deployment shop-1."}

    refused = armature("status", "shop-1", "--api", api.address, "--json")
    unreachable = armature("list", "--api", f"http://127.0.0.1:{unused_tcp_port}/api", "--json")
    no_bundle = armature("bundle", "validate", bundle / "gone", "--json")

    error = json.loads(refused.stdout)["error"]
    assert (error["exitCode"], error["status"]) == (refused.exit_code, 404) == (ExitCode.API, 404)
    assert "There is no deployment shop-1" in error["message"]
    assert json.loads(unreachable.stdout)["error"]["exitCode"] == unreachable.exit_code == ExitCode.API
    assert json.loads(no_bundle.stdout)["error"]["exitCode"] == no_bundle.exit_code == ExitCode.USAGE


def test_a_deployment_that_is_not_there_is_told_once_with_the_command_that_lists_those_there_are(api: FakeApi) -> None:
    api.troubles = {"GET /deployments/shop-1": [404]}
    api.refusal = {
        "type": "https://armature.dev/problems/not-found",
        "title": "No such deployment",
        "detail": "There is no deployment shop-1.",
        "deploymentId": "shop-1",
    }

    result = armature("status", "shop-1", "--api", api.address)

    assert result.stderr == "There is no deployment shop-1.\nTry: armature list\n"


def test_an_id_that_is_none_asks_for_nothing_else(api: FakeApi) -> None:
    armature("status", "a/../../health?x", "--api", api.address)

    assert [request.path for request in api.received] == ["/deployments/a/../../health?x"]


def run(*words: str | Path, stdout: Any = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own, where streams are those of the system."""
    return subprocess.run(
        [sys.executable, "-m", "armature.cli", *map(str, words)],
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_our_characters_still_gets_the_words(tmp_path: Path, encoding: str) -> None:
    folder = write_bundle(tmp_path / "bad", {**MANIFEST, "location": "caf\u00e9 \u2192"}, {})

    problems = run("bundle", "validate", folder, PYTHONIOENCODING=encoding)
    help_text = run("deploy", "--help", PYTHONIOENCODING=encoding)

    assert problems.returncode == ExitCode.REFUSED, problems.stderr
    assert b"? Add the file, or correct the path." in problems.stdout
    assert help_text.returncode == 0, help_text.stderr


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["words", "json"])
def test_a_reader_that_has_gone_is_no_failure_of_the_deployment(tmp_path: Path, words: list[str]) -> None:
    folder = write_bundle(tmp_path / "bad", MANIFEST, {})
    reading, writing = os.pipe()
    os.close(reading)

    ended = run("bundle", "validate", folder, *words, stdout=writing)

    os.close(writing)
    assert (ended.returncode, ended.stderr) == (ExitCode.INTERRUPTED, b"")


@pytest.mark.parametrize("command", [["deploy"], ["bundle", "validate"]], ids=" ".join)
def test_a_bundle_of_no_name_is_not_this_folder(command: list[str], bundle: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(bundle)

    result = armature(*command, "")

    assert result.exit_code == ExitCode.USAGE
    assert "it is empty" in result.output


def test_a_bundle_elsewhere_is_not_validated_here() -> None:
    result = armature("bundle", "validate", "https://example.com/bundle.zip")

    assert result.exit_code == ExitCode.USAGE
    assert "on this machine" in result.output
