"""The port that the endpoint listens on, which can be closed for a while so that connections are refused."""

import asyncio
import logging

from aiohttp import web

_log = logging.getLogger("emulator.identity")
_ADDRESS = "127.0.0.1"


class Listener:
    """Listens for an application until it is stopped."""

    def __init__(self, application: web.Application, port: int) -> None:
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        self._port = port
        self._server: asyncio.Server | None = None
        self._outage: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted."""
        return self._server is not None

    async def start(self) -> None:
        """Begin to listen."""
        await self._runner.setup()
        await self._open()

    async def stop(self) -> None:
        """Close what is open."""
        if self._outage is not None:
            self._outage.cancel()
        self._close()
        await self._runner.cleanup()

    def close_for(self, seconds: float) -> None:
        """Stop listening at once, and listen again after so many seconds; an outage that goes on is not made longer."""
        if self._server is not None:
            self._close()
            self._outage = asyncio.create_task(self._open_after(seconds))
            self._outage.add_done_callback(_log_end)

    async def _open(self) -> None:
        handler = self._runner.server
        if handler is None:
            raise RuntimeError("the listener has not been started")
        self._server = await asyncio.get_running_loop().create_server(handler, _ADDRESS, self._port)

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _open_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._open()


def _log_end(outage: "asyncio.Task[None]") -> None:
    if not outage.cancelled() and (error := outage.exception()) is not None:
        _log.error("The endpoint could not listen again", exc_info=error)
