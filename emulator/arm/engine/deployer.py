"""Running deployments: what can start starts, what is in flight ends, nothing that depends on a failure begins."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from graphlib import TopologicalSorter
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from emulator.arm.behaviours import Surroundings
from emulator.arm.clock import SimulatedTime, now
from emulator.arm.engine.expansion import NotYetToldError, evaluate_body, failed_body
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.links import Downloader
from emulator.arm.engine.outputs import evaluate_outputs
from emulator.arm.engine.parameters import is_secure, shown_type
from emulator.arm.engine.preparation import Preparation
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.errors import ArmError, deployment_failed, invalid_template
from emulator.arm.grouping import write_group
from emulator.arm.provisioning import abandon_write, begin_write, finish_write
from emulator.arm.state import Deployment, Operation

GROUP_SECONDS = 2.0
OUTPUT_SECONDS = 0.0
_LIFETIME = timedelta(days=7)  # a deployment to a resource group that is stuck is ended by ARM after seven days


class Deployer:
    """Prepares, starts and runs deployments against the state."""

    def __init__(self, surroundings: Surroundings, downloader: Downloader, time: SimulatedTime) -> None:
        self._surroundings = surroundings
        self._state = surroundings.state
        self._preparation = Preparation(surroundings, downloader)
        self._time = time
        self._evaluating = asyncio.Lock()  # hundreds that become ready at once must not keep requests waiting

    async def prepare(self, request: DeploymentRequest) -> Prepared:
        """Everything that ARM finds before it accepts; raises `ArmError`."""
        self.check_startable(request)
        return await self._preparation.prepare_root(request)

    def check_startable(self, request: DeploymentRequest) -> None:
        """Raise `ArmError` when the scope is not there, the name is busy, or its location would change."""
        scope, existing = request.id.scope, self._state.find_deployment(request.id)
        self._state.check_subscription(scope.subscription or "")
        if scope.group:
            self._state.writable_group(scope.subscription or "", scope.group)
        if existing is None:
            return
        if not existing.is_final:
            raise _active(existing)
        if existing.location and request.location and existing.location != request.location:
            message = (
                f"Invalid deployment location '{request.location}'. The deployment '{existing.id.last_name}' already "
                f"exists in location '{existing.location}'."
            )
            raise ArmError(409, "InvalidDeploymentLocation", message)

    def accept(self, prepared: Prepared) -> tuple[Deployment, bool]:
        """Enter a prepared deployment into the history; answers it and whether the name is new. Raises `ArmError`."""
        self.check_startable(prepared.request)
        request = prepared.request
        is_new = self._state.find_deployment(request.id) is None
        deployment = Deployment(
            id=request.id,
            mode=request.mode,
            correlation_id=request.correlation_id,
            location=request.location,
            tags=dict(request.tags) if request.tags else None,
            template_link=request.template_link.shown() if request.template_link else None,
            template_hash=template_hash(prepared.template),
            parameters=_shown_parameters(prepared),
            validated_resources=[str(instance.id) for instance in prepared.resources()],
            dependencies=_dependencies(prepared),
            providers=_providers(prepared),
        )
        self._state.put_deployment(deployment)
        return deployment, is_new

    async def run(self, prepared: Prepared, deployment: Deployment) -> None:
        """Run an accepted deployment to its end; what fails is told in the deployment.

        A mistake of the emulator's own fails the deployment with InternalServerError and is raised.
        """
        try:
            await self._run(prepared, deployment)
        except Exception:
            error = ArmError(500, "InternalServerError", "The emulator made a mistake; its log holds the trace.")
            deployment.error = error.as_dict()
            deployment.enter("Failed")
            raise

    async def _run(self, prepared: Prepared, deployment: Deployment) -> None:
        deployment.enter("Running")
        prepared.scope.context.is_running = True
        failures = await self._run_graph(prepared, deployment)
        if not failures:
            failures = await self._tell_outputs(prepared, deployment)
        if failures:
            deployment.error = deployment_failed(str(deployment.id), [error.as_dict() for error in failures]).as_dict()
            if len(failures) == 1 and failures[0].code == "DeploymentOutputEvaluationFailed":
                deployment.error = failures[0].as_dict()
        deployment.enter("Failed" if failures else "Succeeded")

    async def _run_graph(self, prepared: Prepared, deployment: Deployment) -> list[ArmError]:
        order = TopologicalSorter(prepared.edges)
        order.prepare()
        in_flight: dict[asyncio.Task[ArmError | None], Instance] = {}
        failures: list[ArmError] = []
        try:
            while order.is_active():
                for instance in order.get_ready():
                    in_flight[asyncio.create_task(self._run_instance(prepared, deployment, instance))] = instance
                if not in_flight:
                    break
                done, _ = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    instance = in_flight.pop(task)
                    if error := task.result():
                        failures.append(error)
                    else:
                        order.done(instance)
        finally:
            for task in in_flight:
                task.cancel()
        return failures

    async def _run_instance(self, prepared: Prepared, deployment: Deployment, instance: Instance) -> ArmError | None:
        operation = Operation(secrets.token_hex(8).upper(), "Create", instance.id)
        deployment.operations.append(operation)
        deployment.changed = now()
        try:
            operation.status_code = await self._create(prepared, deployment, instance)
        except ArmError as error:
            return _failed(operation, error, instance)
        except NotYetToldError as error:
            return _failed(operation, error.refusal, instance)
        except UnresolvedError as error:
            return _failed(operation, invalid_template(f"this emulator can't tell {error.what}"), instance)
        except (ExpressionError, ExpressionSyntaxError) as error:
            return _failed(operation, failed_body(instance, error), instance)
        operation.provisioning_state, operation.ended = "Succeeded", now()
        return None

    async def _create(self, prepared: Prepared, deployment: Deployment, instance: Instance) -> str:
        """Make one resource; answers the name of the HTTP status that its provider gave."""
        if instance.id.is_deployment:
            await self._run_nested(prepared, deployment, instance)
            return "OK"
        async with self._evaluating:
            body = evaluate_body(instance)
            await asyncio.sleep(0)
        if instance.id.is_resource_group:
            _, is_new = write_group(self._state, instance.id, body)
            await self._time.pass_by(GROUP_SECONDS)
        else:
            pending = begin_write(self._surroundings, instance.id, instance.api_version, body)
            is_new = pending.before is None
            try:
                await self._time.pass_by(pending.behaviour.seconds)
                finish_write(self._surroundings, pending)
            except BaseException:
                abandon_write(self._surroundings, pending)
                raise
        deployment.output_resources.append(str(instance.id))
        return "Created" if is_new else "OK"

    async def _run_nested(self, prepared: Prepared, deployment: Deployment, instance: Instance) -> None:
        """Run a nested deployment as one of its own; its parent learns only that it failed."""
        scope = instance.id.scope
        if scope.group:
            self._state.writable_group(scope.subscription or "", scope.group)
        child = instance.child or await self._preparation.prepare_child(prepared, instance)
        nested, _ = self.accept(child)
        await self.run(child, nested)
        deployment.output_resources.extend(nested.output_resources)
        if nested.error:
            raise deployment_failed(str(nested.id))

    async def _tell_outputs(self, prepared: Prepared, deployment: Deployment) -> list[ArmError]:
        operation = Operation(secrets.token_hex(8).upper(), "EvaluateDeploymentOutput", None)
        deployment.operations.append(operation)
        await self._time.pass_by(OUTPUT_SECONDS)
        try:
            deployment.outputs = evaluate_outputs(prepared.template, prepared.scope)
        except ArmError as error:
            return [_failed(operation, error, None)]
        operation.provisioning_state, operation.status_code, operation.ended = "Succeeded", "OK", now()
        return []


def _failed(operation: Operation, error: ArmError, instance: Instance | None) -> ArmError:
    operation.provisioning_state, operation.ended = "Failed", now()
    operation.status_code = error.status_code_name
    operation.status_message = {"status": "Failed", "error": error.as_dict()}
    if error.target or instance is None:
        return error
    return ArmError(
        error.status,
        error.code,
        error.message,
        target=str(instance.id),
        details=error.details,
        additional_info=error.additional_info,
    )


def _active(existing: Deployment) -> ArmError:
    expires = existing.started + _LIFETIME
    message = (
        f"Unable to edit or replace deployment '{existing.id.last_name}': previous deployment from "
        f"'{existing.started:%m/%d/%Y %I:%M:%S %p}' is still active (expiration time is "
        f"'{expires:%m/%d/%Y %I:%M:%S %p}'). "
        "Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(409, "DeploymentActive", message)


def template_hash(template: Mapping[str, Any]) -> str:
    """A number of up to 20 digits that is the same for the same template, as ARM's `templateHash` is."""
    canonical = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    return str(int.from_bytes(hashlib.sha256(canonical).digest()[:8], "big"))


