from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.cli.asking import NOT_STORED_YET, Wanted, body_of, has_target, new_deployment_id, request_from
from armature.cli.exits import CommandError, ExitCode
from armature.request import DeploymentRequest
from tests.armature.cli.states import SUBSCRIPTION

OTHER = "00000000-0000-0000-0000-000000000009"


@pytest.fixture(autouse=True)
def no_subscription_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARMATURE_SUBSCRIPTION", raising=False)
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID", raising=False)


def body(**wanted: Any) -> dict[str, Any]:
    return body_of(request_from(Wanted(**wanted), NOT_STORED_YET))


def test_only_what_was_asked_for_is_sent_so_that_the_app_s_defaults_hold() -> None:
    assert body(subscription=SUBSCRIPTION) == {"bundle": NOT_STORED_YET, "target": {"subscription": SUBSCRIPTION}}


def test_options_are_sent_as_they_were_given() -> None:
    sent = body(subscription=SUBSCRIPTION, options={"parallel": False, "retryPolicy": {"maxAttempts": 2}})

    assert sent["options"] == {"parallel": False, "retryPolicy": {"maxAttempts": 2}}


def test_a_compact_target_names_the_subscription_and_the_group() -> None:
    assert body(target=f"{SUBSCRIPTION}/rg-shop")["target"] == {
        "subscription": SUBSCRIPTION,
        "resourceGroup": "rg-shop",
    }


@pytest.mark.parametrize("variable", ["ARMATURE_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID"])
def test_the_subscription_may_come_from_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, SUBSCRIPTION)

    assert has_target(Wanted())
    assert body()["target"]["subscription"] == SUBSCRIPTION


def test_the_command_line_is_stronger_than_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARMATURE_SUBSCRIPTION", OTHER)

    assert body(target=SUBSCRIPTION)["target"]["subscription"] == SUBSCRIPTION


def test_stacks_get_their_groups() -> None:
    sent = body(subscription=SUBSCRIPTION, stack_resource_groups=["Data=rg-data", "Web=rg-web"])

    assert sent["target"]["resourceGroups"] == {"Data": "rg-data", "Web": "rg-web"}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "no subscription"),
        ({"subscription": "prod"}, "target.subscription"),
        ({"subscription": SUBSCRIPTION, "target": OTHER}, "different subscriptions"),
        ({"target": f"{SUBSCRIPTION}/a", "resource_group": "b"}, "different groups"),
        ({"subscription": SUBSCRIPTION, "stack_resource_groups": ["Data"]}, "STACK=GROUP"),
        ({"subscription": SUBSCRIPTION, "options": {"maxConcurrency": 0}}, "options.maxConcurrency"),
        ({"subscription": SUBSCRIPTION, "deployment_id": "No Spaces"}, "deploymentId"),
    ],
)
def test_what_can_t_be_meant_is_a_usage_error_that_names_it(wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        body(**wanted)

    assert refused.value.exit_code is ExitCode.USAGE


@given(st.text(max_size=60))
def test_a_made_up_id_is_always_one_that_the_api_takes(name: str) -> None:
    made_up = new_deployment_id(name, datetime(2026, 11, 24, 9, 15, tzinfo=UTC))

    request = {"bundle": {"id": "bundle-1"}, "target": {"subscription": SUBSCRIPTION}, "deploymentId": made_up}
    assert DeploymentRequest.model_validate(request).deployment_id == made_up
