"""The host's keys: made once and kept, so that addresses with a key in them stay good; who may do what with which.

``default`` opens every function, ``durabletask_extension`` the Durable HTTP API, ``_master`` all of that, functions of
level admin, and the admin routes ("Work with access keys in Azure Functions"). Keys of single functions there are none.
"""

import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from emulator.functions_host.database import Database

HEADER, PARAMETER = "x-functions-key", "code"
_DURABLE_FACT = "durable key"


class AuthLevel(StrEnum):
    """How much an HTTP trigger asks for."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True)
class HostKeys:
    """The keys of one task hub's hosts."""

    master: str
    function: str
    durable: str

    @classmethod
    def of(cls, database: Database) -> "HostKeys":
        """Return the keys, made at the first time."""
        names = ("key:_master", "key:default", _DURABLE_FACT)
        return cls(*(database.remember_first(name, secrets.token_urlsafe(32)) for name in names))

    def admits(self, request: web.Request, level: AuthLevel) -> bool:
        """Whether a request brings what the level asks for."""
        if level is AuthLevel.ANONYMOUS:
            return True
        good = [self.master] if level is AuthLevel.ADMIN else [self.master, self.function]
        return _is_one_of(given_key(request), good)

    def admits_to_durable_api(self, request: web.Request) -> bool:
        """Whether a request brings the key of the Durable HTTP API, or the master key."""
        return _is_one_of(given_key(request), [self.durable, self.master])


def given_key(request: web.Request) -> str:
    """Return the key that a request brings, an empty one when it brings none; the header goes first."""
    return request.headers.get(HEADER) or request.query.get(PARAMETER) or ""


def _is_one_of(given: str, good: list[str]) -> bool:
    brought = given.encode(errors="surrogateescape")  # a header may hold bytes that are no text
    return any(hmac.compare_digest(brought, key.encode()) for key in good)
