"""A preview in a sentence or two, as the state, the log and the command line say it."""

from collections.abc import Sequence

from armature.numbers import count_of
from armature.preview.model import Counts, PreviewMode, TemplatePreview, TemplateVerdict

NAMES_SHOWN = 5
"""Of templates in a sentence."""

NAME_SHOWN = 60
"""Characters of each."""


def summary_of(mode: PreviewMode, counts: Counts, templates: Sequence[TemplatePreview]) -> str:
    """Such as: What-if: 3 to create, 2 to modify (3 properties), 0 to delete, 14 unchanged."""
    if mode is PreviewMode.VALIDATE:
        accepted = sum(part.verdict is TemplateVerdict.ACCEPTED for part in templates)
        sentences = [f"Validation: {accepted} of {count_of(len(templates), 'template')} accepted."]
    else:
        sentences = [_counts(counts)]
    return " ".join([*sentences, *_notes(templates)])


def refusals_of(templates: Sequence[TemplatePreview]) -> str:
    """Which templates Azure refuses, such as: Azure refuses network, web. Empty when there are none."""
    return _named("Azure refuses", templates, TemplateVerdict.REFUSED)


def _counts(counts: Counts) -> str:
    modified = f"{counts.modifies} to modify"
    if counts.property_changes and counts.modifies:
        properties = "property" if counts.property_changes == 1 else "properties"
        modified += f" ({counts.property_changes} {properties})"
    parts = [f"{counts.creates} to create", modified]
    if counts.replacements:
        parts.append(f"{counts.replacements} to replace")
    parts += [f"{counts.deletions} to delete", f"{counts.unchanged} unchanged"]
    if counts.ignored:
        parts.append(f"{counts.ignored} left alone")
    if counts.unsupported:
        parts.append(f"{counts.unsupported} that can't be told")
    return f"What-if: {', '.join(parts)}."


def _notes(templates: Sequence[TemplatePreview]) -> list[str]:
    notes = []
    if from_predecessor := sum(bool(part.from_predecessor) for part in templates):
        outputs = "its predecessor's output" if from_predecessor == 1 else "their predecessors' outputs"
        notes.append(f"{count_of(from_predecessor, 'template')} previewed with {outputs}.")
    if foreseen := sum(bool(part.foreseen) for part in templates):
        notes.append(f"{count_of(foreseen, 'template')} previewed with outputs that the templates foretell.")
    if needing := sum(bool(part.needs) for part in templates):
        verb = "needs" if needing == 1 else "need"
        notes.append(f"{count_of(needing, 'template')} {verb} an output that does not exist yet.")
    notes += filter(None, [refusals_of(templates), _named("Not told of", templates, TemplateVerdict.UNKNOWN)])
    return notes


def _named(words: str, templates: Sequence[TemplatePreview], verdict: TemplateVerdict) -> str:
    names = [part.template for part in templates if part.verdict is verdict]
    if not names:
        return ""
    shown = [name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…" for name in names[:NAMES_SHOWN]]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{words} {', '.join(shown)}{more}."
