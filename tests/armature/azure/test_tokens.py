"""A token that a service refuses is asked for anew, once; an identity endpoint that fails is told as what it is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken, TokenCredential

from armature.azure import blobs, identity, tokens
from armature.azure.arm import ArmGateway, access
from armature.azure.documents import DocumentStore
from armature.azure.tokens import RenewableCredential, StorageCredential
from armature.clouds import CLOUDS, STORAGE_SCOPE, Cloud
from armature.errors import FailureClass, FailureError, Recovery
from armature.settings import Settings
from emulator.processes import free_port
from tests.armature.azure.canned import Answer, CannedAdapter
from tests.armature.azure.conftest import SUBSCRIPTION, Faults

S = f"/subscriptions/{SUBSCRIPTION}"
EXPIRED = {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry has passed."}}
CHALLENGE = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.example/t", error="invalid_token"'}
KNOWN = Answer(200, {})


class Numbered:
    """A credential that keeps its token, as azure-identity does; each that is made has a token of the next number."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.number = self.made
        self.asked: list[dict[str, Any]] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append({"scopes": scopes, **options})
        return AccessToken(f"token-{self.number}", 2**40)


@pytest.fixture
def numbered() -> RenewableCredential:
    Numbered.made = 0
    return RenewableCredential(Numbered)


class TestRefusedByArm:
    """What ARM's policy does with a 401."""

    @pytest.fixture
    def asked_of(
        self, monkeypatch: pytest.MonkeyPatch, numbered: RenewableCredential
    ) -> Callable[[list[Answer]], tuple[ArmGateway, CannedAdapter]]:
        def make(answers: list[Answer]) -> tuple[ArmGateway, CannedAdapter]:
            adapter = CannedAdapter({("GET", S): answers})
            monkeypatch.setattr(access, "shared_transport", adapter.transport)
            return ArmGateway(CLOUDS["AzureCloud"], numbered, SUBSCRIPTION), adapter

        return make

    @pytest.mark.parametrize("headers", [CHALLENGE, {}], ids=["with a challenge", "without"])
    def test_the_request_is_sent_once_more_with_a_new_token(
        self, asked_of: Callable[[list[Answer]], tuple[ArmGateway, CannedAdapter]], headers: dict[str, str]
    ) -> None:
        gateway, adapter = asked_of([Answer(401, EXPIRED, headers), KNOWN])

        gateway.check_access()

        shown = [request.headers["Authorization"] for request in adapter.requests]
        assert shown == ["Bearer token-1", "Bearer token-2"]

    def test_a_second_refusal_is_a_failure_that_is_outwaited(
        self, asked_of: Callable[[list[Answer]], tuple[ArmGateway, CannedAdapter]]
    ) -> None:
        gateway, adapter = asked_of([Answer(401, EXPIRED, CHALLENGE)] * 2)

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.code == "ExpiredAuthenticationToken"
        assert caught.value.failure.recovery is Recovery.OUTWAIT
        assert len(adapter.requests) == 2

    def test_the_claims_of_a_challenge_are_asked_for_and_nothing_is_forgotten(
        self,
        asked_of: Callable[[list[Answer]], tuple[ArmGateway, CannedAdapter]],
        numbered: RenewableCredential,
    ) -> None:
        claims = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhIjogMX0="'}
        gateway, _ = asked_of([Answer(401, EXPIRED, claims), KNOWN])

        gateway.check_access()

        assert isinstance(numbered.inner, Numbered)
        assert numbered.inner.asked[-1]["claims"] == '{"a": 1}'
        assert Numbered.made == 1


