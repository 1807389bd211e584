"""User-delegation SAS: signed by a key that the app's identity gets from storage, never by the account's key.

A token is made where it is used and kept nowhere. The key is kept in memory, and renewed every hour.
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from azure.core.credentials import TokenCredential
from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    UserDelegationKey,
    generate_blob_sas,
    generate_container_sas,
)

from armature.azure.blobs import BlobEndpoint, blob_service
from armature.azure.failures import storage_failures

VALIDITY = timedelta(hours=1)
"""How long a token lets its bearer in, from now."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far a token's start lies back, for a storage clock that is behind ours."""

_KEY_LIFETIME = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Sas:
    """A token (a query string without question mark) and its end. Not shown by repr."""

    token: str = field(repr=False)
    expires_at: datetime


class SasSigner:
    """Makes tokens for one account, all for HTTPS only and one hour. Each call makes a new one and changes nothing."""

    def __init__(self, endpoint: BlobEndpoint, credential: TokenCredential) -> None:
        self._endpoint = endpoint
        self._service = blob_service(endpoint, credential)
        self._lock = threading.Lock()
        self._key: UserDelegationKey | None = None
        self._key_expires_at = datetime.min.replace(tzinfo=UTC)

    def read_container(self, container: str) -> Sas:
        """A token to read the blobs of one container whose names are known: no list, no write."""
        return self._signed(None, container, ContainerSasPermissions(read=True))

    def read_blob(self, container: str, name: str) -> Sas:
        """A token to read one blob."""
        return self._signed(name, container, BlobSasPermissions(read=True))

    def write_blob(self, container: str, name: str) -> Sas:
        """A token to write one blob, and not to read it."""
        return self._signed(name, container, BlobSasPermissions(create=True, write=True))

    def _signed(
        self, name: str | None, container: str, permission: BlobSasPermissions | ContainerSasPermissions
    ) -> Sas:
        now = datetime.now(UTC).replace(microsecond=0)
        expires_at = now + VALIDITY
        terms: dict[str, Any] = {
            "account_name": self._endpoint.account,
            "container_name": container,
            "user_delegation_key": self._current_key(now),
            "permission": permission,
            "start": now - CLOCK_SKEW,
            "expiry": expires_at,
            "protocol": "https",
        }
        token = generate_container_sas(**terms) if name is None else generate_blob_sas(blob_name=name, **terms)
        return Sas(token, expires_at)

    def _current_key(self, now: datetime) -> UserDelegationKey:
        """A key that outlives a token made now."""
        with self._lock:
            if self._key is None or self._key_expires_at < now + VALIDITY:
                expires_at = now + _KEY_LIFETIME
                with storage_failures():
                    self._key = self._service.get_user_delegation_key(now - CLOCK_SKEW, expires_at)
                self._key_expires_at = expires_at
            return self._key


def sas_signer(endpoint: BlobEndpoint, credential: TokenCredential) -> SasSigner:
    """The process's signer for an account, so that its key is fetched once an hour."""
    hashable: Any = credential  # by identity; the protocol does not say so
    return _sas_signer(endpoint, hashable)


@lru_cache(maxsize=64)
def _sas_signer(endpoint: BlobEndpoint, credential: Any) -> SasSigner:
    return SasSigner(endpoint, credential)
