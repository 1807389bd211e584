"""Puts the host together: one app, one database, its triggers and its task hub behind one port."""

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from emulator.faults.plan import FaultPlan
from emulator.functions_host.admin import AdminRoutes, Standing
from emulator.functions_host.database import Database
from emulator.functions_host.durable.addresses import Addresses
from emulator.functions_host.durable.api import DurableApi
from emulator.functions_host.durable.hub import TaskHub
from emulator.functions_host.durable.management import Management
from emulator.functions_host.durable.store import Store
from emulator.functions_host.durable.worker import HubLimits
from emulator.functions_host.errors import HostError
from emulator.functions_host.faults import FaultyInvoker, FaultyStore, before_start
from emulator.functions_host.http import HttpTriggers
from emulator.functions_host.indexing import load_functions
from emulator.functions_host.invocation import Invoker
from emulator.functions_host.keys import HostKeys
from emulator.functions_host.leases import Leases, LeaseTimes
from emulator.functions_host.log import follow_level
from emulator.functions_host.queues import QueueTriggers
from emulator.functions_host.settings import HostSettings
from emulator.functions_host.slots import take_slot
from emulator.functions_host.storage_queues import StorageQueues
from emulator.functions_host.timers import TimerTriggers

_log = logging.getLogger("host")

_ADDRESS = "127.0.0.1"
_RPC_PATH = "/durabletask"
_MAX_BODY = 200 * 1024**2  # of an HTTP request; the real host takes 210 MB


@dataclass(frozen=True)
class HostOptions:
    """What a host is started with; port 0 is any free one."""

    app_root: Path
    database: Path
    port: int = 0
    trigger_threads: int = 16
    grace_seconds: float = 5.0
    leases: LeaseTimes = field(default_factory=LeaseTimes)
    require_keys: bool = False
    faults: FaultPlan | None = None


class FunctionsHost:
    """A host for one function app, alone or beside others on the same database. Start it on a running event loop."""

    def __init__(self, options: HostOptions) -> None:
        self._options = options
        self._slot = take_slot(options.database)
        self._database = Database(options.database)
        self._leases = Leases(self._database, self._slot.name, options.leases)
        self._keys = HostKeys.of(self._database)
        self._standing = Standing(self._slot.name)
        self._hub: TaskHub | None = None
        self._triggers: list[asyncio.Task[None]] = []
        self._queue_triggers: QueueTriggers | None = None
        self._runners: list[web.AppRunner] = []
        self._addresses: Addresses | None = None
        self.port = 0

    @property
    def error(self) -> str | None:
        """Why the host runs no function, None when all is well."""
        return self._standing.error

    async def start(self) -> None:
        """Index the app and serve it. An app that cannot be indexed leaves a host that says so and runs nothing."""
        await before_start(self._options.faults)
        public = web.Application(client_max_size=_MAX_BODY)
        AdminRoutes(self._standing, self._keys, require_keys=self._options.require_keys).add_to(public)
        try:
            settings = HostSettings.read(self._options.app_root)
            functions = load_functions(self._options.app_root)
            follow_level(settings.document.logging)
            queues = StorageQueues(base64=settings.queues.message_encoding == "base64")
            invoker, store = self._invoker(queues), self._store()
            invoker.timeout = settings.document.function_timeout
            self._leases.forget_earlier_life()
            durable = settings.document.extensions.durable_task
            limits = HubLimits.of(durable, settings.document.function_timeout)
            hub = TaskHub(self._database, self._leases, functions, invoker, limits, store)
            keys = self._keys if self._options.require_keys else None
            http = HttpTriggers(functions, invoker, settings.document.extensions.http, keys)
            queue_triggers = QueueTriggers(functions, invoker, queues, settings.queues)
            timer_triggers = TimerTriggers(functions, invoker, self._database, self._leases)
        except HostError as error:
            self._standing.error = str(error)
            _log.exception("The app cannot be run; no function is served")
            await self._serve(public, self._options.port)
            return
        api = DurableApi(hub, store, Management(self._database), self._current_addresses, self._keys)
        api.add_public_routes(public)
        rpc = web.Application(client_max_size=_MAX_BODY)
        api.add_rpc_routes(rpc, _RPC_PATH)
        public.router.add_route("*", "/{path:.*}", http.handle)
        rpc_port = await self._serve(rpc, 0)
        self.port = await self._serve(public, self._options.port)
        self._addresses = Addresses(
            origin=f"http://{_ADDRESS}:{self.port}",
            rpc_base_url=f"http://{_ADDRESS}:{rpc_port}{_RPC_PATH}/",
            hub_name=durable.hub_name,
            key=self._keys.durable,
        )
        self._hub = hub
        hub.run()
        self._queue_triggers = queue_triggers
        for run in (queue_triggers.run(), timer_triggers.run()):
            task = asyncio.create_task(run)
            task.add_done_callback(_log_end)
            self._triggers.append(task)
        self._standing.functions = functions
        self._standing.warnings = [*settings.warnings, *timer_triggers.problems]
        for warning in self._standing.warnings:
            _log.warning("%s", warning)
        self._standing.is_running = True
        _log.info("Host started", extra={"facts": {"port": self.port, "functions": [f.name for f in functions]}})

    async def stop(self) -> bool:
        """Stop; return whether everything that was running has ended, so that nothing has to run again."""
        _log.info("Host stops")
        for trigger in self._triggers:
            trigger.cancel()
        await asyncio.gather(*self._triggers, return_exceptions=True)
        grace = self._options.grace_seconds
        is_quiet = self._queue_triggers is None or await self._queue_triggers.finish(grace)
        for runner in reversed(self._runners):  # the SDK's at last: functions that run still ask it
            await runner.cleanup()
        is_quiet = (self._hub is None or await self._hub.stop(grace)) and is_quiet
        if is_quiet:
            self._database.close()
            self._slot.release()
        _log.info("Host stopped", extra={"facts": {"everythingEnded": is_quiet}})
        return is_quiet

    async def _serve(self, app: web.Application, port: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=self._options.grace_seconds)
        await runner.setup()
        site = web.TCPSite(runner, _ADDRESS, port)
        await site.start()
        self._runners.append(runner)
        bound: int = runner.addresses[0][1]
        self.port = bound
        return bound

    def _invoker(self, queues: StorageQueues) -> Invoker:
        given = (self._client_binding, queues, self._options.trigger_threads)
        return FaultyInvoker(self._options.faults, *given) if self._options.faults else Invoker(*given)

    def _store(self) -> Store:
        faults = self._options.faults
        return FaultyStore(self._database, faults) if faults else Store(self._database)

    def _current_addresses(self) -> Addresses:
        if self._addresses is None:
            raise HostError("the host has not started")
        return self._addresses

    def _client_binding(self) -> str:
        return self._current_addresses().client_binding()


def _log_end(listener: asyncio.Task[None]) -> None:
    if not listener.cancelled() and (error := listener.exception()) is not None:
        _log.error("A listener has ended and its triggers are not served any more", exc_info=error)
