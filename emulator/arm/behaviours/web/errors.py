"""Refusals as App Service words them: the reason once more in `details`, beside an entry that holds only the code."""

from emulator.arm.errors import ArmError


def web_error(status: int, code: str, message: str) -> ArmError:
    """The error with its details, as ARM hands on what App Service answers."""
    return ArmError(status, code, message, details=[{"message": message}, {"code": code}, {}])


def not_running() -> ArmError:
    """The functions host of the site does not answer; App Service words it so for `syncfunctiontriggers` and keys."""
    return web_error(400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.")
