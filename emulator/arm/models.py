"""What exists in the cloud: groups, resources, deployments with their operations, and what providers work on."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.arm.clock import now
from emulator.arm.identifiers import ResourceId

FINAL_STATES = frozenset({"Succeeded", "Failed", "Canceled"})
WHAT_IF = "whatIf"  # the kind of the operation whose document is the answer of a what-if
DELETING = "Deleting"


def _guid() -> str:
    return str(uuid.uuid4())


@dataclass
class ResourceGroup:
    """A resource group."""

    id: ResourceId
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str | None = None
    provisioning_state: str = "Succeeded"


@dataclass
class Resource:
    """A resource as its provider keeps it; `secrets` are told by the actions that are meant to, and nowhere else.

    `requested` are the properties that the last PUT asked for: what else there is, its provider added.
    """

    id: ResourceId
    api_version: str
    document: dict[str, Any]
    secrets: dict[str, Any] = field(default_factory=dict)
    requested: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` object, made when there is none."""
        properties: dict[str, Any] = self.document.setdefault("properties", {})
        return properties

    @property
    def governs(self) -> bool:
        """True for a lock, a role assignment or a policy: it says what may be done, and is in no list of resources."""
        return self.id.namespace.lower() == "microsoft.authorization"

    @property
    def provisioning_state(self) -> str:
        """Succeeded, or what goes on."""
        return str(self.properties.get("provisioningState", "Succeeded"))

    @property
    def is_busy(self) -> bool:
        """True while an operation on it runs."""
        return self.provisioning_state not in FINAL_STATES


@dataclass
class ProviderOperation:
    """Work that a provider has accepted and that takes its time: what `Azure-AsyncOperation` and `Location` ask about.

    `kind` is the entry of emulator.arm.operations that ends it. `seconds` is how long it takes in Azure. `document` and
    `api_version` are the resource that a write makes; `is_new` is False when there was one before. `error` is that of a
    failed one, as in answers, and `status_code` the name of its HTTP status; `status_message` is what a deployment's
    operation tells instead of `error`. `fate` is how it ends when a fault decided that (emulator.arm.faults.fate).
    """

    kind: str
    target: ResourceId
    seconds: float
    document: dict[str, Any] | None = None
    api_version: str = ""
    is_new: bool = True
    id: str = field(default_factory=_guid)
    status: str = "Running"
    status_code: str = ""
    error: dict[str, Any] | None = None
    status_message: Any = None
    fate: dict[str, Any] = field(default_factory=dict)
    started: datetime = field(default_factory=now)
    ended: datetime | None = None

    @property
    def is_ended(self) -> bool:
        """True when nothing more will happen."""
        return self.status in FINAL_STATES


@dataclass
class Operation:
    """One deployment operation: a resource's creation or deletion, or the evaluation of the outputs.

    `work` is the id of the ProviderOperation that it waits for, or of the run (`Deployment.status_id`) of the nested
    deployment that it started. `request` and `response` are the bodies, where the request's `debugSetting` asks for
    them. `output_resources` are the ids of what it made. `error` is what it failed with, and `status_message` how that
    is told.
    """

    kind: str
    target: ResourceId | None
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16].upper())
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    provisioning_state: str = "Running"
    status_code: str | None = None
    status_message: Any = None
    error: dict[str, Any] | None = None
    tracking_id: str = field(default_factory=_guid)
    service_request_id: str = field(default_factory=_guid)
    work: str | None = None
    request: Any = None
    response: Any = None
    output_resources: list[str] = field(default_factory=list)

    @property
    def is_ended(self) -> bool:
        """True when nothing more will happen."""
        return self.ended is not None


@dataclass
class Deployment:
    """One run of a template: what ARM tells of it, plus its operations.

    `status_id` names the run: a later deployment of the same name is another run. `content` is the request as JSON,
    from which the run can be prepared again. `parent` is the run of the deployment that it is nested in, `rolls_back`
    the run because of whose failure it was started. `on_error` is what is to be deployed when this one fails: `type`,
    `deploymentName` and, once it was started, `provisioningState`. `is_superseded` says that the name belongs to a
    later run; `is_gone` that it was deleted.
    """

    id: ResourceId
    mode: str
    correlation_id: str
    location: str | None = None
    tags: dict[str, str] | None = None
    template_link: dict[str, Any] | None = None
    template_hash: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    provisioning_state: str = "Accepted"
    started: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)
    outputs: dict[str, Any] | None = None
    validated_resources: list[str] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)
    providers: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    debug_setting: dict[str, Any] | None = None
    on_error: dict[str, Any] | None = None
    status_id: str = field(default_factory=_guid)
    parent: str | None = None
    rolls_back: str | None = None
    is_superseded: bool = False
    is_gone: bool = field(default=False, metadata={"stored": False})
    content: dict[str, Any] = field(default_factory=dict, metadata={"stored": False})
    operations: list[Operation] = field(default_factory=list, metadata={"stored": False})

    @property
    def is_final(self) -> bool:
        """True when it has ended; one that is being removed from the history has."""
        return self.provisioning_state in FINAL_STATES or self.provisioning_state == DELETING

    @property
    def is_settled(self) -> bool:
        """True when nothing is left to do: a cancelled one's operations go on, a failed one's rollback is to start."""
        return self.is_final and not self.owes_rollback and all(operation.is_ended for operation in self.operations)

    @property
    def owes_rollback(self) -> bool:
        """True when it failed and what it names for that case was not started yet."""
        is_named = self.on_error is not None and "provisioningState" not in self.on_error
        return self.provisioning_state == "Failed" and is_named

    @property
    def timestamp(self) -> datetime:
        """When it last changed: its own state, or an operation's."""
        if self.is_final:
            return self.changed
        return max([self.changed, *(operation.ended or operation.started for operation in self.operations)])

    @property
    def output_resources(self) -> list[str]:
        """The ids of what its operations made, in the order in which they began."""
        return [made for operation in self.operations for made in operation.output_resources]

    def enter(self, provisioning_state: str) -> None:
        """Note the new state and when it came."""
        self.provisioning_state = provisioning_state
        self.changed = now()
