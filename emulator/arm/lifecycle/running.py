"""Running deployments: what can start starts, what is in flight ends, nothing that depends on a failure begins.

Every step is in the state before anything is told of it, and a step is found again rather than repeated: a run that is
given a deployment with operations goes on where they ended.
"""

import asyncio
from collections.abc import Awaitable
from copy import deepcopy
from functools import partial
from graphlib import TopologicalSorter

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from emulator.arm import gates
from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.generic import new_document
from emulator.arm.clock import SimulatedTime
from emulator.arm.engine.bodies import evaluate_body, failed_body
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.outputs import evaluate_outputs
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.errors import (
    ArmError,
    ToldError,
    deployment_failed,
    deployment_not_found,
    emulator_mistake,
    invalid_template,
)
from emulator.arm.lifecycle.asking import note_questions
from emulator.arm.lifecycle.complete import delete_what_is_not_named
from emulator.arm.lifecycle.ending import (
    LIFETIME,
    expire,
    fail,
    failures_of,
    operation_canceled,
    operation_failed,
    operation_succeeded,
)
from emulator.arm.lifecycle.history import accept
from emulator.arm.models import Deployment, Operation, ProviderOperation, Resource
from emulator.arm.operations import ProviderOperations
from emulator.arm.provisioning import present

CREATE, EVALUATE_OUTPUTS = "Create", "EvaluateDeploymentOutput"
REQUEST_CONTENT, RESPONSE_CONTENT = "requestcontent", "responsecontent"


