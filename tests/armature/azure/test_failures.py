from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.storage.blob import BlobServiceClient
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from armature.azure.arm import ArmGateway, access
from armature.azure.failures import failure_of, retry_after_seconds, storage_failures, without_queries
from armature.clouds import CLOUDS
from armature.errors import Failure, FailureClass, FailureError
from tests.armature.azure.canned import Answer, AnyToken, CannedAdapter

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
PATH = f"/subscriptions/{SUBSCRIPTION}"


@pytest.fixture
def failure_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], Failure]:
    """The failure that a gateway's caller sees when ARM answers like this."""

    def ask(answer: Answer) -> Failure:
        adapter = CannedAdapter({("GET", PATH): answer})
        monkeypatch.setattr(access, "shared_transport", adapter.transport)
        with pytest.raises(FailureError) as caught:
            ArmGateway(CLOUDS["AzureCloud"], AnyToken(), SUBSCRIPTION).check_access()
        return caught.value.failure

    return ask


NESTED = {
    "error": {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed.",
        "details": [
            {
                "code": "Conflict",
                "message": '{"status": "Failed", "error": {"code": "ResourceDeploymentFailure", "message": "m", '
                '"details": [{"code": "SkuNotAvailable", "message": "Standard_D2 is not available in eastus2."}]}}',
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("answer", "failure_class", "code", "words"),
    [
        (
            Answer(403, {"error": {"code": "AuthorizationFailed", "message": "The client 'x' has no right."}}),
            FailureClass.AUTHORIZATION,
            "AuthorizationFailed",
            "The client 'x' has no right.",
        ),
        (Answer(400, NESTED), FailureClass.QUOTA, "SkuNotAvailable", "not available in eastus2"),
        (
            Answer(409, {"Code": "AnotherOperationInProgress", "Message": "Wait."}),
            FailureClass.RESOURCE_CONFLICT,
            "AnotherOperationInProgress",
            "Wait.",
        ),
        (Answer(502, "<html><h1>Bad Gateway</h1></html>"), FailureClass.TRANSIENT, "BadGateway", "Bad Gateway"),
        (Answer(503), FailureClass.TRANSIENT, "ServiceUnavailable", "HTTP 503"),
        (Answer(500, {"message": "An error has occurred."}), FailureClass.TRANSIENT, "InternalServerError", "An error"),
        (Answer(429), FailureClass.THROTTLED, "TooManyRequests", "HTTP 429"),
        (Answer(500, b"{not json"), FailureClass.TRANSIENT, "InternalServerError", "{not json"),
        (
            Answer(200, "<html>Sign in to the hotel</html>"),
            FailureClass.TRANSIENT,
            "AnswerUnreadable",
            "read",
        ),
        (Answer(599), FailureClass.UNKNOWN, "Http599", "HTTP 599"),
        (
            Answer(401, {"error": {"code": "ExpiredAuthenticationToken", "message": "The token expired."}}),
            FailureClass.AUTHORIZATION,
            "ExpiredAuthenticationToken",
            "expired",
        ),
        (Answer(401), FailureClass.AUTHORIZATION, "Unauthorized", "HTTP 401"),
        (
            Answer(404, {"error": {"code": "SubscriptionNotFound", "message": "It could not be found."}}),
            FailureClass.AUTHORIZATION,
            "SubscriptionNotFound",
            "could not be found",
        ),
        (
            Answer(raises=requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104)))),
            FailureClass.TRANSIENT,
            "ConnectionReset",
            "Connection aborted",
        ),
        (
            Answer(raises=requests.exceptions.SSLError("[SSL] unexpected eof while reading")),
            FailureClass.TRANSIENT,
            "TlsInterrupted",
            "unexpected eof",
        ),
        (
            Answer(raises=requests.ReadTimeout("Read timed out.")),
            FailureClass.TRANSIENT,
            "ConnectionTimedOut",
            "timed out",
        ),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else None,
)
def test_whatever_arm_answers_becomes_one_classified_failure(
    failure_from: Callable[[Answer], Failure], answer: Answer, failure_class: FailureClass, code: str, words: str
) -> None:
    failure = failure_from(answer)

    assert (failure.failure_class, failure.code) == (failure_class, code)
    assert words in failure.message


def test_a_retry_after_and_the_correlation_id_are_kept(failure_from: Callable[[Answer], Failure]) -> None:
    headers = {"Retry-After": "17", "x-ms-correlation-request-id": "c-1", "x-ms-request-id": "r-1"}

    failure = failure_from(
        Answer(429, {"error": {"code": "SubscriptionRequestsThrottled", "message": "Slow."}}, headers)
    )

    assert failure.retry_after_seconds == 17
    assert failure.correlation_id == "c-1"
    assert failure.is_retried


def test_a_link_in_an_error_is_kept_without_its_sas(failure_from: Callable[[Answer], Failure]) -> None:
    message = "Unable to download 'https://a.blob.example/t/x.json?sv=2025&sig=SECRET%3D'. Id '7'."
    details = [{"code": "InvalidContentLink", "message": message}]

    failure = failure_from(Answer(400, {"error": {"code": "DeploymentFailed", "message": "m", "details": details}}))

    assert failure.failure_class is FailureClass.STORAGE_ACCESS
    assert failure.message == "Unable to download 'https://a.blob.example/t/x.json'. Id '7'."
    assert "SECRET" not in str(failure)


def test_a_connection_that_fails_does_not_name_the_query_of_its_url() -> None:
    adapter = CannedAdapter({("GET", "/c/b"): Answer(raises=requests.ConnectionError("url: /c/b?sv=1&sig=SECRET"))})
    client = BlobServiceClient("https://a.example", transport=adapter.transport(), retry_total=0)

    with pytest.raises(FailureError) as caught, storage_failures():
        client.get_blob_client("c", "b").download_blob()

    assert "SECRET" not in str(caught.value)
    assert "SECRET" not in repr(caught.value.failure)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "failure_class", "code"),
    [
        (CredentialUnavailableError("no identity"), FailureClass.AUTHORIZATION, "CredentialUnavailable"),
        (ClientAuthenticationError("no token"), FailureClass.AUTHORIZATION, "AuthenticationFailed"),
        (AzureError("something"), FailureClass.UNKNOWN, "AzureError"),
        (requests.ConnectTimeout("too late"), FailureClass.TRANSIENT, "ConnectionError"),
        (ValueError("ours"), FailureClass.UNKNOWN, "ValueError"),
    ],
)
def test_an_exception_without_an_answer_is_classified_by_its_kind(
    error: Exception, failure_class: FailureClass, code: str
) -> None:
    failure = failure_of(error)

    assert (failure.failure_class, failure.code) == (failure_class, code)
    assert failure.suggestion


