import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from armature.azure import identity
from armature.azure.failures import arm_failures
from armature.clouds import CLOUDS
from armature.errors import FailureClass, FailureError
from armature.settings import Settings

CLOUD = CLOUDS["AzureUSGovernment"]


def settings(client_id: str | None = None) -> Settings:
    return Settings.model_validate(
        {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://a.example/app", "AZURE_CLIENT_ID": client_id}
    )


class TokenOf:
    """A credential whose tokens hold the given text."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.token, 2**40)


def encoded(claims: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def test_where_the_platform_offers_an_identity_only_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    identity._credential.cache_clear()

    credential = identity.credential(settings(), CLOUD)

    assert isinstance(credential.inner, ManagedIdentityCredential)
    identity._credential.cache_clear()


def test_elsewhere_a_developers_own_sign_in_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    identity._credential.cache_clear()

    credential = identity.credential(settings(), CLOUD)

    assert isinstance(credential.inner, DefaultAzureCredential)
    identity._credential.cache_clear()


def test_the_same_settings_give_the_same_credential() -> None:
    first, second = identity.credential(settings("c-1"), CLOUD), identity.credential(settings("c-1"), CLOUD)

    assert first is second
    assert identity.credential(settings("c-2"), CLOUD) is not first


def test_the_object_id_is_read_from_a_token_for_the_clouds_own_arm() -> None:
    credential = TokenOf(f"h.{encoded({'oid': 'p-1', 'x': '?' * 7})}.s")

    assert identity.principal_id(credential, CLOUD) == "p-1"
    assert credential.scopes == ["https://management.usgovcloudapi.net/.default"]


@pytest.mark.parametrize(
    "token", ["SECRET", "h.SECRET.s", "h.ä.s", f"h.{encoded({})}.s", f"h.{encoded([1])}.s", f"h.{encoded(None)}.s"]
)
def test_a_token_that_names_nobody_is_a_failure_that_does_not_quote_it(token: str) -> None:
    with pytest.raises(FailureError) as caught:
        identity.principal_id(TokenOf(token), CLOUD)

    assert caught.value.failure.code == "PrincipalUnknown"
    assert "SECRET" not in repr(caught.value.failure)
    assert caught.value.__suppress_context__


class _Endpoint(BaseHTTPRequestHandler):
    status = 500

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(b'{"error": "busy", "message": "Not now."}')

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Endpoint]]:
    """An identity endpoint that answers one status only."""
    server = HTTPServer(("127.0.0.1", 0), _Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    identity._credential.cache_clear()
    yield _Endpoint
    identity._credential.cache_clear()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, FailureClass.THROTTLED),
        (500, FailureClass.TRANSIENT),
        (503, FailureClass.TRANSIENT),
        (400, FailureClass.AUTHORIZATION),
    ],
)
def test_a_busy_identity_endpoint_is_not_taken_for_a_missing_identity(
    endpoint: type[_Endpoint], status: int, expected: FailureClass
) -> None:
    endpoint.status = status

    with pytest.raises(FailureError) as caught, arm_failures():
        identity.credential(settings(), CLOUD).get_token(CLOUD.scope)

    assert caught.value.failure.failure_class is expected
    assert caught.value.failure.retry_after_seconds == (7.0 if status != 400 else None)
