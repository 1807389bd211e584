"""The app's principal and the tokens that it can be given: claims as Entra ID writes them for a managed identity."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import jwt

from emulator.clouds import PUBLIC, Cloud
from emulator.identity.errors import TokenRequestRefused

TOKEN_SECONDS = 3600
TOKEN_VERSION = "1.0"

KNOWN_RESOURCES = re.compile(
    r"""https://(
        management\.(azure\.com|core\.windows\.net|usgovcloudapi\.net|core\.usgovcloudapi\.net
                    |chinacloudapi\.cn|core\.chinacloudapi\.cn)
        | storage\.azure\.com
        | [a-z0-9]{3,24}\.blob\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)
        | vault\.(azure\.net|usgovcloudapi\.net|azure\.cn)
        | graph\.microsoft\.(com|us)
    )/?""",
    re.VERBOSE | re.IGNORECASE,
)
"""Audiences of the three clouds: https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
and https://learn.microsoft.com/azure/china/resources-developer-guide."""


@dataclass(frozen=True)
class IssuedToken:
    """A signed token with what the endpoint says about it; times are seconds since 1970."""

    token: str = field(repr=False)
    resource: str
    client_id: str
    expires_on: int


@dataclass(frozen=True)
class ManagedIdentity:
    """A system-assigned identity: its directory, its object id, and the key that stands for Entra ID's signing key."""

    tenant: str
    principal: str
    private_key: str = field(repr=False)
    cloud: Cloud = PUBLIC
    clock: Callable[[], float] = time.time

    @property
    def client_id(self) -> str:
        """The application id: as in Entra ID, not the object id."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.tenant}/{self.principal}"))

    def issue(self, resource: str, *, audience: str | None = None, lifetime: int = TOKEN_SECONDS) -> IssuedToken:
        """A token for the resource, good for an hour.

        `audience` is in the token instead of the resource; a `lifetime` (seconds) below zero makes one that has ended.
        Raises TokenRequestRefused (400) for a resource that no cloud has.
        """
        if not KNOWN_RESOURCES.fullmatch(resource):
            raise TokenRequestRefused(
                400,
                f"AADSTS500011: The resource principal named {resource[:200]} was not found in the tenant named "
                f"{self.tenant}.",
            )
        now = int(self.clock())
        expires_on = now + lifetime
        began = min(now, expires_on - TOKEN_SECONDS)
        claims = {
            "aud": audience or resource,
            "iss": self.cloud.issuer(self.tenant),
            "iat": began,
            "nbf": began,
            "exp": expires_on,
            "appid": self.client_id,
            "appidacr": "2",
            "idp": self.cloud.issuer(self.tenant),
            "idtyp": "app",
            "oid": self.principal,
            "sub": self.principal,
            "tid": self.tenant,
            "uti": uuid.uuid4().hex[:22],
            "ver": TOKEN_VERSION,
        }
        token = jwt.encode(claims, self.private_key, algorithm="RS256")
        return IssuedToken(token=token, resource=resource, client_id=self.client_id, expires_on=expires_on)
