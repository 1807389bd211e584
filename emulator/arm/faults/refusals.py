"""The refusals that faults make, worded as Azure words them.

Sources: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors and the pages
of the single errors that it leads to.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import DEPLOYMENT_TYPE
from emulator.faults.parameters import Capacity, Refusal, Throttle, Wording
from emulator.faults.plan import Fault

_CAPACITY = {
    "SkuNotAvailable": (
        "The requested size for resource '{id}' is currently not available in location '{location}' zones '' for "
        "subscription '{subscription}'. Please try another size or deploy to a different location or zones. See "
        "https://aka.ms/azureskunotavailable for details."
    ),
    "AllocationFailed": (
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more "
        "about improving likelihood of allocation success at https://aka.ms/allocation-guidance"
    ),
    "ZonalAllocationFailed": (
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this zone. Read more about "
        "improving likelihood of allocation success at https://aka.ms/allocation-guidance"
    ),
}


@dataclass(frozen=True)
class Subject:
    """What is refused, and to whom."""

    id: str
    type: str
    name: str
    subscription: str
    action: str
    client: str = ""
    object_id: str = ""
    location: str = "eastus2"

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.type.split("/")[0]

    @property
    def is_deployment(self) -> bool:
        """Whether a deployment's start is refused, rather than one resource."""
        return self.type == DEPLOYMENT_TYPE


def refusal(fault: Fault, subject: Subject) -> ArmError | None:
    """The refusal that a fault makes of this; None for a fault that refuses nothing."""
    if isinstance(fault.parameters, Refusal):
        given = fault.parameters
        return ArmError(given.status, given.code, given.message)
    word = _WORDINGS.get(fault.name)
    if word is None:
        return None
    error = word(subject, fault)
    if isinstance(fault.parameters, Wording | Capacity | Throttle):
        error.message = fault.parameters.message or error.message
        error.code = fault.parameters.code or error.code
    preflighted = fault.name in ("quotaExceeded", "outOfCapacity", "policyDenied")
    return _from_preflight(subject, error) if preflighted and subject.is_deployment else error


def _from_preflight(subject: Subject, error: ArmError) -> ArmError:
    if error.code == "RequestDisallowedByPolicy":
        message = "The template deployment failed because of policy violation. Please see details for more information."
    else:
        message = (
            f"The template deployment '{subject.name}' is not valid according to the validation procedure. The "
            f"tracking id is '{uuid.uuid4()}'. See inner errors for details."
        )
    return ArmError(400, "InvalidTemplateDeployment", message, details=[error.as_dict()])


def _forbidden(subject: Subject, _: Fault) -> ArmError:
    message = (
        f"The client '{subject.client}' with object id '{subject.object_id}' does not have authorization to perform "
        f"action '{subject.action}' over scope '{subject.id}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials."
    )
    return ArmError(403, "AuthorizationFailed", message)


def _conflict(subject: Subject, _: Fault) -> ArmError:
    message = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: "
        f"https://management.azure.com{subject.id}."
    )
    return ArmError(409, "AnotherOperationInProgress", message)


def _deployment_active(subject: Subject, _: Fault) -> ArmError:
    message = (
        f"Unable to edit or replace deployment '{subject.name}': previous deployment is still active. "
        "Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(409, "DeploymentActive", message)


def _cancel_refused(subject: Subject, _: Fault) -> ArmError:
    message = f"The deployment '{subject.name}' cannot be cancelled at this time."
    return ArmError(409, "DeploymentCannotBeCancelled", message)


def _quota(subject: Subject, _: Fault) -> ArmError:
    message = (
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional "
        f"details - Deployment Model: Resource Manager, Location: {subject.location}, Current Limit: 10, Current "
        "Usage: 10, Additional Required: 4, (Minimum) New Limit Required: 14. Submit a request for Quota increase at "
        "https://aka.ms/ProdportalCRP."
    )
    return ArmError(409, "QuotaExceeded", message)


def _history_full(subject: Subject, _: Fault) -> ArmError:
    message = (
        f"Creating the deployment '{subject.name}' would exceed the quota of '800'. The current deployment count is "
        "'800'. Please delete some deployments before creating a new one, or see https://aka.ms/800LimitFix for "
        "information on managing deployment limits."
    )
    return ArmError(409, "DeploymentQuotaExceeded", message)


def _capacity(subject: Subject, fault: Fault) -> ArmError:
    code = fault.parameters.code if isinstance(fault.parameters, Capacity) else "SkuNotAvailable"
    message = _CAPACITY[code].format(id=subject.id, location=subject.location, subscription=subject.subscription)
    return ArmError(409, code, message)


def _policy(subject: Subject, _: Fault) -> ArmError:
    root = f"/subscriptions/{subject.subscription}/providers/Microsoft.Authorization"
    assignment = {"name": "Fault", "id": f"{root}/policyAssignments/fault"}
    definition = {"name": "Denied by a fault", "id": f"{root}/policyDefinitions/fault"}
    identifiers = json.dumps([{"policyAssignment": assignment, "policyDefinition": definition}])
    info = {
        "policyDefinitionDisplayName": definition["name"],
        "policyDefinitionId": definition["id"],
        "policyDefinitionName": "fault",
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": assignment["id"],
        "policyAssignmentName": "fault",
        "policyAssignmentDisplayName": assignment["name"],
        "policyAssignmentScope": f"/subscriptions/{subject.subscription}",
    }
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{subject.name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
        target=subject.name,
        additional_info=[{"type": "PolicyViolation", "info": info}],
    )


def _not_registered(subject: Subject, _: Fault) -> ArmError:
    message = (
        f"The subscription is not registered to use namespace '{subject.namespace}'. See https://aka.ms/rps-not-found "
        "for how to register subscriptions."
    )
    code = "MissingSubscriptionRegistration"
    return ArmError(409, code, message, details=[{"code": code, "target": subject.namespace, "message": message}])


def _soft_deleted(subject: Subject, _: Fault) -> ArmError:
    message = (
        f"A resource with the name '{subject.name}' already exists in deleted state. You need to either recover or "
        "purge the existing one. See https://go.microsoft.com/fwlink/?linkid=2149745 for more on soft delete."
    )
    return ArmError(409, "ConflictError", message)


def _resource_throttled(subject: Subject, fault: Fault) -> ArmError:
    seconds = fault.parameters.retry_after_seconds if isinstance(fault.parameters, Throttle) else 1
    message = (
        f"Too many requests were sent to the resource provider '{subject.namespace}' for subscription "
        f"'{subject.subscription}'. Please try again after '{seconds}' seconds."
    )
    return ArmError(429, "ResourceRequestsThrottled", message)


_WORDINGS: Mapping[str, Callable[[Subject, Fault], ArmError]] = {
    "forbidden": _forbidden,
    "conflict": _conflict,
    "deploymentActive": _deployment_active,
    "cancelRefused": _cancel_refused,
    "quotaExceeded": _quota,
    "historyFull": _history_full,
    "outOfCapacity": _capacity,
    "policyDenied": _policy,
    "notRegistered": _not_registered,
    "softDeletedName": _soft_deleted,
    "resourceThrottled": _resource_throttled,
}
