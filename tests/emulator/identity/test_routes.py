"""The identity endpoint, running, through azure-identity and by hand."""

import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from azure.identity import CredentialUnavailableError, DefaultAzureCredential, ManagedIdentityCredential

from emulator.foundation import PRINCIPAL, TENANT
from tests.running import RunningAzurite

ARM_SCOPE = "https://management.azure.com/.default"
STORAGE_SCOPE = "https://storage.azure.com/.default"


def claims_of(azurite: RunningAzurite, token: str, audience: str) -> dict[str, Any]:
    """The claims, once the signature, the times and the audience hold."""
    public_key = azurite.foundation.certificates.token_public_key.read_text()
    return jwt.decode(token, public_key, algorithms=["RS256"], audience=audience)


def ask(azurite: RunningAzurite, *, header: str | None = None, **query: str) -> requests.Response:
    """A request that is right but for what is given."""
    secret = azurite.settings["IDENTITY_HEADER"] if header is None else header
    return requests.get(
        azurite.settings["IDENTITY_ENDPOINT"],
        params={"api-version": "2019-08-01", "resource": "https://management.azure.com", **query},
        headers={"X-IDENTITY-HEADER": secret} if secret else {},
        timeout=10,
    )


def test_the_managed_identity_credential_gets_a_signed_token_for_its_audience(azurite: RunningAzurite) -> None:
    with azurite.use_environment(), ManagedIdentityCredential() as credential:
        token = credential.get_token(ARM_SCOPE)

    claims = claims_of(azurite, token.token, "https://management.azure.com")
    assert (claims["iss"], claims["tid"]) == (f"https://sts.windows.net/{TENANT}/", TENANT)
    assert claims["oid"] == claims["sub"] == PRINCIPAL
    assert claims["exp"] - claims["iat"] == 3600


def test_the_default_credential_finds_the_endpoint(azurite: RunningAzurite) -> None:
    with azurite.use_environment(), DefaultAzureCredential() as credential:
        token = credential.get_token(STORAGE_SCOPE)

    assert claims_of(azurite, token.token, "https://storage.azure.com")["oid"] == PRINCIPAL
    assert token.expires_on > time.time() + 3500


@pytest.mark.parametrize(
    "resource",
    [
        "https://management.azure.com/",
        "https://management.core.usgovcloudapi.net",
        "https://management.chinacloudapi.cn",
        "https://vault.usgovcloudapi.net",
        "https://shopartifacts.blob.core.usgovcloudapi.net",
    ],
)
def test_each_cloud_has_its_audiences(azurite: RunningAzurite, resource: str) -> None:
    response = ask(azurite, resource=resource)

    body = response.json()
    assert body["resource"] == resource
    assert claims_of(azurite, body["access_token"], resource)
    assert int(body["expires_on"]) > time.time()


@pytest.mark.parametrize("header", ["", "wrong"])
def test_a_caller_without_the_secret_header_is_refused(azurite: RunningAzurite, header: str) -> None:
    response = ask(azurite, header=header)

    body = response.json()
    assert (response.status_code, body["statusCode"]) == (401, 401)
    assert set(body) == {"statusCode", "message", "correlationId"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"resource": "https://management.example.com"}, "AADSTS500011"),
        ({"resource": "https://management.azure.com.example.com"}, "AADSTS500011"),
        ({"resource": ""}, "'resource' is missing"),
        ({"api-version": "2031-01-01"}, "api-version '2031-01-01' is not supported"),
        ({"client_id": str(uuid.uuid4())}, "Unable to load requested managed identity"),
        ({"mi_res_id": "/subscriptions/x"}, "Unable to load requested managed identity"),
    ],
)
def test_what_the_identity_can_not_give_is_refused(
    azurite: RunningAzurite, query: dict[str, str], message: str
) -> None:
    response = ask(azurite, **query)

    assert (response.status_code, response.json()["statusCode"]) == (400, 400)
    assert message in response.json()["message"]


def test_the_credential_reports_the_refusal(azurite: RunningAzurite) -> None:
    with azurite.use_environment(), ManagedIdentityCredential() as credential:
        scope = "https://nowhere.example.com/.default"

        with pytest.raises(CredentialUnavailableError, match="was not found in the tenant"):
            credential.get_token(scope)


def test_the_log_has_no_token_and_no_header(azurite: RunningAzurite) -> None:
    token = ask(azurite).json()["access_token"]

    log: Path = azurite.foundation.supervisor.logs / "identity.log"

    text = log.read_text()
    assert '"resource": "https://management.azure.com"' in text
    assert token not in text
    assert azurite.settings["IDENTITY_HEADER"] not in text
