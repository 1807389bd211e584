"""How large a resource and a deployment may become: both sides of each limit."""

import random
from typing import Any

import pytest

from emulator.arm.engine.sizes import MAX_JOB_BYTES, MAX_RESOURCE_BYTES
from tests.emulator.arm.engine.preparing import prepare, refused
from tests.emulator.arm.running import nested, resource, template


def noise(size: int) -> str:
    """A text that no compression makes much shorter than `size` bytes: 6 bits in each of its characters."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return "".join(random.Random(1).choices(alphabet, k=size * 4 // 3))


def filled(name: str, size: int) -> dict[str, Any]:
    return resource(name, properties={"text": noise(size)})


@pytest.mark.parametrize("make", [filled, lambda name, size: nested(name, template(filled("x", size)), scope="inner")])
async def test_a_resource_has_at_most_one_megabyte_compressed(make: Any) -> None:
    await prepare(template(make("a", MAX_RESOURCE_BYTES * 19 // 20)))
    refusal = await refused(template(make("a", MAX_RESOURCE_BYTES * 21 // 20)))

    assert (refusal.status, refusal.code) == (400, "JobSizeExceeded")
    assert "The definition of the resource '/subscriptions/" in refusal.message
    assert f"exceeds the limit of '{MAX_RESOURCE_BYTES}'" in refusal.message


async def test_a_deployment_has_at_most_one_megabyte_compressed_in_all() -> None:
    half = noise(MAX_JOB_BYTES // 2)
    content = template(filled("a", MAX_JOB_BYTES // 4), parameters={"p": {"type": "string"}})
    more = template(filled("a", MAX_JOB_BYTES // 2 + 50_000), parameters={"p": {"type": "string"}})

    await prepare(content, parameters={"p": half})
    refusal = await refused(more, parameters={"p": half[::-1]})

    assert refusal.code == "JobSizeExceeded"
    assert "The job of the deployment 'main'" in refusal.message


async def test_loops_count_after_they_are_unrolled() -> None:
    loop = {"name": "l", "count": 30}
    body = {"text": "[parameters('p')[copyIndex()]]"}
    content = template(resource("[concat('a', copyIndex())]", copy=loop, properties=body))
    content["parameters"] = {"p": {"type": "array"}}

    await prepare(content, parameters={"p": [noise(10_000)] * 30})
    refusal = await refused(content, parameters={"p": [noise(40_000 + number)[::-1] for number in range(30)]})

    assert refusal.code == "JobSizeExceeded"


async def test_what_compresses_well_may_be_longer() -> None:
    await prepare(template(resource("a", properties={"text": "a" * 3 * MAX_RESOURCE_BYTES})))
