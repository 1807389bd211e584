"""What awaits a provider's operation whose end a fault has decided: to fail, or not to end."""

import asyncio
import os
import signal
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.faults.shapes import shaped
from emulator.arm.models import Deployment, ProviderOperation
from emulator.arm.state import CloudState
from emulator.faults.parameters import ResourceFailure

_LOOK_SECONDS = 0.05


def failing(failure: ResourceFailure) -> dict[str, Any]:
    """The fate of an operation that fails when its time has passed."""
    return {"failure": failure.model_dump(mode="json")}


def stuck(deployment: Deployment) -> dict[str, Any]:
    """The fate of an operation that does not end before the run that began it was cancelled, or came to its end."""
    return {"stuckUntil": deployment.status_id}


async def meet(work: ProviderOperation, state: CloudState) -> None:
    """Let the fate of an operation happen, when its time has passed; raises the `ArmError` that it fails with."""
    if run := work.fate.get("stuckUntil"):
        while (deployment := state.run(run)) and not deployment.is_final:
            await asyncio.sleep(_LOOK_SECONDS)
        message = "The operation was canceled before it had ended."
        raise ArmError(409, "OperationAborted", message)
    if failure := work.fate.get("failure"):
        raise shaped(ResourceFailure.model_validate(failure))


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
