import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from armature.cli import watching
from tests.armature.cli.commands import MANIFEST, TEMPLATE, write_bundle
from tests.armature.cli.fake_api import FakeApi


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARMATURE_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID", "ARMATURE_API_URL", "ARMATURE_FUNCTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AZURE_CLOUD", raising=False)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "shop", MANIFEST, {"plan.json": TEMPLATE})


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """The stand-in, served on a free port of this machine."""
    fake = FakeApi()
    loop = asyncio.new_event_loop()
    application = web.Application()
    application.router.add_route("*", "/api/{rest:.*}", fake.answer)
    runner = web.AppRunner(application)

    async def serve() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(serve(), loop).result(timeout=10)
    fake.address = f"http://127.0.0.1:{port}/api"
    yield fake
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Nobody waits. What a test puts into this list is raised at the pauses between two looks, one at each."""
    script: list[BaseException | None] = []

    def pause(_: float) -> None:
        interruption = script.pop(0) if script else None
        if interruption is not None:
            raise interruption

    monkeypatch.setattr(watching, "sleep", pause)
    return script
