"""`python -m emulator up`: what it refuses before it starts anything; tests/emulator/test_stack.py starts it."""

import pytest

from emulator.stack import Stack
from tests.emulator.commands.running import Run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--setting", "NAME"], "'NAME' is not NAME=VALUE"),
        (["--setting", "=x"], "'=x' is not NAME=VALUE"),
        (["--hosts", "0"], "'0' is not a number of hosts"),
        (["--hosts", "two"], "'two' is not a number of hosts"),
        (["--cloud", "AzureGermanCloud"], "invalid choice: 'AzureGermanCloud'"),
    ],
)
def test_a_wrong_argument_is_told(run: Run, arguments: list[str], told: str) -> None:
    code, _, error = run("up", *arguments)

    assert code == 2
    assert told in error


def test_a_second_one_in_the_same_folder_is_told(run: Run, small_stack: Stack) -> None:
    code, _, error = run("up", "--state", str(small_stack.state), "--port", "0")

    assert code == 1
    assert error.startswith("another emulator runs in")
