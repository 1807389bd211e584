"""The connections of this process: one pool for all clients, so that none pays for a TLS hand-shake again."""

from functools import lru_cache

from azure.core.pipeline.transport import RequestsTransport
from requests import Session
from requests.adapters import HTTPAdapter

CONNECTION_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
"""Between two bytes of an answer. ARM validates a template before it answers its PUT: many seconds for a large one."""

CONNECTIONS = 32
"""Connections kept open to one host: at least the worker's threads, else each call beyond opens and closes its own."""


@lru_cache(maxsize=1)
def shared_transport() -> RequestsTransport:
    """The transport to give to every client; no client closes it. It retries nothing itself."""
    session = Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=0))
    return RequestsTransport(
        session=session,
        session_owner=False,
        connection_timeout=CONNECTION_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
    )
