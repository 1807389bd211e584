"""Codes that only wrap others, and what is said when there is nothing inside them."""

from armature.errors.entry import COMMON_ERRORS, LEARN, TROUBLESHOOTING, entry
from armature.errors.model import FailureClass

_LOOK = "Look at the deployment's operations in the portal, with the correlation id at hand."
_FIND = f"{TROUBLESHOOTING}find-error-code"
_EMPTY = (
    "DeploymentFailed ResourceDeploymentFailure MultipleErrorsOccurred Failed ResourceOperationFailure "
    "DownstreamEndpointError PreflightValidationCheckFailed Conflict ConflictError"
).split()

ENTRIES = (
    *(entry(code, FailureClass.UNKNOWN, _LOOK, _FIND, is_envelope=True) for code in _EMPTY),
    entry(
        "DeploymentFailedCleanUp",
        FailureClass.UNKNOWN,
        "What the template does not name could not be deleted (Complete mode): look for locks and rights. " + _LOOK,
        f"{LEARN}azure-resource-manager/templates/deployment-modes",
        is_envelope=True,
    ),
    *(
        entry(
            code,
            FailureClass.TEMPLATE,
            "The resource provider does not take what the template gives it. Correct the resource's properties, as the "
            "message says.",
            f"{LEARN}templates/" if code == "BadRequest" else f"{TROUBLESHOOTING}error-invalid-template",
            is_envelope=True,
        )
        for code in ("BadRequest", "InvalidTemplateDeployment")
    ),
    entry("Unknown", FailureClass.UNKNOWN, _LOOK, COMMON_ERRORS),
)
