"""Each fault of the identity endpoint happens as the catalogue says."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from emulator.faults.folder import FaultFolder
from emulator.faults.model import read_faults
from tests.running import RunningAzurite
from tests.waiting import wait_until


class Identity:
    """The running endpoint and its faults."""

    def __init__(self, azurite: RunningAzurite) -> None:
        self.azurite = azurite
        self.faults = FaultFolder(azurite.foundation.state)

    def given(self, fault: str, **rest: Any) -> None:
        rule = {"id": fault, "service": "identity", "fault": fault, "attempts": [1], **rest}
        self.faults.load(read_faults({"rules": [rule]}))

    def ask(self, resource: str = "https://management.azure.com") -> requests.Response:
        settings = self.azurite.settings
        return requests.get(
            settings["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": resource},
            headers={"X-IDENTITY-HEADER": settings["IDENTITY_HEADER"]},
            timeout=30,
        )

    def claims(self, response: requests.Response) -> dict[str, Any]:
        return jwt.decode(response.json()["access_token"], options={"verify_signature": False})


@pytest.fixture
def identity(azurite: RunningAzurite) -> Iterator[Identity]:
    running = Identity(azurite)
    yield running
    running.faults.clear()


@pytest.mark.shows_fault("slow")
def test_identity_slow(identity: Identity) -> None:
    identity.given("slow", parameters={"delaySeconds": 0.3})

    began = time.monotonic()
    response = identity.ask()

    assert time.monotonic() - began >= 0.3
    assert response.status_code == 200


@pytest.mark.shows_fault("down")
def test_identity_down(identity: Identity) -> None:
    identity.given("down", parameters={"seconds": 0.5})

    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        session.get(
            identity.azurite.settings["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": "https://management.azure.com"},
            headers={"X-IDENTITY-HEADER": identity.azurite.settings["IDENTITY_HEADER"]},
            timeout=30,
        )
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        identity.ask()

    wait_until(lambda: _answers(identity), seconds=10)
    assert len(identity.faults.happened()) >= 1


def _answers(identity: Identity) -> bool:
    try:
        return identity.ask().status_code == 200
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize(("body", "text"), [("json", '"statusCode": 502'), ("html", "<html>"), ("empty", "")])
@pytest.mark.shows_fault("serverError")
def test_identity_server_error(identity: Identity, body: str, text: str) -> None:
    identity.given("serverError", parameters={"status": 502, "body": body})

    first, second = identity.ask(), identity.ask()

    assert (first.status_code, second.status_code) == (502, 200)
    assert text in first.text
    assert bool(text) == bool(first.text)


@pytest.mark.shows_fault("throttled")
def test_identity_throttled(identity: Identity) -> None:
    identity.given("throttled", parameters={"retryAfterSeconds": 7})

    response = identity.ask()

    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.shows_fault("expiredToken")
def test_identity_expired_token(identity: Identity) -> None:
    identity.given("expiredToken", parameters={"expiredSecondsAgo": 60})

    response = identity.ask()

    claims = identity.claims(response)
    assert claims["nbf"] < claims["exp"] < time.time() - 50
    assert int(response.json()["expires_on"]) > time.time() + 3000
    assert identity.claims(identity.ask())["exp"] > time.time()


def test_identity_expired_token_that_is_told(identity: Identity) -> None:
    identity.given("expiredToken", parameters={"isTold": True})

    response = identity.ask()

    assert int(response.json()["expires_on"]) == identity.claims(response)["exp"] < time.time()


@pytest.mark.shows_fault("wrongAudience")
def test_identity_wrong_audience(identity: Identity) -> None:
    identity.given("wrongAudience", match={"name": "https://management.*"})

    other, wrong = identity.ask("https://storage.azure.com"), identity.ask()

    assert identity.claims(other)["aud"] == "https://storage.azure.com"
    assert identity.claims(wrong)["aud"] == "https://graph.microsoft.com"
    assert wrong.json()["resource"] == "https://management.azure.com"


def test_a_request_without_the_header_meets_no_fault(identity: Identity) -> None:
    identity.given("serverError")

    stranger = requests.get(identity.azurite.settings["IDENTITY_ENDPOINT"], timeout=30)

    assert stranger.status_code == 401
    assert identity.ask().status_code == 503


def test_the_credential_of_the_sdk_reports_an_outage_of_the_endpoint(identity: Identity) -> None:
    identity.given("serverError", attempts="1-", parameters={"status": 500})

    with (
        identity.azurite.use_environment(),
        ManagedIdentityCredential(retry_total=0) as credential,
        pytest.raises(ClientAuthenticationError),
    ):
        credential.get_token("https://management.azure.com/.default")