class Runner:
    """Runs deployments and those nested in them."""

    def __init__(
        self,
        surroundings: Surroundings,
        preparation: Preparation,
        operations: ProviderOperations,
        time: SimulatedTime,
    ) -> None:
        self._surroundings = surroundings
        self._state = surroundings.state
        self._preparation = preparation
        self._operations = operations
        self._time = time
        self._evaluating = asyncio.Lock()  # hundreds that become ready at once must not keep requests waiting

    async def run(self, prepared: Prepared, deployment: Deployment) -> None:
        """Run an accepted deployment until nothing of it is in flight; what fails is told in the deployment.

        A cancelled deployment starts nothing more; what it has in flight is followed to its end. A mistake of the
        emulator's own fails the deployment with InternalServerError and is raised.
        """
        try:
            await self._run(prepared, deployment)
        except Exception:
            fail(self._state, deployment, emulator_mistake().as_dict())
            raise
        finally:
            self._state.put_deployment(deployment)

    async def _run(self, prepared: Prepared, deployment: Deployment) -> None:
        prepared.scope.context.is_running = True
        note_questions(self._state, prepared, deployment)
        if deployment.provisioning_state == "Accepted":
            deployment.enter("Running")
            self._state.put_deployment(deployment)
        left = self._time.left(deployment.started, LIFETIME.total_seconds()) * (self._time.scale or 1.0)
        timer = asyncio.get_running_loop().call_later(left, expire, self._state, deployment)
        try:
            await self._run_graph(prepared, deployment)
            if not (deployment.is_final or failures_of(deployment)) and deployment.mode == "Complete":
                await delete_what_is_not_named(self._state, self._operations, prepared, deployment)
            self._conclude(prepared, deployment)
        finally:
            timer.cancel()

    async def _run_graph(self, prepared: Prepared, deployment: Deployment) -> None:
        order = TopologicalSorter(prepared.edges)
        order.prepare()
        begun = {op.target.key: op for op in deployment.operations if op.kind == CREATE and op.target}
        ended: asyncio.Queue[tuple[Instance, asyncio.Task[bool]]] = asyncio.Queue()
        in_flight: set[asyncio.Task[bool]] = set()
        try:
            while order.is_active():
                for instance in order.get_ready():
                    operation = begun.get(instance.id.key)
                    if operation or not deployment.is_final:
                        task = asyncio.create_task(self._run_instance(prepared, deployment, instance, operation))
                        task.add_done_callback(partial(_report, ended, instance))
                        in_flight.add(task)
                if not in_flight:
                    break
                instance, task = await ended.get()
                in_flight.discard(task)
                if task.result():
                    order.done(instance)
        finally:
            for task in in_flight:
                task.cancel()

    async def _run_instance(
        self, prepared: Prepared, deployment: Deployment, instance: Instance, operation: Operation | None
    ) -> bool:
        """Make one resource, or go on with it; answers whether it is there now."""
        if operation is None:
            operation = Operation(CREATE, instance.id)
            deployment.operations.append(operation)
            self._state.put_operation(deployment, operation)
        if not operation.is_ended:
            make = self._run_nested if instance.id.is_deployment else self._write
            await self._attempt(deployment, operation, instance, make(prepared, deployment, instance, operation))
        return operation.provisioning_state == "Succeeded"

    async def _attempt(
        self, deployment: Deployment, operation: Operation, instance: Instance, making: Awaitable[None]
    ) -> None:
        try:
            await making
        except ArmError as error:
            told = error.status_message if isinstance(error, ToldError) else None
            operation_failed(self._state, deployment, operation, error.as_dict(), error.status_code_name, told)
        except UnresolvedError as error:
            refusal = invalid_template(f"this emulator can't tell {error.what}")
            operation_failed(self._state, deployment, operation, refusal.as_dict(), refusal.status_code_name)
        except (ExpressionError, ExpressionSyntaxError) as error:
            refusal = failed_body(instance, error)
            operation_failed(self._state, deployment, operation, refusal.as_dict(), refusal.status_code_name)

    async def _write(
        self, prepared: Prepared, deployment: Deployment, instance: Instance, operation: Operation
    ) -> None:
        begun = self._state.find_work(operation.work) if operation.work else None
        work = begun or await self._begin(prepared, instance, deployment, operation)
        if work is None:
            operation_canceled(self._state, deployment, operation)
            return
        await self._operations.ended(work)
        if work.error:
            told = work.status_message
            operation_failed(self._state, deployment, operation, work.error, work.status_code, told)
        else:
            operation.output_resources = [str(instance.id)]
            if is_detailed(deployment, RESPONSE_CONTENT) and (made := self._state.find_resource(instance.id)):
                operation.response = deepcopy(present(self._surroundings, made))
            operation_succeeded(self._state, deployment, operation, work.status_code)
        self._state.drop_work(work)

    async def _begin(
        self, prepared: Prepared, instance: Instance, deployment: Deployment, operation: Operation
    ) -> ProviderOperation | None:
        """Hand the resource to its provider; None when the deployment ended before."""
        async with self._evaluating:
            if deployment.is_final:
                return None
            body = evaluate_body(instance)
            await asyncio.sleep(0)
        if deployment.is_final:
            return None
        caller, faults = prepared.request.caller, self._surroundings.faults
        happening = faults.decide(instance.id, deployment, body, caller) if faults else ()
        if instance.id.is_resource_group:
            work = self._operations.begin_group_write(instance.id, body, caller)
        else:
            work = self._operations.begin_write(instance.id, instance.api_version, body, caller)
        operation.work = work.id
        if is_detailed(deployment, REQUEST_CONTENT):
            operation.request = body
        self._state.put_operation(deployment, operation)
        if faults and happening:
            faults.mark(happening, work, deployment)
        return work

    async def _run_nested(
        self, prepared: Prepared, deployment: Deployment, instance: Instance, operation: Operation
    ) -> None:
        """Run a nested deployment as one of its own; its parent learns only how it ended."""
        nested = self._state.run(operation.work) if operation.work else None
        if nested is None and operation.work:
            raise deployment_not_found(instance.id.last_name)
        if nested is None or not nested.is_settled:
            scope = instance.id.scope
            if scope.group and nested is None:
                self._state.writable_group(scope.subscription or "", scope.group)
            child = instance.child or await self._preparation.prepare_child(prepared, instance)
            if nested is None:
                if deployment.is_final:
                    operation_canceled(self._state, deployment, operation)
                    return
                self._check_nested(child)
                nested, _ = accept(self._state, child, parent=deployment)
                operation.work = nested.status_id
                self._state.put_operation(deployment, operation)
            await self.run(child, nested)
        operation.output_resources = list(nested.output_resources)
        if nested.provisioning_state == "Canceled":
            raise _ended_as("Canceled")
        if nested.error:
            raise deployment_failed(str(nested.id))
        operation_succeeded(self._state, deployment, operation, "OK")

    def _check_nested(self, child: Prepared) -> None:
        """Raise `ArmError` when who asked for the parent may not deploy there."""
        as_resource = Resource(child.request.id, "", new_document(child.request.id, {}))
        gates.check_write(self._surroundings, as_resource, None, child.request.caller)

    def _conclude(self, prepared: Prepared, deployment: Deployment) -> None:
        """All that could run has run: tell the outputs, and how it ended."""
        if deployment.is_final:
            return
        failures = failures_of(deployment)
        failure = None if failures else self._tell_outputs(prepared, deployment)
        if not failures and not failure:
            deployment.enter("Succeeded")
            return
        if failures:
            failure = deployment_failed(str(deployment.id), failures).as_dict()
        fail(self._state, deployment, failure)

    def _tell_outputs(self, prepared: Prepared, deployment: Deployment) -> dict[str, object] | None:
        """Evaluate the outputs; answers the error when they can't be told."""
        operation = Operation(EVALUATE_OUTPUTS, None)
        deployment.operations.append(operation)
        try:
            deployment.outputs = evaluate_outputs(prepared.template, prepared.scope)
        except ArmError as error:
            operation_failed(self._state, deployment, operation, error.as_dict(), error.status_code_name)
            return error.as_dict()
        operation_succeeded(self._state, deployment, operation, "OK")
        return None


def _report(
    ended: asyncio.Queue[tuple[Instance, asyncio.Task[bool]]], instance: Instance, task: asyncio.Task[bool]
) -> None:
    ended.put_nowait((instance, task))


def is_detailed(deployment: Deployment, content: str) -> bool:
    """True when `debugSetting.detailLevel` of the request names the content, which the operations then show."""
    levels = str((deployment.debug_setting or {}).get("detailLevel", "")).lower()
    return content in {level.strip() for level in levels.split(",")}


def _ended_as(state: str) -> ArmError:
    message = (
        "The resource write operation failed to complete successfully, because it reached terminal provisioning state "
        f"'{state}'."
    )
    return ArmError(409, "ResourceDeploymentFailure", message)
