"""What a deployment was prepared from can be written down, and gives the same when it is prepared again."""

import json
from dataclasses import replace
from typing import Any

from emulator.arm.caller import Caller
from emulator.arm.engine.bodies import evaluate_body
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from tests.emulator.arm.engine.preparing import Files, preparation, request
from tests.emulator.arm.running import linked, resource, template

RANDOM = template(
    resource("a", properties={"id": "[parameters('id')]", "at": "[parameters('at')]", "two": "[parameters('two')]"}),
    parameters={
        "id": {"type": "string", "defaultValue": "[newGuid()]"},
        "two": {"type": "string", "defaultValue": "[concat(newGuid(), newGuid())]"},
        "at": {"type": "string", "defaultValue": "[utcNow('o')]"},
    },
)


def written(wanted: DeploymentRequest) -> DeploymentRequest:
    """The request after it was kept as JSON."""
    return DeploymentRequest.load(json.loads(json.dumps(wanted.dump())))


def bodies(prepared: Prepared) -> dict[str, Any]:
    return {str(instance.id): evaluate_body(instance) for instance in prepared.resources()}


async def test_random_values_and_times_are_the_same_again() -> None:
    wanted = request(RANDOM)

    first = await preparation().prepare_root(wanted)
    second = await preparation().prepare_root(written(wanted))

    assert bodies(first) == bodies(second)
    [body] = bodies(first).values()
    assert len({body["properties"]["id"], *body["properties"]["two"].split("-", 1)}) == 3


async def test_two_requests_have_random_values_of_their_own() -> None:
    first, second = [await preparation().prepare_root(request(RANDOM)) for _ in range(2)]

    assert bodies(first) != bodies(second)


async def test_linked_templates_are_not_fetched_again() -> None:
    link = {"uri": "https://files.example/main.json", "queryString": "sig=secret"}
    files = Files(main=template(linked("child", {"relativePath": "child.json"})), child=RANDOM)
    wanted = request(None, templateLink=link)

    first = await preparation(files).prepare_root(wanted)
    kept = json.loads(json.dumps(first.downloads.documents))
    gone = Files()
    second = await preparation(gone).prepare_root(written(wanted), kept)

    assert files.asked == [f"https://files.example/{name}.json?sig=secret" for name in ("main", "child")]
    assert gone.asked == []
    assert "secret" not in json.dumps(kept)
    assert bodies(first) == bodies(second)


def test_a_request_is_the_same_after_it_was_written_down() -> None:
    wanted = replace(
        request(RANDOM, parameters={"id": "x"}, parametersLink=None), tags={"a": "b"}, caller=Caller("o", "c", "t")
    )

    again = written(wanted)

    assert again == wanted
    assert again.dump() == wanted.dump()
