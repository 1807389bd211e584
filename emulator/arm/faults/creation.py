"""The faults of what deployments make: refused by the provider, failing, stuck, or the end of ARM itself."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.caller import Caller
from emulator.arm.faults.fate import die, failing, stuck
from emulator.arm.faults.occasions import creation_of, download_of
from emulator.arm.faults.principals import is_too_young, principal_not_found
from emulator.arm.faults.refusals import Subject, refusal
from emulator.arm.faults.shapes import shaped
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Deployment, ProviderOperation
from emulator.arm.state import CloudState
from emulator.faults.parameters import Death, Lag, Parameters, ResourceFailure
from emulator.faults.plan import Fault, FaultPlan


class CreationFaults:
    """Decides what happens to the resources of deployments and to the links that they follow."""

    def __init__(self, plan: FaultPlan, state: CloudState) -> None:
        self._plan = plan
        self._state = state

    def decide(
        self, resource_id: ResourceId, deployment: Deployment, body: Mapping[str, Any], caller: Caller | None
    ) -> tuple[Fault, ...]:
        """The faults of one resource, for `mark` once its provider has accepted it.

        Raises `ArmError` when the provider does not accept it.
        """

        def could(fault: str, parameters: Parameters) -> bool:
            return not isinstance(parameters, Lag) or is_too_young(self._state, body, parameters)

        faults = self._plan.decide(creation_of(resource_id, deployment.id.last_name), could)
        for fault in faults:
            match fault.parameters:
                case Death(moment="beforeWork"):
                    die()
                case ResourceFailure(after=0) as failure:
                    raise shaped(failure)
                case Lag():
                    raise principal_not_found(self._state, body)
            if error := refusal(fault, _subject(resource_id, body, caller)):
                raise error
        return faults

    def mark(self, faults: tuple[Fault, ...], work: ProviderOperation, deployment: Deployment) -> None:
        """Decide the end of what the provider has begun."""
        for fault in faults:
            match fault.parameters:
                case ResourceFailure() as failure:
                    work.seconds *= failure.after
                    work.fate = failing(failure)
                case Death():
                    self._state.flush()
                    die()
            if fault.name == "stuck":
                work.fate = stuck(deployment)
        self._state.put_work(work)

    def prevents_download(self, address: str) -> bool:
        """Whether what a link names can't be downloaded; the address is without its query."""
        return bool(self._plan.decide(download_of(address)))


def _subject(resource_id: ResourceId, body: Mapping[str, Any], caller: Caller | None) -> Subject:
    return Subject(
        id=str(resource_id),
        type=resource_id.type,
        name=resource_id.name,
        subscription=resource_id.subscription or "",
        action=f"{resource_id.type}/write",
        client=caller.client_id if caller else "",
        object_id=caller.object_id if caller else "",
        location=str(body.get("location") or "eastus2"),
    )
