"""What keeps deployments from going on in tests: resources that are never made, and such as can't be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator.faults.model import FaultFile, read_rule
from emulator.stack import Stack

Rule = dict[str, Any]

HELD: Rule = {
    "id": "held",
    "service": "arm",
    "match": {"operation": "CreateResource", "name": "*-held"},
    "fault": "stuck",
}
"""What has a name that ends in `-held` never gets made."""


def broken(pattern: str) -> Rule:
    """What has such a name can't be made; the rule's id is `broken`."""
    return {
        "id": "broken",
        "service": "arm",
        "match": {"operation": "CreateResource", "name": pattern},
        "fault": "provisioningFailure",
        "parameters": {"code": "WorkspaceRefused", "message": "The workspace can't be made.", "status": 400},
    }


@contextmanager
def hindered(stack: Stack, *rules: Rule) -> Iterator[None]:
    """Within it the stack goes by these rules."""
    stack.faults.load(FaultFile(seed=1, rules=tuple(map(read_rule, rules))))
    try:
        yield
    finally:
        stack.faults.clear()
