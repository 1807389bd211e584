"""What a deployment would change, told without changing anything. Pure; activities.previewing asks Azure.

model           the preview as data: resources, properties, templates, counts
answers         Azure's what-if read into it
noise           differences that are none, folded by rule
replacements    properties that can't change in place, and array elements that are resources
open_values     values that nobody can compare before they are deployed
secrets         values that may be secret, hidden
wrapping        a template within one that makes its resource group, or that leaves a parameter open
dooming         what mode Complete would delete beside
merging         the templates' parts in one answer
wording, text, markdown     that answer in words
"""

from armature.preview.model import (
    ChangeKind,
    Counts,
    Preview,
    PreviewMode,
    PreviewState,
    PropertyChange,
    PropertyChangeKind,
    ResourceChange,
    TemplatePreview,
    TemplateVerdict,
    Untold,
)

__all__ = [
    "ChangeKind",
    "Counts",
    "Preview",
    "PreviewMode",
    "PreviewState",
    "PropertyChange",
    "PropertyChangeKind",
    "ResourceChange",
    "TemplatePreview",
    "TemplateVerdict",
    "Untold",
]
