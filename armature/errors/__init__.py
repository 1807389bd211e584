"""What went wrong, said once: the failures that the app passes around as data, and how Azure's errors become one.

    FailureError                the exception that carries a Failure inside armature and activities, not across the host
      .failure: Failure         what activities return and orchestrators decide on
        .failure_class          what kind of failure it is (FailureClass)
        .recovery, .subject     what is done about it (Recovery), and what that needs to know
        .suggestion, .link      a person's next step, and the page of Microsoft's about the code
        .causes: Cause          the leaves of ARM's nested error: code, message, target, place in the user's bundle

    leaf_causes(document)       the leaves that one document holds          unwrapping, pages
    entry_of(cause)             the row of the table for a leaf             catalogue, entry
    failure_from_error(…)       one Failure out of an error document        classification
    failure_from_causes(…)      one Failure out of leaves from anywhere
    failure_from_exception(…)   one Failure out of an exception             exceptions
    failure(class, code, …)     one Failure that the app itself found

ARM nests the cause: `error.details[]` several levels deep, JSON inside message strings, a linked deployment's failure
only in the child's own operations. `leaf_causes` unwraps what one document holds; whoever reads ARM joins the rest.
The leaf decides, the outer code never does while there is an inner one. docs/errors.md is the table
(`python -m armature.errors`). Codes and their groups: Azure Resource Manager troubleshooting pages (2025-11).
"""

from armature.errors.catalogue import CATALOGUE
from armature.errors.classification import (
    class_of,
    entry_of,
    failure,
    failure_from_causes,
    failure_from_code,
    failure_from_error,
)
from armature.errors.entry import Entry, Speaker
from armature.errors.exceptions import failure_from_exception
from armature.errors.facts import fact
from armature.errors.model import (
    MAX_CAUSES,
    MAX_MESSAGE,
    RETRIED,
    Cause,
    DenyingPolicy,
    Failure,
    FailureClass,
    FailureError,
    Recovery,
    Violation,
)
from armature.errors.pages import code_of_status
from armature.errors.unwrapping import about, leaf_causes

__all__ = [
    "CATALOGUE",
    "MAX_CAUSES",
    "MAX_MESSAGE",
    "RETRIED",
    "Cause",
    "DenyingPolicy",
    "Entry",
    "Failure",
    "FailureClass",
    "FailureError",
    "Recovery",
    "Speaker",
    "Violation",
    "about",
    "class_of",
    "code_of_status",
    "entry_of",
    "fact",
    "failure",
    "failure_from_causes",
    "failure_from_code",
    "failure_from_error",
    "failure_from_exception",
    "leaf_causes",
]
