"""What went wrong, said once: the failures that the app passes around as data, and how ARM's errors become one.

    Failure                 a classified failure; what activities return and orchestrators decide on
      .failure_class        decides what happens next (FailureClass)
      .causes               the leaves of ARM's nested error, each (code, message, target)
    FailureError            the exception that carries a Failure inside armature and activities, never across the host

ARM nests the cause: `error.details[]` several levels deep, JSON inside message strings, a linked deployment's failure
only in the child's own operations. `leaf_causes` unwraps what one document holds; whoever reads ARM joins the rest.
Codes and their groups: design section 6, Azure Resource Manager troubleshooting pages (2025-11).
"""

from armature.errors.catalogue import RETRIED_AFTER_A_WAIT
from armature.errors.classification import class_of, failure, failure_from_causes, failure_from_error
from armature.errors.model import MAX_CAUSES, MAX_MESSAGE, Cause, Failure, FailureClass, FailureError, Recovery
from armature.errors.unwrapping import leaf_causes

__all__ = [
    "MAX_CAUSES",
    "MAX_MESSAGE",
    "RETRIED_AFTER_A_WAIT",
    "Cause",
    "Failure",
    "FailureClass",
    "FailureError",
    "Recovery",
    "class_of",
    "failure",
    "failure_from_causes",
    "failure_from_error",
    "leaf_causes",
]
