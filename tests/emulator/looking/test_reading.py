"""What a look reads from ARM's answers: the causes, in whatever shape they arrive."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.looking.reading import read_deployment

LEAF = {"code": "Conflict", "message": "taken"}
ENVELOPE = {"code": "DeploymentFailed", "message": "see details", "details": [LEAF, {"details": [LEAF]}]}


class Answering:
    """An ARM with one deployment, of one operation."""

    def __init__(self, error: Any, status_message: Any) -> None:
        self.deployment = {"name": "main", "properties": {"provisioningState": "Failed", "error": error}}
        operation = {"provisioningOperation": "Create", "provisioningState": "Failed", "statusMessage": status_message}
        self.operation = {"properties": operation}

    def get(self, path: str, api_version: str) -> dict[str, Any]:
        return self.deployment

    def list(self, path: str, api_version: str) -> Iterator[dict[str, Any]]:
        yield self.operation


@pytest.mark.parametrize(
    ("error", "leaves"),
    [(None, ()), (LEAF, ("Conflict: taken",)), (ENVELOPE, ("Conflict: taken", "Conflict: taken"))],
)
def test_of_an_error_the_leaves_are_told(error: dict[str, Any] | None, leaves: tuple[str, ...]) -> None:
    assert read_deployment(Answering(error, None), "/scope", "main").errors == leaves


@pytest.mark.parametrize(
    ("status_message", "told"),
    [
        (None, ""),
        ("The thing is bad.", "The thing is bad."),
        ({"status": "Failed", "error": ENVELOPE}, "Conflict: taken; Conflict: taken"),
        ({"Code": "BadThing", "Message": "bad"}, '{"Code": "BadThing", "Message": "bad"}'),
    ],
)
def test_what_an_operation_failed_with_is_told_in_every_shape(status_message: Any, told: str) -> None:
    (operation,) = read_deployment(Answering(None, status_message), "/scope", "main").operations

    assert operation.error == told
