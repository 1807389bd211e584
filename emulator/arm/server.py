"""The HTTPS server: the application with its middlewares, and its life from start to stop."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from emulator import witness
from emulator.arm.admission import admission_middleware
from emulator.arm.answers import Handler, RequestLog, headers_middleware, logging_middleware
from emulator.arm.behaviours import Outside, Surroundings, resume
from emulator.arm.behaviours.storage import AccountsFile, keeps_out
from emulator.arm.clock import SimulatedTime
from emulator.arm.engine.deployer import Deployer
from emulator.arm.engine.links import Downloader
from emulator.arm.faults.admin import admin_middleware
from emulator.arm.faults.creation import CreationFaults
from emulator.arm.faults.requests import fault_middleware
from emulator.arm.faults.stale import StaleReads
from emulator.arm.governance.foundation import lay_foundation
from emulator.arm.journal import Journal
from emulator.arm.operations import ProviderOperations
from emulator.arm.routes import add_routes
from emulator.arm.routes.service import SERVICE, Service
from emulator.arm.settings import NO_STORAGE, ArmSettings
from emulator.arm.state import CloudState
from emulator.arm.throttling import Budgets
from emulator.arm.tokens import TokenVerifier
from emulator.faults.plan import FaultPlan

MAX_REQUEST_BYTES = 4 * 1024 * 1024  # ARM limits: the body of a request


def create_application(settings: ArmSettings) -> web.Application:
    """The application; it needs a running event loop only once it serves."""
    journal = Journal(settings.database) if settings.database else None
    state = CloudState(settings.tenant, settings.subscriptions, journal, settings.cloud)
    lay_foundation(state, settings.principal)
    outside = None if settings.blob_endpoint == NO_STORAGE else Outside(settings.certificate_authority)
    accounts = AccountsFile(settings.accounts)
    time = SimulatedTime(settings.scale)
    plan = FaultPlan(settings.faults, "arm") if settings.faults else None
    faults = CreationFaults(plan, state) if plan else None
    surroundings = Surroundings(
        state, settings.tenant, settings.blob_endpoint, accounts, outside, time=time, faults=faults
    )

    def is_prevented(address: str) -> bool:
        return keeps_out(address, surroundings) or (faults is not None and faults.prevents_download(address))

    downloader = Downloader(settings.certificate_authority, is_prevented)
    operations = ProviderOperations(surroundings, time)
    deployer = Deployer(surroundings, downloader, operations, time)
    service = Service(settings, state, surroundings, time, operations, deployer)
    verifier = TokenVerifier(settings.token_key.read_text(encoding="utf-8"), settings.tenant, settings.cloud)
    watching = [_witnessed] if witness.is_watching() else []
    application = web.Application(
        middlewares=[
            *([admin_middleware(settings.faults)] if settings.faults else []),
            logging_middleware(RequestLog(settings.log)),
            headers_middleware(),
            *([fault_middleware(plan, StaleReads(state), settings.tenant)] if plan else []),
            admission_middleware(verifier, state, Budgets(settings.scale, is_enforced=settings.throttle)),
            *watching,
            lasting_middleware(state),
        ],
        client_max_size=MAX_REQUEST_BYTES,
    )
    application[SERVICE] = service

    async def live(_: web.Application) -> AsyncIterator[None]:
        service.resume()
        resume(surroundings)
        yield
        await service.stop()
        if outside:
            await outside.close()
        await downloader.close()
        if journal:
            journal.close()

    application.cleanup_ctx.append(live)
    add_routes(application.router)
    return application


def lasting_middleware(state: CloudState) -> Any:
    """Innermost: nothing is answered before it would survive the death of the process."""

    @web.middleware
    async def make_it_last(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            state.flush()

    return make_it_last


@web.middleware
async def _witnessed(request: web.Request, handler: Handler) -> web.StreamResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        witness.saw("token", [token])
    witness.saw("signature", witness.signatures(await request.text()))
    return await handler(request)


@asynccontextmanager
async def serve(settings: ArmSettings) -> AsyncIterator[int]:
    """Serve on 127.0.0.1 until the block ends; yields the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.private_key)
    runner = web.AppRunner(create_application(settings), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", settings.port, ssl_context=context)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