def _shown_parameters(prepared: Prepared) -> dict[str, Any]:
    """Types and values; of secure parameters, and in an outer-scope template of all, only what may be seen."""
    if prepared.scope.template is not prepared.template:
        return {}
    shown: dict[str, Any] = {}
    for name, declaration in (prepared.template.get("parameters") or {}).items():
        value = {} if is_secure(declaration) else {"value": prepared.scope.parameter(name)}
        shown[name] = {"type": shown_type(declaration)} | value
    return shown


def _dependencies(prepared: Prepared) -> list[dict[str, Any]]:
    return [
        {"dependsOn": [_named(other) for other in wanted]} | _named(instance)
        for instance, wanted in prepared.edges.items()
        if wanted
    ]


def _named(instance: Instance) -> dict[str, Any]:
    return {"id": str(instance.id), "resourceType": instance.type, "resourceName": instance.name}


def _providers(prepared: Prepared) -> list[dict[str, Any]]:
    types: dict[str, dict[str, set[str]]] = {}
    for instance in prepared.instances:
        if instance.is_run:
            namespace, _, kind = instance.type.partition("/")
            location = instance.declaration.get("location")
            locations = types.setdefault(namespace, {}).setdefault(kind, set())
            locations |= {location} if isinstance(location, str) and not location.startswith("[") else set()
    return [
        {
            "namespace": namespace,
            "resourceTypes": [
                {"resourceType": kind, "locations": sorted(where) or [None]} for kind, where in kinds.items()
            ],
        }
        for namespace, kinds in types.items()
    ]
