"""What a look reads from ARM's answers."""

from typing import Any

import pytest

from emulator.looking.reading import _errors

LEAF = {"code": "Conflict", "message": "taken"}


@pytest.mark.parametrize(
    ("error", "leaves"),
    [
        (None, []),
        (LEAF, ["Conflict: taken"]),
        ({"code": "DeploymentFailed", "message": "see details", "details": [LEAF, {"details": [LEAF]}]}, [
            "Conflict: taken",
            "Conflict: taken",
        ]),
    ],
)  # fmt: skip
def test_of_an_error_the_leaves_are_told(error: dict[str, Any] | None, leaves: list[str]) -> None:
    assert _errors(error) == leaves
