"""Running `python -m emulator` in a test, as somebody types it."""

import sys

import pytest

from emulator import __main__ as command_line
from tests.emulator.commands.running import Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with arguments; answers exit code, standard output and standard error."""

    def run_with(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["emulator", *arguments])
        try:
            code = command_line.main()
        except SystemExit as ended:
            code = 1 if isinstance(ended.code, str) else int(ended.code or 0)
            print(ended.code if isinstance(ended.code, str) else "", end="", file=sys.stderr)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_with
