"""Fetching a package as the platform does: with the signature of its URL, or as the site's managed identity.

The storage emulator takes any well-formed token (it does not look into roles), so whether the identity may read is told
by the role assignments that exist. Sources: https://learn.microsoft.com/azure/azure-functions/run-functions-from-
deployment-package (Storage Blob Data Reader for the identity), Azure built-in roles, 2025.
"""

import re
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from emulator.arm.authorization import is_allowed_data
from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.behaviours.outside import Outside
from emulator.arm.behaviours.rules import of_type
from emulator.arm.behaviours.storage.firewall import REFUSAL, keeps_out_site
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ, WRITE = f"{_BLOBS}/read", f"{_BLOBS}/write"
_CHUNK = 1024**2
MAX_PACKAGE = 2 * 1024**3
"""Bytes that are fetched at most: a limit of this emulator's, for what would fill the disk."""
_STORAGE_VERSION = "2021-08-06"
_SIGNING_KEY = secrets.token_bytes(32)  # the storage emulator reads a token's claims and does not check its signature


class DownloadError(Exception):
    """The package can't be had; the message says why, without the URL's query."""


@dataclass(frozen=True)
class Principal:
    """The identity that asks: its object id."""

    object_id: str


def principal_of(site: Resource, named: str | None) -> Principal | None:
    """The identity of the site that reads packages: the one that is named by its id, else the system-assigned one."""
    identity: Mapping[str, Any] = site.document.get("identity") or {}
    if named and named.lower() != "systemassigned":
        for key, assigned in (identity.get("userAssignedIdentities") or {}).items():
            if key.lower() == named.lower() and assigned.get("principalId"):
                return Principal(str(assigned["principalId"]))
        return None
    return Principal(str(identity["principalId"])) if identity.get("principalId") else None


@asynccontextmanager
async def fetched(
    url: str, site: Resource, principal: Principal | None, surroundings: Surroundings, outside: Outside
) -> AsyncIterator[Path]:
    """The content of a URL as a file, as the site gets it, until the block ends. Raises DownloadError."""
    if keeps_out_site(url, site, surroundings):
        raise DownloadError(f"{_shown(url)} answered {REFUSAL}")
    headers = _headers(url, principal, surroundings)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        file = Path(folder) / "package.zip"
        try:
            async with outside.session.get(url, headers=headers) as response:
                if response.status != HTTPStatus.OK:
                    raise DownloadError(f"{_shown(url)} answered {response.status} ({response.reason})")
                with file.open("wb") as stream:
                    async for chunk in response.content.iter_chunked(_CHUNK):
                        stream.write(chunk)
                        if stream.tell() > MAX_PACKAGE:
                            raise DownloadError(f"{_shown(url)} is larger than {MAX_PACKAGE} bytes")
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            raise DownloadError(f"{_shown(url)} can't be read: {type(failure).__name__}") from failure
        yield file


async def upload(
    url: str, file: Path, site: Resource, principal: Principal | None, surroundings: Surroundings, outside: Outside
) -> None:
    """Write a blob for the site as the identity, which needs a role that may. Raises DownloadError."""
    if keeps_out_site(url, site, surroundings):
        raise DownloadError(f"{_shown(url)} answered {REFUSAL}")
    _check_role(url, principal, surroundings, WRITE)
    headers = _token_headers(principal, surroundings) | {"x-ms-blob-type": "BlockBlob"}
    try:
        with file.open("rb") as stream:
            async with outside.session.put(url, headers=headers, data=stream) as response:
                if response.status != HTTPStatus.CREATED:
                    raise DownloadError(f"{_shown(url)} answered {response.status} ({response.reason})")
    except (aiohttp.ClientError, TimeoutError) as failure:
        raise DownloadError(f"{_shown(url)} can't be written: {type(failure).__name__}") from failure


def _headers(url: str, principal: Principal | None, surroundings: Surroundings) -> dict[str, str]:
    """Nothing for a signed URL or one that isn't our storage's; there the identity's token, when it may read."""
    if "sig=" in url.partition("?")[2] or not is_storage(url, surroundings) or principal is None:
        return {}
    _check_role(url, principal, surroundings, READ)
    return _token_headers(principal, surroundings)


def is_storage(url: str, surroundings: Surroundings) -> bool:
    """True for a URL of the storage emulator."""
    return url.lower().startswith(surroundings.blob_endpoint.rstrip("/").lower() + "/")


def _token_headers(principal: Principal | None, surroundings: Surroundings) -> dict[str, str]:
    moment = int(time.time())
    issuer = surroundings.state.cloud.issuer(surroundings.tenant)
    claims = {"aud": "https://storage.azure.com", "iss": issuer, "iat": moment, "nbf": moment, "exp": moment + 3600}
    claims |= {"oid": principal.object_id if principal else "", "tid": surroundings.tenant}
    token = jwt.encode(claims, _SIGNING_KEY, algorithm="HS256")
    return {"Authorization": f"Bearer {token}", "x-ms-version": _STORAGE_VERSION}


def _check_role(url: str, principal: Principal | None, surroundings: Surroundings, action: str) -> None:
    if principal is None or not has_role(url, principal, surroundings, action):
        message = "403 (This request is not authorized to perform this operation using this permission.)"
        raise DownloadError(f"{_shown(url)} answered {message}")


def has_role(url: str, principal: Principal, surroundings: Surroundings, action: str) -> bool:
    """Whether a role assignment lets the principal do a data action at the container of a URL of our storage."""
    path = url.partition("?")[0][len(surroundings.blob_endpoint.rstrip("/")) + 1 :]
    account, _, rest = path.partition("/")
    place = _account(account, surroundings)
    if place is None:
        return False
    if container := rest.partition("/")[0]:
        place = place.child("blobServices", "default").child("containers", container)
    return is_allowed_data(surroundings.state, principal.object_id, action, place)


def _account(name: str, surroundings: Surroundings) -> ResourceId | None:
    for account in of_type("Microsoft.Storage/storageAccounts", surroundings):
        if account.id.name.lower() == name.lower():
            return account.id
    return None


def _shown(url: str) -> str:
    """The URL without what may be a secret in it: a user with a password, the query."""
    return re.sub("//[^/]*@", "//", url.partition("?")[0].partition("#")[0])
