"""The emulator that runs in a state folder, as its clients see it: addresses, whom to trust, a token.

`stack.json` names the addresses; `identity-header` holds the secret of the identity endpoint, `function-key` the key of
the app's API if it asks for one. They are for the owner's eyes only (mode 600) and go when the emulator stops.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from emulator.clouds import CLOUDS, Cloud

IDENTITY_API_VERSION = "2019-08-01"
TIMEOUT_SECONDS = 30


class NotRunningError(Exception):
    """No emulator runs in that state folder, or the part of it that was asked does not answer."""


class RefusedError(Exception):
    """ARM or the identity endpoint refused a request; the message holds its code and its words."""


@dataclass(frozen=True)
class RunningEmulator:
    """Where everything is. `identity_header` is a secret."""

    api: str
    arm: str
    blob: str
    queue: str
    identity: str
    trust: Path
    subscriptions: tuple[str, ...]
    tenant: str
    cloud: Cloud
    identity_header: str = field(repr=False)
    function_key: str | None = field(repr=False, default=None)

    @classmethod
    def find(cls, state: Path) -> Self:
        """The emulator of a state folder. Raises `NotRunningError`."""
        try:
            told = json.loads((state / "stack.json").read_text(encoding="utf-8"))
            header = (state / "identity-header").read_text(encoding="utf-8")
            key_file = state / "function-key"
        except FileNotFoundError as absent:
            message = f"no emulator runs in {state}: start one with `python -m emulator up`, or name its --state folder"
            raise NotRunningError(message) from absent
        return cls(
            api=told["api"],
            arm=told["arm"],
            blob=told["blob"],
            queue=told["queue"],
            identity=told["identity"],
            trust=Path(told["trust"]),
            subscriptions=tuple(told["subscriptions"]),
            tenant=told["tenant"],
            cloud=CLOUDS[told["cloud"]],
            identity_header=header,
            function_key=key_file.read_text(encoding="utf-8") if key_file.exists() else None,
        )

    def token(self, audience: str | None = None) -> str:
        """An access token of the emulator's principal for `audience`, ARM's when it is left out, good for an hour.

        Raises `RefusedError` or `NotRunningError`.
        """
        resource = audience or f"{self.cloud.resource_manager}/"
        query = {"resource": resource, "api-version": IDENTITY_API_VERSION}
        with requests.Session() as session:
            session.trust_env = False
            session.headers["X-IDENTITY-HEADER"] = self.identity_header
            answer = _asked(session, self.identity, query)
        if not answer.ok:
            raise RefusedError(f"the identity endpoint answers {answer.status_code}: {answer.text[:500]}")
        token: str = answer.json()["access_token"]
        return token

    def environment(self) -> dict[str, str]:
        """What the Azure CLI, the Azure SDKs, curl and `armature` need in their environment; holds secrets.

        The certificate variables are those of requests, OpenSSL and curl; IDENTITY_* make `az login --identity` and
        `ManagedIdentityCredential` find the identity endpoint.
        """
        trust = str(self.trust)
        key = {} if self.function_key is None else {"ARMATURE_FUNCTION_KEY": self.function_key}
        return {
            **key,
            "ARM_ENDPOINT": self.arm,
            "BLOB_ENDPOINT": self.blob,
            "AZURE_SUBSCRIPTION_ID": self.subscriptions[0],
            "AZURE_TENANT_ID": self.tenant,
            "ARMATURE_API_URL": self.api,
            "ARMATURE_SUBSCRIPTION": self.subscriptions[0],
            "IDENTITY_ENDPOINT": self.identity,
            "IDENTITY_HEADER": self.identity_header,
            "REQUESTS_CA_BUNDLE": trust,
            "SSL_CERT_FILE": trust,
            "CURL_CA_BUNDLE": trust,
            "NO_PROXY": "127.0.0.1,localhost",
        }


class ArmReader:
    """GETs of the emulator's ARM, with one token. All of it raises `RefusedError` or `NotRunningError`."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._arm = emulator.arm
        self._session = requests.Session()
        self._session.verify = str(emulator.trust)
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {emulator.token()}"

    def get(self, path: str, api_version: str, **query: str) -> dict[str, Any]:
        """The answer to one GET."""
        return self._get(f"{self._arm}{path}", {"api-version": api_version, **query})

    def list(self, path: str, api_version: str, **query: str) -> Iterator[dict[str, Any]]:
        """The items of all pages of a list."""
        page = self.get(path, api_version, **query)
        yield from page["value"]
        while link := page.get("nextLink"):
            page = self._get(link, {})
            yield from page["value"]

    def _get(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        answer = _asked(self._session, url, query)
        document: dict[str, Any] = answer.json()
        if not answer.ok:
            error = document.get("error", {})
            raise RefusedError(f"{error.get('code', answer.status_code)}: {error.get('message', answer.text[:500])}")
        return document


def _asked(session: requests.Session, url: str, query: Mapping[str, str]) -> requests.Response:
    try:
        return session.get(url, params=dict(query), timeout=TIMEOUT_SECONDS)
    except (requests.ConnectionError, requests.Timeout) as error:
        address = url.partition("?")[0]
        message = f"nothing answers at {address}: the emulator has ended, start it with `python -m emulator up`"
        raise NotRunningError(message) from error
