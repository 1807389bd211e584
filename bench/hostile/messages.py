"""Hostile messages on the queue."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.hostile.attack import Attack, Met
from bench.hostile.calls import WHOLE
from bench.hostile.ground import MARK, Ground

INVALID = "not a valid request"

MESSAGES: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", INVALID),
    "a name twice": ('{"action": "cancel", "action": "rollback", "deploymentId": "abc"}', INVALID),
    "20,000 open brackets": ("[" * 20_000, INVALID),
    "an endless number": (json.dumps({**WHOLE, "options": {"timeout": 1}}).replace(": 1}", ": 1e999}"), INVALID),
    "a deployment id that climbs": ({"action": "cancel", "deploymentId": "../x"}, INVALID),
    "an action that nobody knows": ({"action": "purge", "deploymentId": "abc"}, INVALID),
    "a sender that claims a name": ({**WHOLE, "initiatedBy": "admin"}, INVALID),
    "a forged line": ({"action": "cancel", "deploymentId": f"x\n{MARK}"}, INVALID),
    "a deployment that is not there": ({"action": "rollback", "deploymentId": "nobodys"}, "no such deployment"),
}


def rejected(message: Any, words: str, ground: Ground) -> Met:
    """What becomes of a message on the queue that is to be refused with these words."""
    rejection = ground.rejected(message if isinstance(message, str) else json.dumps(message))
    if rejection is None:
        return Met("none", "")
    return Met(
        str(rejection["kind"]), words if words in rejection["message"] else rejection["message"], json.dumps(rejection)
    )


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, (message, words) in MESSAGES.items():
        yield Attack("message", name, partial(rejected, message, words), "rejection", words)
