"""Codes of what somebody else is at: to be waited for. And of what was cancelled."""

from armature.errors.entry import COMMON_ERRORS, LEARN, TROUBLESHOOTING, entry, says
from armature.errors.model import FailureClass, Recovery

_OTHER = "Armature waits for the end of the other operation on {resource}. If it never ends, look at the activity log."
_RETRY = "Armature waits, then tries again."
_DEPLOYMENTS = f"{LEARN}azure-resource-manager/templates/deployment-history"
_DELETE = f"{LEARN}azure-resource-manager/management/delete-resource-group"
_USED = (
    "Remove what still uses it: {user}. While a rollback deletes what a deployment made, Armature waits and tries "
    "again."
)
_CANCELLED = (
    "Somebody, or a limit of time, ended the operation. Look at the activity log for who it was, then deploy again."
)

_IN_PROGRESS = says(
    "in progress", "is being", "another operation", "currently running", "try again later", "is updating"
)
_OTHER_OPERATION = (
    "AnotherOperationInProgress OperationInProgress ConcurrentOperation ConflictingConcurrentWriteNotAllowed "
    "RetryableErrorDueToAnotherOperation OperationPreempted"
).split()
_IN_USE = (
    "InUseSubnetCannotBeDeleted InUseNetworkSecurityGroupCannotBeDeleted InUseRouteTableCannotBeDeleted "
    "PublicIPAddressCannotBeDeleted NicInUse NicInUseWithPrivateEndpoint CannotDeleteResource "
    "RoleDefinitionHasAssignments"
).split()

ENTRIES = (
    *(
        entry(
            code,
            FailureClass.RESOURCE_CONFLICT,
            "Deployment {deployment} still runs, since {since}. Armature waits for its end. To end it now: az "
            "deployment group cancel -n {deployment} -g RESOURCE-GROUP. Wait for the other deployment, or cancel it.",
            _DEPLOYMENTS,
        )
        for code in ("DeploymentActive", "DeploymentActiveAndUneditable")
    ),
    entry(
        "DeploymentBeingDeleted",
        FailureClass.RESOURCE_CONFLICT,
        "The history's entry of that name is being deleted. Armature waits until it is gone.",
        _DEPLOYMENTS,
    ),
    *(entry(code, FailureClass.RESOURCE_CONFLICT, f"{_OTHER} {_RETRY}", COMMON_ERRORS) for code in _OTHER_OPERATION),
    *(
        entry(code, FailureClass.RESOURCE_CONFLICT, f"{_OTHER} {_RETRY}", COMMON_ERRORS, when=_IN_PROGRESS)
        for code in ("Conflict", "ConflictError", "OperationNotAllowed")
    ),
    entry(
        "ResourceGroupBeingDeleted",
        FailureClass.RESOURCE_CONFLICT,
        "Resource group {group} is being deleted. Armature waits until it is gone, then makes it anew.",
        _DELETE,
    ),
    entry(
        "ResourceBeingDeleted",
        FailureClass.RESOURCE_CONFLICT,
        "A resource of that name is being deleted. Armature waits until it is gone.",
        _DELETE,
    ),
    *(entry(code, FailureClass.RESOURCE_CONFLICT, f"{_USED} {_RETRY}", COMMON_ERRORS) for code in _IN_USE),
    entry(
        "ReferencedResourceNotProvisioned",
        FailureClass.RESOURCE_CONFLICT,
        "A resource that it refers to is not ready. Armature waits. Name that resource in dependsOn, so that ARM waits "
        "too.",
        f"{LEARN}azure-resource-manager/templates/resource-dependency",
    ),
    entry(
        "PreconditionFailed",
        FailureClass.RESOURCE_CONFLICT,
        "It was changed at the same moment. Armature reads it again and tries again.",
        COMMON_ERRORS,
    ),
    entry("HTTP 412", FailureClass.RESOURCE_CONFLICT, _RETRY, COMMON_ERRORS),
    entry(
        "DeploymentCannotBeCancelled",
        FailureClass.RESOURCE_CONFLICT,
        "The deployment had ended before it could be cancelled: there is nothing to do.",
        _DEPLOYMENTS,
        recovery=Recovery.TREAT_AS_DONE,
    ),
    *(
        entry(code, FailureClass.UNKNOWN, _CANCELLED, f"{TROUBLESHOOTING}overview")
        for code in (
            "OperationAborted DeploymentCancelled DeploymentCanceled OperationCanceled NestedDeploymentShortCircuited"
        ).split()
    ),
    entry(
        "DeploymentTimedOut",
        FailureClass.UNKNOWN,
        "The deployment did not end in its time. Look at its operations for the one that hangs, then deploy again.",
        _DEPLOYMENTS,
    ),
)
