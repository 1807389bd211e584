from typing import Any

import pydantic
import pytest

from armature.request import DeploymentRequest
from armature.shape import words_of
from tests.builders import SUBSCRIPTION

SOUND: dict[str, Any] = {"bundle": {"id": "bundle-1"}, "target": {"subscription": SUBSCRIPTION}}


def faults(**parts: Any) -> list[str]:
    with pytest.raises(pydantic.ValidationError) as caught:
        DeploymentRequest.model_validate({**SOUND, **parts})
    return [f"{'.'.join(map(str, fault['loc']))} {words_of(fault)}" for fault in caught.value.errors()]


def test_a_subscription_is_kept_in_lower_case() -> None:
    target = {"subscription": "0000000A-0000-0000-0000-00000000000B"}

    request = DeploymentRequest.model_validate({**SOUND, "target": target})

    assert request.target.subscription == "0000000a-0000-0000-0000-00000000000b"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"target": {"subscription": "mine"}}, "target.subscription must be a GUID such as"),
        ({"target": {"subscription": f"{SUBSCRIPTION}\n"}}, "target.subscription must be a GUID such as"),
        ({"target": {"subscription": SUBSCRIPTION, "location": "East US 2"}}, "target.location must be a region"),
        ({"target": {"subscription": SUBSCRIPTION, "resourceGroup": "a."}}, "target.resourceGroup must be the name of"),
        ({"target": {"subscription": 5}}, "target.subscription must be a string"),
        ({"target": []}, "target must be an object"),
        ({"bundle": {"uri": "https://a/b?sig=c"}}, "bundle.uri must be an https address without a query string"),
        ({"bundle": {}}, "bundle give exactly one of"),
        ({"deploymentId": "A"}, "deploymentId must be 3 to 48 lower-case letters"),
        ({"project": "Web"}, "project must be lower-case letters"),
        ({"options": {"maxConcurrency": 51}}, "options.maxConcurrency must be at most 50"),
        (
            {"options": {"mode": "complete"}},
            "options.mode must be 'Incremental', 'Complete', 'Validate' or 'WhatIf'",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_that_tell_what_is_right(parts: dict[str, Any], words: str) -> None:
    [fault] = faults(**parts)

    assert fault.startswith(words)
    assert "pattern" not in fault


@pytest.mark.parametrize(
    ("deployment_id", "is_allowed"),
    [
        ("abc", True),
        ("ab", False),
        ("a" * 48, True),
        ("a" * 49, False),
        ("a-" * 23 + "ab", True),
        ("a-" * 24 + "a", False),
        ("a--b", False),
        ("-ab", False),
        ("ab-", False),
        ("abc\n", False),
    ],
)
def test_an_id_is_as_long_as_what_is_named_after_it_allows(deployment_id: str, is_allowed: bool) -> None:
    asked = {**SOUND, "deploymentId": deployment_id}

    if is_allowed:
        assert DeploymentRequest.model_validate(asked).deployment_id == deployment_id
    else:
        with pytest.raises(pydantic.ValidationError, match="3 to 48"):
            DeploymentRequest.model_validate(asked)