@pytest.mark.parametrize(
    ("status", "code", "failure_class"),
    [
        (403, "AuthenticationFailed", FailureClass.STORAGE_ACCESS),
        (403, "AuthorizationPermissionMismatch", FailureClass.STORAGE_ACCESS),
        (409, "ContainerBeingDeleted", FailureClass.RESOURCE_CONFLICT),
        (503, "ServerBusy", FailureClass.THROTTLED),
        (500, "InternalError", FailureClass.TRANSIENT),
        (404, "ContainerNotFound", FailureClass.MISSING_DEPENDENCY),
        (400, "InvalidQueryParameterValue", FailureClass.UNKNOWN),
    ],
)
def test_storage_means_by_a_code_what_storage_means(status: int, code: str, failure_class: FailureClass) -> None:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Because.\nRequestId:1</Message></Error>"
    answer = Answer(status, body, {"x-ms-error-code": code, "Content-Type": "application/xml"})
    adapter = CannedAdapter({("PUT", "/c"): answer})
    client = BlobServiceClient("https://a.example", transport=adapter.transport(), retry_total=0)

    with pytest.raises(FailureError) as caught, storage_failures():
        client.get_container_client("c").create_container()

    assert (caught.value.failure.failure_class, caught.value.failure.code) == (failure_class, code)
    assert caught.value.failure.message.startswith("Because.")


def test_a_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)

    assert retry_after_seconds("2.5") == 2.5
    assert retry_after_seconds(later, now=now) == 90
    assert retry_after_seconds(format_datetime(now - timedelta(hours=1), usegmt=True), now=now) == 0
    assert retry_after_seconds("soon") is None
    assert retry_after_seconds("nan") is None
    assert retry_after_seconds(None) is None


@given(st.text())
def test_a_retry_after_never_fails_and_is_never_negative(value: str) -> None:
    seconds = retry_after_seconds(value)

    assert seconds is None or seconds >= 0


@given(st.text(alphabet="abcdef/:.", min_size=1), st.text(alphabet="ABC%+/=", min_size=1))
def test_no_signature_survives(address: str, signature: str) -> None:
    assert "?" not in without_queries(f"see https://{address}?se=1&sig={signature} and go on")
    assert without_queries(f"https://{address}?sig={signature}").endswith(address)


def test_a_credential_that_fails_reaches_the_caller_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoToken:
        def get_token(self, *_: str, **__: Any) -> Any:
            raise CredentialUnavailableError("no identity here")

    credential: TokenCredential = NoToken()
    monkeypatch.setattr(access, "shared_transport", CannedAdapter({}).transport)

    with pytest.raises(FailureError) as caught:
        ArmGateway(CLOUDS["AzureCloud"], credential, SUBSCRIPTION).check_access()

    assert caught.value.failure.code == "CredentialUnavailable"
