import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import (
    MAX_CAUSES,
    MAX_MESSAGE,
    Cause,
    Failure,
    FailureClass,
    class_of,
    failure,
    failure_from_causes,
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
    ("an HTML page", "<html><body>502</body></html>", ["Unknown"]),
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


CLASSES: list[tuple[str, str, int | None, FailureClass]] = [
    ("InternalServerError", "", None, FailureClass.TRANSIENT),
    ("ServiceUnavailable", "", None, FailureClass.TRANSIENT),
    ("ConnectionError", "", None, FailureClass.TRANSIENT),
    ("TooManyRequests", "", None, FailureClass.THROTTLED),
    ("SubscriptionRequestsThrottled", "", 429, FailureClass.THROTTLED),
    ("OperationNotAllowed", "The request is being throttled.", 409, FailureClass.THROTTLED),
    ("OperationNotAllowed", "Operation could not be completed: exceeding approved Total Regional Cores quota", 409,
     FailureClass.QUOTA),
    ("OperationNotAllowed", "Not enough cores left", 409, FailureClass.QUOTA),
    ("OperationNotAllowed", "The disk is attached.", 409, FailureClass.UNKNOWN),
    ("StorageAccountQuotaExceededForSubscription", "", 409, FailureClass.QUOTA),
    ("InvalidContentLink", "", 400, FailureClass.STORAGE_ACCESS),
    ("AuthorizationFailure", "", 403, FailureClass.STORAGE_ACCESS),
    ("AuthenticationFailed", "Signature not valid in the specified time frame: Start [...]", 403,
     FailureClass.STORAGE_ACCESS),
    ("AuthenticationFailed", "Signature fields not well formed.", 403, FailureClass.STORAGE_ACCESS),
    ("AuthenticationFailed", "The token is missing.", 401, FailureClass.AUTHORIZATION),
    ("DeploymentActive", "", 409, FailureClass.RESOURCE_CONFLICT),
    ("inusesubnetcannotbedeleted", "", 400, FailureClass.RESOURCE_CONFLICT),
    ("resourcenotfound", "", None, FailureClass.MISSING_DEPENDENCY),
    ("PrincipalNotFound", "", 400, FailureClass.MISSING_DEPENDENCY),
    ("MissingSubscriptionRegistration", "", 409, FailureClass.NOT_REGISTERED),
    ("QUOTAEXCEEDED", "", 409, FailureClass.QUOTA),
    ("SkuNotAvailable", "", 409, FailureClass.QUOTA),
    ("InvalidTemplate", "", 400, FailureClass.TEMPLATE),
    ("RequestDisallowedByPolicy", "", 403, FailureClass.POLICY),
    ("AuthorizationFailed", "", 403, FailureClass.AUTHORIZATION),
    ("ScopeLocked", "", 409, FailureClass.AUTHORIZATION),
    ("Unheard", "", 503, FailureClass.TRANSIENT),
    ("Unheard", "", 429, FailureClass.THROTTLED),
    ("Unheard", "", 404, FailureClass.MISSING_DEPENDENCY),
    ("Unheard", "", 412, FailureClass.RESOURCE_CONFLICT),
    ("Unheard", "", 403, FailureClass.AUTHORIZATION),
    ("Unheard", "", 418, FailureClass.UNKNOWN),
    ("Unheard", "", None, FailureClass.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "status", "kind"), CLASSES)
def test_a_leaf_has_the_class_of_its_code_its_words_or_its_status(
    code: str, message: str, status: int | None, kind: FailureClass
) -> None:
    assert class_of(Cause(code=code, message=message), status) is kind


def test_the_hardest_class_speaks_and_all_leaves_are_kept() -> None:
    leaves = [
        error("ServerBusy"),
        error("ResourceNotFound"),
        error("InvalidTemplate"),
        error("AuthorizationFailed", "no"),
    ]

    found = failure_from_error(error("DeploymentFailed", "see", *leaves), correlation_id="c-1", retry_after_seconds=7)

    assert (found.failure_class, found.code, found.message) == (FailureClass.AUTHORIZATION, "AuthorizationFailed", "no")
    assert [cause.code for cause in found.causes] == [
        "AuthorizationFailed",
        "ServerBusy",
        "ResourceNotFound",
        "InvalidTemplate",
    ]
    assert (found.correlation_id, found.retry_after_seconds) == ("c-1", 7)


@pytest.mark.parametrize(
    ("softer", "harder"),
    [
        ("ServerBusy", "TooManyRequests"),
        ("TooManyRequests", "InvalidContentLink"),
        ("InvalidContentLink", "DeploymentActive"),
        ("DeploymentActive", "ResourceNotFound"),
        ("ResourceNotFound", "MissingSubscriptionRegistration"),
        ("MissingSubscriptionRegistration", "Unheard"),
        ("Unheard", "QuotaExceeded"),
        ("QuotaExceeded", "InvalidTemplate"),
        ("InvalidTemplate", "RequestDisallowedByPolicy"),
        ("RequestDisallowedByPolicy", "AuthorizationFailed"),
    ],
)
def test_of_two_leaves_the_harder_decides_in_either_order(softer: str, harder: str) -> None:
    causes = [Cause(code=softer, message="m"), Cause(code=harder, message="m")]

    assert failure_from_causes(causes).code == failure_from_causes(causes[::-1]).code == harder


def test_only_what_can_pass_by_itself_is_retried() -> None:
    retried = {kind for kind in FailureClass if failure(kind, "X", "m").is_retried}

    assert retried == {
        FailureClass.TRANSIENT,
        FailureClass.THROTTLED,
        FailureClass.STORAGE_ACCESS,
        FailureClass.RESOURCE_CONFLICT,
    }


def test_doubles_are_dropped_and_the_rest_is_bounded() -> None:
    exact = failure_from_causes(Cause(code=f"X{number % MAX_CAUSES}", message="m") for number in range(50))
    more = failure_from_causes(Cause(code=f"X{number}", message="m") for number in range(MAX_CAUSES + 1))

    assert len(exact.causes) == len(more.causes) == MAX_CAUSES


def test_no_reason_at_all_is_an_unknown_failure() -> None:
    found = failure_from_error(None)

    assert (found.failure_class, found.code) == (FailureClass.UNKNOWN, "Unknown")


def test_the_status_classifies_an_answer_without_a_body() -> None:
    assert failure_from_error("", status=503).failure_class is FailureClass.TRANSIENT


def test_a_failure_never_repeats_the_signature_of_a_link() -> None:
    message = "Unable to download 'https://a.blob.core.windows.net/t/x.json?sv=1&sig=AbC%2Bd%3D'. Tracking id 7."

    found = failure_from_error(error("InvalidContentLink", message))

    assert "AbC" not in json.dumps(found.dump())
    assert "Tracking id 7." in found.message


def test_a_subscription_that_is_not_found_is_not_answered_with_a_role_that_nobody_named() -> None:
    failure = failure_from_error({"code": "SubscriptionNotFound", "message": "It could not be found."}, status=404)

    assert failure.failure_class is FailureClass.AUTHORIZATION
    assert "target.subscription" in failure.suggestion
