"""Asking the emulated ARM in tests of resource types: put, read, refuse."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.emulator.arm.running import GROUP_PATH, Arm

PROVIDERS = f"{GROUP_PATH}/providers"


async def put(arm: Arm, path: str, **body: Any) -> dict[str, Any]:
    """The resource that a PUT makes."""
    status, answer = await arm.request("PUT", path, {"location": "eastus2"} | body)
    assert status in (200, 201), answer
    made: dict[str, Any] = answer
    return made


async def get(arm: Arm, path: str) -> dict[str, Any]:
    """The resource as a GET shows it."""
    status, answer = await arm.request("GET", path)
    assert status == 200, answer
    shown: dict[str, Any] = answer
    return shown


async def post(arm: Arm, path: str, **body: Any) -> Any:
    """What an action answers."""
    status, answer = await arm.request("POST", path, body)
    assert status == 200, answer
    return answer


async def refusal(arm: Arm, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """The status and code of a request that is refused."""
    located = {"location": "eastus2"} | body if method == "PUT" and isinstance(body, dict) else body
    status, answer = await arm.request(method, path, located)
    return status, str(answer["error"]["code"])


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Return once something is so; the test's own time limit ends a wait in vain."""
    while not await is_so():
        await asyncio.sleep(0.01)
