import json
from typing import Any

import pytest

from armature.errors import (
    MAX_CAUSES,
    Cause,
    FailureClass,
    Recovery,
    class_of,
    failure,
    failure_from_causes,
    failure_from_error,
)


def error(code: str, message: str = "said", *details: Any, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **({"details": list(details)} if details else {}), **more}


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


NAMESPACE = "The subscription is not registered to use namespace 'Microsoft.Web'."
SERVED = "for location 'eastus' and API version '{}' for type 'sites'. The supported api-versions are '2022-09-01'."
NODE = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Web/sites/shop"

RECOVERIES: list[tuple[str, str, str | None, Recovery, str | None]] = [
    ("RoleAssignmentExists", "It exists.", None, Recovery.TREAT_AS_DONE, None),
    ("DeploymentQuotaExceeded", "Full.", f"{NODE}/providers/a.b/c/d", Recovery.PRUNE_HISTORY, NODE),
    ("DeploymentQuotaExceeded", "Full.", None, Recovery.PRUNE_HISTORY, None),
    ("MissingSubscriptionRegistration", NAMESPACE, None, Recovery.REGISTER_PROVIDER, "Microsoft.Web"),
    ("SubscriptionNotRegistered", "No.", NODE, Recovery.REGISTER_PROVIDER, "Microsoft.Web"),
    ("SubscriptionNotRegistered", "No.", "Microsoft.Web", Recovery.REGISTER_PROVIDER, "Microsoft.Web"),
    ("SubscriptionNotRegistered", "No.", None, Recovery.BACK_OFF, None),
    ("NoRegisteredProviderFound", SERVED.format("2022-09-01"), NODE, Recovery.REGISTER_PROVIDER, "Microsoft.Web"),
    ("NoRegisteredProviderFound", SERVED.format("2021-01-01"), NODE, Recovery.FAIL, None),
    ("NoRegisteredProviderFound", SERVED.format("2022-09-01") + " The supported locations are 'West US'.", NODE,
     Recovery.FAIL, None),
    ("NoRegisteredProviderFound", SERVED.format("2022-09-01") + " The supported locations are 'East US'.", NODE,
     Recovery.REGISTER_PROVIDER, "Microsoft.Web"),
    ("NoRegisteredProviderFound", "There is none.", NODE, Recovery.FAIL, None),
    ("FeatureNotRegistered", "No.", None, Recovery.FAIL, None),
    ("ResourceTypeNotRegistered", "No.", NODE, Recovery.FAIL, None),
    ("PrincipalNotFound", "Not yet.", None, Recovery.WAIT, None),
    ("ScopeLocked", "Locked.", None, Recovery.FAIL, None),
    ("ExpiredAuthenticationToken", "Too late.", None, Recovery.OUTWAIT, None),
    ("InvalidAuthenticationTokenAudience", "Wrong.", None, Recovery.OUTWAIT, None),
    ("TooManyRequests", "Slower.", None, Recovery.BACK_OFF, None),
    ("InvalidContentLink", "Unable to download.", None, Recovery.FRESH_SAS, None),
    ("VaultAlreadyExists", "In deleted state.", None, Recovery.FAIL, None),
    ("ConflictError", "It exists in deleted state.", None, Recovery.FAIL, None),
    ("OperationAborted", "Canceled.", None, Recovery.FAIL, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message", "target", "recovery", "subject"), RECOVERIES)
def test_what_is_done_about_a_code_and_what_that_needs_to_know(
    code: str, message: str, target: str | None, recovery: Recovery, subject: str | None
) -> None:
    found = failure_from_causes([Cause(code=code, message=message, target=target)])

    assert (found.recovery, found.subject) == (recovery, subject)


@pytest.mark.parametrize(
    ("softer", "harder"),
    [
        ("RoleAssignmentExists", "ServerBusy"),
        ("ConnectionRefused", "InternalServerError"),
        ("ExpiredAuthenticationToken", "QuotaExceeded"),
        ("DeploymentQuotaExceeded", "FeatureNotRegistered"),
        ("PrincipalNotFound", "ResourceNotFound"),
        ("DeploymentActive", "PrincipalNotFound"),
    ],
)
def test_what_fails_for_good_counts_before_what_can_be_recovered_from(softer: str, harder: str) -> None:
    causes = [Cause(code=softer, message="m"), Cause(code=harder, message="m")]

    assert failure_from_causes(causes).code == failure_from_causes(causes[::-1]).code == harder


def test_what_is_as_good_as_done_decides_when_there_is_nothing_else() -> None:
    exists = [Cause(code="RoleAssignmentExists", message=message) for message in ("one", "two")]

    assert failure_from_causes(exists).recovery is Recovery.TREAT_AS_DONE


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Another operation on this or dependent resource is in progress.", FailureClass.RESOURCE_CONFLICT),
        ("Too many requests.", FailureClass.THROTTLED),
        ("The operation timed out.", FailureClass.TRANSIENT),
        ("Operation results in exceeding approved standardDSv3Family Cores quota.", FailureClass.QUOTA),
        ("Resource 'a' was disallowed by policy.", FailureClass.POLICY),
        ("The client 'a' does not have authorization to perform action 'b'.", FailureClass.AUTHORIZATION),
        ("It did not work.", FailureClass.UNKNOWN),
    ],
)
def test_words_that_come_without_a_code_are_understood_where_they_mean_one_thing_only(
    message: str, kind: FailureClass
) -> None:
    found = failure_from_error(message)

    assert (found.code, found.failure_class) == ("Unknown", kind)


def test_what_the_app_finds_itself_is_done_about_as_the_table_says_of_the_code() -> None:
    ours = failure(FailureClass.TRANSIENT, "ConnectionRefused", "No.")
    unknown = failure(FailureClass.TRANSIENT, "ActivityLost", "No.")
    given = failure(FailureClass.RESOURCE_CONFLICT, "X", "No.", recovery=Recovery.FAIL, subject="s")

    assert (ours.recovery, bool(ours.link)) == (Recovery.OUTWAIT, True)
    assert (unknown.recovery, unknown.link) == (Recovery.BACK_OFF, None)
    assert (given.recovery, given.subject) == (Recovery.FAIL, "s")


@pytest.mark.parametrize("kind", FailureClass)
def test_a_failure_of_the_apps_own_always_says_what_to_do(kind: FailureClass) -> None:
    assert failure(kind, "Ours", "It went wrong.").suggestion
