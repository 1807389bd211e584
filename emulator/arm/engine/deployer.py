"""Deployments from request to end: what the routes call."""

from emulator.arm import preflight
from emulator.arm.behaviours import Surroundings
from emulator.arm.clock import SimulatedTime
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.prediction import Prediction, Predictor
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.errors import ArmError
from emulator.arm.lifecycle.content import request_in
from emulator.arm.lifecycle.ending import fail
from emulator.arm.lifecycle.history import accept, check_startable
from emulator.arm.lifecycle.rollback import begin_rollback, catch_up, note_rollback, with_rollback_named
from emulator.arm.lifecycle.running import Runner
from emulator.arm.models import Deployment
from emulator.arm.operations import ProviderOperations


class Deployer:
    """Prepares, starts, runs and resumes deployments."""

    def __init__(
        self, surroundings: Surroundings, downloader: Downloader, operations: ProviderOperations, time: SimulatedTime
    ) -> None:
        self._surroundings, self._state = surroundings, surroundings.state
        self._preparation = Preparation(surroundings, downloader)
        self._runner = Runner(surroundings, self._preparation, operations, time)

    async def prepare(self, request: DeploymentRequest) -> Prepared:
        """Everything that ARM finds before it accepts; raises `ArmError`."""
        check_startable(self._state, request)
        return await self.preview(request)

    async def preview(self, request: DeploymentRequest) -> Prepared:
        """The same for a request that is not to be started: a name that is busy is no hindrance. Raises `ArmError`."""
        prepared = await self._preparation.prepare_root(with_rollback_named(self._state, request))
        await preflight.check(self._surroundings, prepared, request.caller)
        return prepared

    async def predict(self, prepared: Prepared) -> Prediction:
        """What would be made. Raises `ArmError`."""
        return await Predictor(self._preparation).predict(prepared)

    def accept(self, prepared: Prepared) -> tuple[Deployment, bool]:
        """Enter a prepared deployment into the history; answers it and whether the name is new. Raises `ArmError`."""
        return accept(self._state, prepared)

    async def run(self, prepared: Prepared, deployment: Deployment) -> None:
        """Run an accepted deployment to its end, and its rollback; what fails is told in the deployment."""
        await self._runner.run(prepared, deployment)
        await self._settle(deployment)

    async def _settle(self, deployment: Deployment) -> None:
        """What the end of a deployment leads to: its rollback, or news for the one that it rolls back."""
        if deployment.owes_rollback and (begun := await begin_rollback(self._state, self._preparation, deployment)):
            await self.run(*begun)
        if deployment.rolls_back and (failed := self._state.run(deployment.rolls_back)):
            note_rollback(self._state, failed, deployment.provisioning_state)

    def unsettled(self) -> list[Deployment]:
        """The deployments that are to be resumed after a start: nested ones are, by their parents."""
        catch_up(self._state)
        return [d for d in self._state.runs() if not (d.is_settled or (d.parent and self._state.run(d.parent)))]

    async def resume(self, deployment: Deployment) -> None:
        """Go on with a deployment that ran when the process ended; nothing that was begun is begun again."""
        if deployment.owes_rollback:
            await self._settle(deployment)
            return
        request, documents = request_in(deployment.content)
        try:
            prepared = await self._preparation.prepare_root(request, documents)
        except ArmError as error:
            fail(self._state, deployment, error.as_dict())
            await self._settle(deployment)
        else:
            await self.run(prepared, deployment)