class TestRenewing:
    """Forgetting tokens, by several threads at once and for storage."""

    def test_of_refusals_at_the_same_time_only_the_first_renews(
        self, numbered: RenewableCredential, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = [100.0]
        monkeypatch.setattr(tokens.time, "monotonic", lambda: moment[0])

        numbered.renew()
        numbered.renew()
        assert numbered.get_token("s").token == "token-2"

        moment[0] += tokens.RENEWED_LATELY_SECONDS
        numbered.renew()
        assert numbered.get_token("s").token == "token-3"

    def test_a_challenge_of_storage_renews_and_does_not_choose_the_audience(
        self, numbered: RenewableCredential
    ) -> None:
        storage = StorageCredential(numbered)
        first = storage.get_token("https://storage.azure.com/.default")

        second = storage.get_token("https://management.azure.com/.default", tenant_id="t")

        assert (first.token, second.token) == ("token-1", "token-2")
        assert isinstance(numbered.inner, Numbered)
        assert [asked["scopes"] for asked in numbered.inner.asked] == [(STORAGE_SCOPE,)]
        assert "tenant_id" not in numbered.inner.asked[0]


def test_a_token_that_storage_refuses_is_replaced(
    numbered: RenewableCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge = (
        "Bearer authorization_uri=https://login.example/t/oauth2/authorize resource_id=https://elsewhere.example"
    )
    refused = Answer(401, None, {"WWW-Authenticate": challenge, "x-ms-error-code": "InvalidAuthenticationInfo"})
    written = Answer(201, None, {"ETag": '"1"', "Last-Modified": "Tue, 24 Nov 2026 07:00:00 GMT"})
    adapter = CannedAdapter({("PUT", "/documents/a"): [refused, written]})
    monkeypatch.setattr(blobs, "shared_transport", adapter.transport)

    DocumentStore("https://account.blob.example", "documents", numbered).put("a", b"1")

    shown = [request.headers["Authorization"] for request in adapter.requests]
    assert shown == ["Bearer token-1", "Bearer token-2"]


@pytest.fixture
def fresh(settings: Settings, cloud: Cloud) -> Iterator[TokenCredential]:
    """The app's credential as it is when the process begins."""
    identity._credential.cache_clear()
    yield identity.credential(settings, cloud)
    identity._credential.cache_clear()


@pytest.fixture
def gateway(arm_url: str, cloud: Cloud, fresh: TokenCredential) -> ArmGateway:
    return ArmGateway(cloud.model_copy(update={"resource_manager": arm_url}), fresh, SUBSCRIPTION)


def of_identity(fault: str, attempts: Any = (1,), **parameters: Any) -> dict[str, Any]:
    return {"service": "identity", "fault": fault, "attempts": attempts, "parameters": parameters}


class TestOnTheEmulator:
    """With a real identity endpoint, ARM and storage that misbehave."""

    @pytest.mark.parametrize("fault", ["expiredToken", "wrongAudience"])
    def test_a_bad_token_for_arm_is_replaced(self, gateway: ArmGateway, faults: Faults, fault: str) -> None:
        faults.given(of_identity(fault))

        gateway.check_access()
        gateway.check_access()

        assert faults.happened() == [fault]

    @pytest.mark.parametrize("fault", ["expiredToken", "wrongAudience"])
    def test_a_bad_token_for_storage_is_replaced(
        self, settings: Settings, fresh: TokenCredential, faults: Faults, fresh_name: Callable[[], str], fault: str
    ) -> None:
        faults.given(of_identity(fault))
        store = DocumentStore(settings.storage_blob_endpoint, fresh_name(), fresh)

        store.put("a", b"1")

        assert store.read("a").content == b"1"  # type: ignore[union-attr]
        assert faults.happened() == [fault]

    def test_a_token_that_arm_refuses_once_is_replaced(self, gateway: ArmGateway, faults: Faults) -> None:
        match = {"operation": "GetSubscription"}
        faults.given({"service": "arm", "fault": "tokenRefused", "match": match, "attempts": [1]})

        gateway.check_access()

        assert faults.happened() == ["tokenRefused"]

    def test_tokens_that_are_always_bad_are_a_failure(self, gateway: ArmGateway, faults: Faults) -> None:
        faults.given(of_identity("expiredToken", attempts="1-"))

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.recovery is Recovery.OUTWAIT
        assert faults.happened() == ["expiredToken"] * 2

    @pytest.mark.parametrize(
        "rule",
        [
            of_identity("serverError", (1, 2, 3), status=503, body="html"),
            of_identity("throttled", (1, 2), retryAfterSeconds=1),
            of_identity("slow", delaySeconds=0.2),
        ],
        ids=["server error", "throttled", "slow"],
    )
    def test_an_identity_endpoint_that_fails_for_a_moment_is_asked_again(
        self, gateway: ArmGateway, faults: Faults, rule: dict[str, Any]
    ) -> None:
        faults.given(rule)

        gateway.check_access()

        assert faults.happened() == [rule["fault"]] * len(rule["attempts"])

    def test_a_short_outage_of_the_identity_endpoint_is_overcome(self, gateway: ArmGateway, faults: Faults) -> None:
        faults.given(of_identity("down", seconds=0.3))

        gateway.check_access()

        assert faults.happened() == ["down"]

    def test_an_identity_endpoint_that_is_down_is_named(
        self, settings: Settings, cloud: Cloud, arm_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{free_port()}/msi/token")
        identity._credential.cache_clear()
        stranded = identity.credential(settings, cloud)

        with pytest.raises(FailureError) as caught:
            ArmGateway(cloud.model_copy(update={"resource_manager": arm_url}), stranded, SUBSCRIPTION).check_access()

        failure = caught.value.failure
        assert (failure.code, failure.failure_class) == ("IdentityEndpointUnreachable", FailureClass.TRANSIENT)
        assert failure.recovery is Recovery.OUTWAIT
        assert "identity endpoint" in failure.message.lower()
        identity._credential.cache_clear()

    def test_a_broken_identity_endpoint_is_a_transient_failure(self, gateway: ArmGateway, faults: Faults) -> None:
        faults.given(of_identity("serverError", attempts="1-", status=500))

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.code == "IdentityEndpointUnreachable"
        assert faults.happened() == ["serverError"] * 5

    def test_a_long_retry_after_of_the_identity_endpoint_is_left_to_the_caller(
        self, gateway: ArmGateway, faults: Faults
    ) -> None:
        faults.given(of_identity("throttled", attempts="1-", retryAfterSeconds=40))

        with pytest.raises(FailureError) as caught:
            gateway.check_access()

        assert caught.value.failure.failure_class is FailureClass.THROTTLED
        assert caught.value.failure.retry_after_seconds == 40
        assert faults.happened() == ["throttled"]
