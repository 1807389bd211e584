"""How the command ends: its exit codes, and the error that ends it early."""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What the shell learns. docs/cli.md lists the same codes, and a test compares."""

    meaning: str

    COMPLETED = 0, "the deployment completed, or what the command was asked for is done"
    FAILED = 1, "the deployment failed, or what the command was asked for was not done"
    USAGE = 2, "the command line is wrong"
    REFUSED = 3, "the bundle was refused; nothing was deployed"
    API = 4, "the API can't be reached, or refused the request"
    CANCELLED = 5, "the deployment was cancelled, and not rolled back"
    ROLLED_BACK = 6, "the deployment was rolled back"
    CHANGES = 7, "with `--detailed-exit-code`: something would change"
    INTERRUPTED = 130, "interrupted; a deployment that had started goes on, or is being cancelled"

    def __new__(cls, code: int, meaning: str) -> "ExitCode":
        """A code and what it means."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


class CommandError(Exception):
    """The command can't go on: `message` says why, `next_step` what to do, `exit_code` is what the shell gets."""

    def __init__(self, exit_code: ExitCode, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.next_step = next_step

    def document(self) -> dict[str, Any]:
        """The JSON object that `--json` prints for it."""
        return {"error": {"message": self.message, "nextStep": self.next_step, "exitCode": int(self.exit_code)}}
