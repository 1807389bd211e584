"""What providers reach beyond ARM: the storage service, packages, and work that outlives the request that caused it."""

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import aiohttp

_LOG = logging.getLogger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=60)


class Outside:
    """Connections that trust one certificate authority besides the system's, and background work; to be closed."""

    def __init__(self, certificate_authority: Path) -> None:
        self.certificate_authority = certificate_authority
        self._context: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns: dict[str, asyncio.Lock] = {}

    def turn(self, name: str) -> asyncio.Lock:
        """The lock under which work on something outside is done in the order in which it was asked for."""
        return self._turns.setdefault(name, asyncio.Lock())

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, made at its first use inside the event loop."""
        if self._session is None:
            context = ssl.create_default_context()
            context.load_verify_locations(self.certificate_authority)
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=_TIMEOUT)
        return self._session

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background; pieces of work begin in the order in which they were started."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _LOG.error("background work of a provider failed", exc_info=error)

    async def close(self) -> None:
        """Cancel what still runs, and close the connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
