"""What providers work on: each accepted operation ends when its time has passed, also when ARM was killed meanwhile."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.caller import Caller
from emulator.arm.clock import SimulatedTime, now
from emulator.arm.errors import ArmError, ToldError, emulator_mistake
from emulator.arm.faults.fate import meet
from emulator.arm.grouping import begin_group_deletion, begin_group_write, finish_group_deletion
from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.removal import begin_removal, finish_removal
from emulator.arm.models import WHAT_IF, Deployment, ProviderOperation, ResourceGroup
from emulator.arm.provisioning import abandon_write, begin_remove, begin_write, finish_remove, finish_write, reach_out

_LOG = logging.getLogger(__name__)
WHAT_IF_SECONDS = 10.0
_KEPT = timedelta(hours=24)  # how long the result of an operation can be asked for; of Azure's time
_TIDIED_EVERY = timedelta(hours=1)  # of Azure's time

_FINISH: Mapping[str, Callable[[Surroundings, ProviderOperation], object]] = {
    "write": finish_write,
    "delete": finish_remove,
    "writeGroup": lambda surroundings, work: None,
    "deleteGroup": finish_group_deletion,
    "forget": lambda surroundings, work: finish_removal(surroundings.state, work),
    WHAT_IF: lambda surroundings, work: None,
}


class ProviderOperations:
    """Begins operations and sees to their end; every one is in the state from its acceptance on.

    The `begin_…` raise what the request is refused with. Their answers can be waited for with `ended`.
    """

    def __init__(self, surroundings: Surroundings, time: SimulatedTime) -> None:
        self._surroundings = surroundings
        self._state = surroundings.state
        self._time = time
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._tidied = now()

    def begin_write(
        self, resource_id: ResourceId, api_version: str, body: Mapping[str, Any], caller: Caller | None = None
    ) -> ProviderOperation:
        """A PUT of a resource; raises like emulator.arm.provisioning.begin_write."""
        return self._follow(begin_write(self._surroundings, resource_id, api_version, body, caller))

    def begin_remove(self, resource_id: ResourceId, caller: Caller | None = None) -> ProviderOperation | None:
        """A DELETE of a resource, None when there is none; raises like emulator.arm.provisioning.begin_remove."""
        work = begin_remove(self._surroundings, resource_id, caller)
        return self._follow(work) if work else None

    def begin_group_write(
        self, group_id: ResourceId, body: Mapping[str, Any], caller: Caller | None = None
    ) -> ProviderOperation:
        """A template's resource group, which is there at once; raises like emulator.arm.grouping.begin_group_write."""
        return self._follow(begin_group_write(self._surroundings, group_id, body, caller))

    def begin_group_deletion(self, group: ResourceGroup) -> ProviderOperation:
        """A DELETE of a resource group with all that it holds; the operation that runs when it is being deleted."""
        work = begin_group_deletion(self._state, group)
        return work if work.id in self._tasks else self._follow(work)

    def begin_removal(self, deployment: Deployment) -> ProviderOperation:
        """A DELETE of a history entry; raises like emulator.arm.lifecycle.removal.begin_removal."""
        work = begin_removal(self._state, deployment)
        return work if work.id in self._tasks else self._follow(work)

    def begin_what_if(self, deployment_id: ResourceId, answer: dict[str, Any]) -> ProviderOperation:
        """A what-if, whose answer is told when its time has passed."""
        work = ProviderOperation(WHAT_IF, deployment_id, WHAT_IF_SECONDS, answer, is_new=False)
        self._state.put_work(work)
        return self._follow(work)

    async def ended(self, work: ProviderOperation) -> None:
        """Return when the operation has ended."""
        if task := self._tasks.get(work.id):
            await asyncio.wait([task])

    def resume(self) -> None:
        """Go on with what had not ended when the process did, and forget what nobody will ask for any more."""
        for work in self._state.all_work():
            if not work.is_ended:
                self._follow(work)
        self._forget_old()

    async def stop(self) -> None:
        """Leave what runs as it is; it goes on when ARM starts again."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_old(self) -> None:
        """Forget results that were kept for long enough, unless a deployment has yet to learn them."""
        self._tidied = now()
        awaited = {op.work for run in self._state.runs() for op in run.operations if not op.is_ended}
        for work in self._state.all_work():
            if work.ended and self._time.age(work.ended) > _KEPT and work.id not in awaited:
                self._state.drop_work(work)

    def _follow(self, work: ProviderOperation) -> ProviderOperation:
        if self._time.age(self._tidied) > _TIDIED_EVERY:
            self._forget_old()
        self._tasks[work.id] = asyncio.get_running_loop().create_task(self._run(work))
        return work

    async def _run(self, work: ProviderOperation) -> None:
        await self._time.pass_since(work.started, work.seconds)
        try:
            await meet(work, self._state)
            if work.kind == "write":
                await reach_out(self._surroundings, work)
            _FINISH[work.kind](self._surroundings, work)
        except ArmError as error:
            self._fail(work, error)
        except Exception:
            _LOG.exception("%s of %s", work.kind, work.target)
            self._fail(work, emulator_mistake())
        else:
            work.status, work.status_code = "Succeeded", "Created" if work.is_new else "OK"
        work.ended = now()
        self._state.put_work(work)
        del self._tasks[work.id]

    def _fail(self, work: ProviderOperation, error: ArmError) -> None:
        if work.kind == "write":
            abandon_write(self._surroundings, work)
        work.status, work.status_code, work.error = "Failed", error.status_code_name, error.as_dict()
        work.status_message = error.status_message if isinstance(error, ToldError) else None
