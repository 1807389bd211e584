"""ARM as a test wants it: what stands in it, and what it refuses."""

from collections.abc import Iterator
from typing import Any

from armature.azure.models import ArmDeployment, ArmOperation
from armature.azure.services import Services
from armature.errors import Failure, FailureError
from armature.plan import DeploymentScopeTarget


class FakeArm:
    """Holds deployments by their resource id; answers each call that is named in `refusals` with that failure."""

    def __init__(self, *deployments: ArmDeployment, **refusals: Failure) -> None:
        self.deployments = {found.id.lower(): found for found in deployments}
        self.operations: dict[str, list[ArmOperation]] = {}
        self.resources: dict[str, dict[str, Any]] = {}
        self.refusals = refusals
        self.provider_states: list[str] = []
        self.failures: dict[str, Failure] = {}
        self.calls: list[tuple[str, str]] = []

    def _asked(self, call: str, what: str) -> None:
        self.calls.append((call, what))
        if call in self.refusals:
            raise FailureError(self.refusals[call])

    def called(self, call: str) -> list[str]:
        return [what for name, what in self.calls if name == call]

    def deployment_at(self, id_: str) -> ArmDeployment | None:
        self._asked("deployment_at", id_)
        return self.deployments.get(id_.lower())

    def get_deployment(self, scope: DeploymentScopeTarget, name: str) -> ArmDeployment | None:
        self._asked("get_deployment", name)
        return self.deployments.get(scope.deployment_id(name).lower())

    def put_deployment(self, scope: DeploymentScopeTarget, name: str, body: Any) -> ArmDeployment:
        self._asked("put_deployment", name)
        made = deployment(scope.deployment_id(name), "Accepted", **body.tags)
        self.deployments[made.id.lower()] = made
        return made

    def read_resource(self, resource_id: str) -> dict[str, Any] | None:
        self._asked("read_resource", resource_id)
        return self.resources.get(resource_id.lower())

    def get_resource_group(self, _name: str) -> None:
        return None

    def validate_deployment(self, *_: Any) -> tuple[str, ...]:
        return ()

    def list_operations(self, scope: DeploymentScopeTarget, name: str) -> list[ArmOperation]:
        return self.operations_at(scope.deployment_id(name))

    def operations_at(self, id_: str) -> list[ArmOperation]:
        self._asked("operations", id_)
        return self.operations.get(id_.lower(), [])

    def deployment_failure(self, _scope: Any, name: str, _deployment: ArmDeployment) -> Failure:
        return self.failures[name]

    def cancel_deployment(self, id_: str) -> bool:
        self._asked("cancel_deployment", id_)
        return not self.deployments[id_.lower()].is_final

    def running_deployments(self, scope_id: str) -> list[ArmDeployment]:
        self._asked("running_deployments", scope_id)
        return [found for found in self.deployments_of(scope_id) if not found.is_final]

    def deployments_of(self, scope_id: str) -> Iterator[ArmDeployment]:
        start = f"{scope_id}/providers/Microsoft.Resources/deployments/".lower()
        return iter([found for id_, found in self.deployments.items() if id_.startswith(start)])

    def delete_deployment(self, id_: str) -> None:
        self._asked("delete_deployment", id_)
        self.deployments.pop(id_.lower(), None)

    def provider_state(self, namespace: str) -> str:
        self._asked("provider_state", namespace)
        return self.provider_states.pop(0) if len(self.provider_states) > 1 else self.provider_states[0]

    def register_provider(self, namespace: str) -> None:
        self._asked("register_provider", namespace)


def deployment(id_: str, state: str, correlation_id: str | None = "c-1", **tags: str) -> ArmDeployment:
    """A deployment that ARM tells of."""
    name = id_.rsplit("/", 1)[-1]
    return ArmDeployment(id=id_, name=name, provisioning_state=state, tags=tags, correlation_id=correlation_id)


def created(id_: str, state: str = "Succeeded") -> ArmOperation:
    """The operation that makes a resource, or starts a linked deployment."""
    is_deployment = "/microsoft.resources/deployments/" in id_.lower()
    return ArmOperation(
        operation_id=id_,
        kind="Create",
        provisioning_state=state,
        target_id=id_,
        target_type="Microsoft.Resources/deployments" if is_deployment else "Microsoft.Test/things",
    )


def with_arm(app: Services, arm: Any) -> Services:
    """The services with another ARM."""

    class WithArm(type(app)):  # type: ignore[misc]
        def arm(self, subscription: str) -> Any:
            arm.subscription = subscription
            return arm

    return WithArm(**{name: getattr(app, name) for name in app.__dataclass_fields__})
