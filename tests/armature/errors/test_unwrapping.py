"""Every shape in which Azure hides what failed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import (
    MAX_CAUSES,
    MAX_MESSAGE,
    Cause,
    DenyingPolicy,
    Failure,
    Violation,
    failure_from_error,
    leaf_causes,
)


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
    ("a wrapper's code inside of one that says more", error("ScopeLocked", "no", error("BadRequest", "locked")),
     ["ScopeLocked"]),
    ("a document behind words", error("DeploymentFailed", f"It failed: {json.dumps({'error': QUOTA})} See above."),
     ["QuotaExceeded"]),
    ("JSON that is no error, behind words", error("RequestDisallowedByPolicy", "No: '[{\"policyAssignment\": {}}]'"),
     ["RequestDisallowedByPolicy"]),
    ("JSON in a JSON string", json.dumps(json.dumps({"error": QUOTA})), ["QuotaExceeded"]),
    ("a list of errors", {"errors": [QUOTA, CONFLICT]}, ["QuotaExceeded", "AnotherOperationInProgress"]),
    ("a message in a language", {"odata.error": {"code": "X", "message": {"lang": "en", "value": "no"}}}, ["X"]),
    ("Entra's refusal", {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."},
     ["AADSTS7000215"]),
    ("Entra's refusal without a number", {"error": "invalid_request", "error_description": "No."}, ["invalid_request"]),
    ("storage's XML", "\ufeff<?xml version='1.0'?><Error><Code>BlobNotFound</Code><Message>No</Message></Error>",
     ["BlobNotFound"]),
    ("a page that names a code", "<html><head><title>409</title></head><body><h2>SkuNotAvailable</h2></body></html>",
     ["SkuNotAvailable"]),
    ("a page that names a status", "<!DOCTYPE html>\r\n<html><h1>503 Service Unavailable</h1></html>",
     ["ServiceUnavailable"]),
    ("a page that names nothing", "<html><body>Sorry.</body></html>", ["Unknown"]),
    ("a page in a message", error("Conflict", "<html><body><h1>502</h1></body></html>"), ["BadGateway"]),
    ("operations of a deployment", {"value": [
        {"properties": {"provisioningState": "Failed", "statusMessage": {"status": "Failed", "error": QUOTA}}},
        {"properties": {"provisioningState": "Succeeded"}},
        {"properties": {"provisioningState": "Failed", "statusMessage": "It is out of order."}},
    ]}, ["QuotaExceeded", "Unknown"]),
    ("a deployment", {"id": "/x", "properties": {"error": error("DeploymentFailed", "see", QUOTA)}},
     ["QuotaExceeded"]),
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


def test_an_operations_leaf_is_about_the_resource_of_the_operation() -> None:
    operation = {"statusMessage": {"error": QUOTA}, "targetResource": {"id": "/subscriptions/1/x"}}

    [cause] = leaf_causes([{"properties": operation}])

    assert cause == Cause(code="QuotaExceeded", message="said", target="/subscriptions/1/x")


def test_a_leaf_is_about_the_resource_that_the_error_around_it_names() -> None:
    hidden = {**in_message({"error": error("QuotaExceeded", target="cores")}), "target": "/subscriptions/1/x"}
    named = error(
        "DeploymentFailed", "see", error("QuotaExceeded", target="/subscriptions/1/y"), target="/subscriptions/1/x"
    )

    assert [cause.target for cause in leaf_causes([hidden, named])] == ["/subscriptions/1/x", "/subscriptions/1/y"]


def test_the_place_that_arm_tells_is_kept_with_the_leaf() -> None:
    info = [{"type": "TemplateViolation", "info": {"lineNumber": 7, "linePosition": 3, "path": "resources[1].name"}}]

    [cause] = leaf_causes(error("DeploymentFailed", "see", error("InvalidTemplate", "no", additionalInfo=info)))

    assert cause.violation == Violation(line=7, column=3, path="resources[1].name")


def test_the_policy_that_refuses_is_kept_with_the_leaf() -> None:
    info = {
        "policyAssignmentDisplayName": "Places",
        "policyDefinitionDisplayName": "Allowed",
        "policyAssignmentId": "/a/b",
    }

    [cause] = leaf_causes(
        error("RequestDisallowedByPolicy", additionalInfo=[{"type": "PolicyViolation", "info": info}])
    )

    assert cause.policy == DenyingPolicy(assignment="Places", definition="Allowed", assignment_id="/a/b")


def test_a_page_is_told_by_its_words_without_its_tags() -> None:
    [cause] = leaf_causes(
        "<html><head><style>b{}</style></head><body><h1>502</h1><p>Bad &amp; <b>late</b></p></body></html>"
    )

    assert cause == Cause(code="BadGateway", message="502 Bad & late")


LEAVES = ("QuotaExceeded", "AnotherOperationInProgress", "AuthorizationFailed", "SkuNotAvailable", "Unheard")


def _in_details(inner: list[Any]) -> dict[str, Any]:
    return {"code": "DeploymentFailed", "message": "See details.", "details": inner}


def _in_message(inner: list[Any]) -> dict[str, Any]:
    return {"code": "Conflict", "message": json.dumps({"status": "Failed", "error": inner}, indent=2)}


def _in_capitals(inner: list[Any]) -> dict[str, Any]:
    return {"Code": "BadRequest", "Message": "See.", "Target": None, "Details": inner, "Innererror": None}


def _in_operations(inner: list[Any]) -> dict[str, Any]:
    return {"value": [{"properties": {"provisioningState": "Failed", "statusMessage": one}} for one in inner]}


def _in_status_text(inner: list[Any]) -> str:
    return json.dumps({"status": "Failed", "error": inner})


def _behind_words(inner: list[Any]) -> dict[str, Any]:
    return {"code": "ResourceDeploymentFailure", "message": f"It failed: {json.dumps(_in_details(inner))}"}


ENVELOPES = (_in_details, _in_message, _in_capitals, _in_operations, _in_status_text, _behind_words, list)

nestings = st.recursive(
    st.sampled_from(LEAVES).map(lambda code: ([code], {"code": code, "message": f"{code} it is."})),
    lambda inner: st.tuples(st.sampled_from(ENVELOPES), st.lists(inner, min_size=1, max_size=3)).map(
        lambda made: ([code for codes, _ in made[1] for code in codes], made[0]([document for _, document in made[1]]))
    ),
    max_leaves=6,
)


@given(nestings)
def test_whatever_is_nested_in_whatever_exactly_the_leaves_are_found(nesting: tuple[list[str], Any]) -> None:
    codes, document = nesting

    found = list(leaf_causes(document))

    assert [cause.code for cause in found] == codes
    assert [cause.message for cause in found] == [f"{code} it is." for code in codes]


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    for shape in (
        text,
        {"message": text},
        f"<html>{text}",
        f"<Error><Code>{text}</Code>",
        "{" * 5000 + text,
        f"x {{{text}",
    ):
        assert all(cause.code for cause in leaf_causes(shape))
