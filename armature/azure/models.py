"""What the gateways give and take: ARM's resources, deployments and operations as plain values."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import ConfigDict

from armature.errors import Failure
from armature.models import Model


class ResourceGroup(Model):
    """A resource group. `provisioning_state` is `Deleting` while ARM deletes it."""

    name: str
    location: str
    tags: dict[str, str] = {}
    provisioning_state: str = ""


class DeploymentBody(Model):
    """What a deployment is put with: a link to a template (`template_uri`, `query_string`), or the `template` itself.

    `parameters` are as in an ARM parameter file (`{name: {value}}` or `{name: {reference}}`); `query_string` is a SAS
    without its question mark; `location` is needed at every scope but a resource group's. Never stored: it holds a SAS.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    template_uri: str | None = None
    query_string: str | None = None
    template: dict[str, Any] | None = None
    parameters: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    location: str | None = None

    def __repr__(self) -> str:
        return f"DeploymentBody(template_uri={self.template_uri!r}, location={self.location!r})"

    __str__ = __repr__


class WhatIfAnswer(Model):
    """What ARM says of a what-if: its result, `properties`; or, while it works on it, `location`, where that will be.

    Kept in no history: the properties hold values of resources.
    """

    properties: dict[str, Any] | None = None
    location: str | None = None
    retry_after_seconds: float | None = None


class ReleaseSight(Model):
    """How a package that was handed to a site goes: `link` is where to look again while the platform works on it, after
    `retry_after_seconds`; without it, it is over, and `failure` says why it went wrong."""

    link: str | None = None
    retry_after_seconds: float | None = None
    failure: Failure | None = None


class ArmDeployment(Model):
    """A `Microsoft.Resources/deployments` resource.

    `outputs` are the values of its outputs, without the secure ones (ARM never gives those back, and we would not keep
    them); `output_resources` the ids of what it made; `error` ARM's error document as it came, of a failed one;
    `timestamp` the moment of its last change; `duration` ISO 8601, such as PT12.3S; `dependencies` tell for the id of a
    resource (or linked deployment) in it the ids of those that it waited for.
    """

    id: str
    name: str
    provisioning_state: str
    tags: dict[str, str] = {}
    outputs: dict[str, Any] = {}
    output_resources: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    correlation_id: str | None = None
    timestamp: datetime | None = None
    duration: str | None = None
    dependencies: dict[str, tuple[str, ...]] = {}

    @property
    def is_final(self) -> bool:
        """True when ARM will do no more for it."""
        return self.provisioning_state.lower() in ("succeeded", "failed", "canceled")

    @property
    def is_canceled(self) -> bool:
        """True when somebody cancelled it, as ARM spells that."""
        return self.provisioning_state.lower() == "canceled"

    @property
    def is_succeeded(self) -> bool:
        """True when ARM deployed all of it."""
        return self.provisioning_state.lower() == "succeeded"


class ArmOperation(Model):
    """One operation of a deployment: what it does (`kind`: Create, Read, EvaluateDeploymentOutput…) to which resource.

    `target_id` is None for an operation without one; `error` is ARM's error document as it came, of a failed one (a
    dict, a plain string, or None). `timestamp` is the moment of its last change, `duration` the time up to then.
    """

    operation_id: str
    kind: str
    provisioning_state: str
    target_id: str | None = None
    target_type: str | None = None
    status_code: str | None = None
    error: Any = None
    timestamp: datetime | None = None
    duration: timedelta | None = None

    @property
    def is_failed(self) -> bool:
        """True when this operation failed for good."""
        return self.provisioning_state.lower() == "failed"

    @property
    def is_linked_deployment(self) -> bool:
        """True when what it creates is itself a deployment."""
        return self.target_id is not None and (self.target_type or "").lower() == DEPLOYMENT_TYPE.lower()


class ArmResource(Model):
    """A resource. `properties` is empty in what a list gives: only a read of the resource itself tells them.

    `identity_principal_id` is the object id of its system-assigned identity; `user_assigned_identities` are the others
    by their resource id, each with `principalId` and `clientId`. `created_at` and `changed_at` are known of what
    `list_resources` gives; `managed_by` is the id of the resource that manages it.
    """

    id: str
    type: str
    name: str
    location: str | None = None
    tags: dict[str, str] = {}
    identity_principal_id: str | None = None
    user_assigned_identities: dict[str, dict[str, Any]] = {}
    properties: dict[str, Any] = {}
    kind: str = ""
    managed_by: str | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None


class ManagementLock(Model):
    """A lock: `scope` is what it is on, `level` CanNotDelete or ReadOnly."""

    id: str
    scope: str
    level: str


DEPLOYMENT_TYPE = "Microsoft.Resources/deployments"
