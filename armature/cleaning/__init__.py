"""Mode Complete: what the target resource groups hold that no template of the bundle deploys, and its deletion.

model          the list, what is on it, what is kept though no template names it
keeping        what is kept, and why
listing        from what the groups hold to the list
data           the types that hold data, and what brings it back
order          which deletion comes before which
rows           the list as text and Markdown
"""

from armature.cleaning.listing import Facts, doomed_list
from armature.cleaning.model import (
    CleanUpList,
    CleanUpState,
    CleanUpView,
    DoomedResource,
    Foresight,
    FoundResource,
    KeptReason,
    KeptResource,
    Lock,
    Owner,
)
from armature.cleaning.order import deletions_of

__all__ = [
    "CleanUpList",
    "CleanUpState",
    "CleanUpView",
    "DoomedResource",
    "Facts",
    "Foresight",
    "FoundResource",
    "KeptReason",
    "KeptResource",
    "Lock",
    "Owner",
    "deletions_of",
    "doomed_list",
]
