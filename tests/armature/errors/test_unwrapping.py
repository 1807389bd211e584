"""Every shape in which Azure hides what failed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import MAX_CAUSES, MAX_MESSAGE, Cause, Failure, failure_from_error, leaf_causes


def error(code: str, message: str = "said", *details: Any, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **({"details": list(details)} if details else {}), **more}


def in_message(document: Any, code: str = "DeploymentFailed") -> dict[str, Any]:
    return error(code, json.dumps(document, indent=2).replace("\n", "\r\n"))


CONFLICT = error("AnotherOperationInProgress")
QUOTA = error("QuotaExceeded")

SHAPES: list[tuple[str, Any, list[str]]] = [
    ("nothing", None, []),
    ("an empty text", "  ", []),
    ("a plain text", "The gateway is down", ["Unknown"]),
    ("an HTML page", "<html><body>502</body></html>", ["BadGateway"]),
    ("a plain error", CONFLICT, ["AnotherOperationInProgress"]),
    ("an error in its envelope", {"error": CONFLICT}, ["AnotherOperationInProgress"]),
    ("a status message", {"status": "Failed", "error": CONFLICT}, ["AnotherOperationInProgress"]),
    ("an error that is a text", {"error": "out of order"}, ["Unknown"]),
    ("capital keys", {"Code": "QuotaExceeded", "Message": "no"}, ["QuotaExceeded"]),
    ("capital keys all the way", {"ERROR": {"CODE": "X", "DETAILS": [{"Code": "Y", "Message": "no"}]}}, ["Y"]),
    ("one level of details", error("DeploymentFailed", "see", CONFLICT), ["AnotherOperationInProgress"]),
    (
        "four levels of details",
        error("DeploymentFailed", "1", error("Conflict", "2", error("ResourceDeploymentFailure", "3", QUOTA))),
        ["QuotaExceeded"],
    ),
    (
        "several leaves at several depths",
        error("DeploymentFailed", "see", CONFLICT, error("BadRequest", "see", QUOTA, error("SkuNotAvailable"))),
        ["AnotherOperationInProgress", "QuotaExceeded", "SkuNotAvailable"],
    ),
    ("JSON in a message", in_message({"status": "Failed", "error": QUOTA}), ["QuotaExceeded"]),
    ("JSON in a message, in capitals", in_message({"Error": {"Code": "QuotaExceeded", "Message": "x"}}),
     ["QuotaExceeded"]),
    ("JSON in JSON in a message", in_message({"error": in_message({"error": QUOTA})}), ["QuotaExceeded"]),
    ("a list in a message", in_message([{"error": QUOTA}, {"error": CONFLICT}]),
     ["QuotaExceeded", "AnotherOperationInProgress"]),
    ("JSON in a text", json.dumps({"error": QUOTA}), ["QuotaExceeded"]),
    ("what only looks like JSON", error("X", "{not json}"), ["X"]),
    ("details and JSON in the message", {**in_message({"error": QUOTA}), "details": [CONFLICT]},
     ["AnotherOperationInProgress", "QuotaExceeded"]),
    ("an inner error with a code", error("BadRequest", "m", innererror=error("SkuNotAvailable")), ["SkuNotAvailable"]),
    ("an inner error that is a trace", error("X", "m", innererror={"trace": "at 1"}), ["X"]),
    ("an envelope with nothing inside", error("Conflict", "taken"), ["Conflict"]),
    ("empty details", {"code": "Conflict", "message": "taken", "details": []}, ["Conflict"]),
    ("null details", {"code": "Conflict", "message": "taken", "details": None}, ["Conflict"]),
    ("remarks beside an ordinary code", error("AuthorizationFailed", "no role", {"message": "ask"}),
     ["AuthorizationFailed"]),
    ("remarks inside an envelope", error("DeploymentFailed", "see", {"message": "ask"}), ["Unknown"]),
    ("a code without words", error("DeploymentFailed", "see", {"code": "QuotaExceeded"}), ["QuotaExceeded"]),
    ("a number", 42, []),
    ("a status alone", {"status": "Failed"}, ["Unknown"]),
]  # fmt: skip


@pytest.mark.parametrize(("document", "codes"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_the_leaves_of_every_shape_are_found(document: Any, codes: list[str]) -> None:
    assert [cause.code for cause in leaf_causes(document)] == codes


def test_remarks_are_kept_with_the_code_that_they_explain() -> None:
    [cause] = leaf_causes(error("AuthorizationFailed", "no role", {"message": "ask your admin"}))

    assert cause.message == "no role ask your admin"


def test_an_app_services_details_are_one_cause_told_once() -> None:
    told = "Cannot find serverfarm plan."
    document = error("NotFound", told, {"message": told}, {"code": "NotFound"}, {"errorEntity": {"code": "NotFound"}})

    assert list(leaf_causes(document)) == [Cause(code="NotFound", message=told)]


def test_a_leaf_keeps_what_it_names() -> None:
    [cause] = leaf_causes({"error": error("DeploymentFailed", "see", {**QUOTA, "target": "/subscriptions/1"})})

    assert cause == Cause(code="QuotaExceeded", message="said", target="/subscriptions/1")


def test_nesting_without_end_is_cut_and_not_followed() -> None:
    document: Any = QUOTA
    for _ in range(5000):
        document = {"code": "DeploymentFailed", "details": [document]}

    assert [cause.code for cause in leaf_causes(document)] == ["DeploymentFailed"]


def test_a_message_is_cut_to_its_limit() -> None:
    [exact] = leaf_causes(error("X", "m" * MAX_MESSAGE))
    [longer] = leaf_causes(error("X", "m" * (MAX_MESSAGE + 1)))

    assert len(exact.message) == len(longer.message) == MAX_MESSAGE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "Code", "message", "details", "innererror", "x"]), inner, max_size=4
        )
    ),
    max_leaves=25,
)


@given(json_values)
def test_any_answer_becomes_a_failure_that_says_something(document: Any) -> None:
    found = failure_from_error(document)

    assert found.message
    assert found.suggestion
    assert 1 <= len(found.causes) <= MAX_CAUSES
    assert Failure.load(found.dump()) == found
