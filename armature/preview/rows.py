"""A preview in rows, from which both the text and the Markdown are made: by scope, the losses first."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from armature.preview.identity import identity_of, scope_words
from armature.preview.model import (
    ChangeKind,
    Preview,
    PropertyChange,
    PropertyChangeKind,
    ResourceChange,
    TemplatePreview,
    TemplateVerdict,
    Untold,
)

SYMBOLS = {
    ChangeKind.DELETE: "-",
    ChangeKind.REPLACE: "!",
    ChangeKind.CREATE: "+",
    ChangeKind.MODIFY: "~",
    ChangeKind.UNSUPPORTED: "?",
    ChangeKind.NO_CHANGE: "=",
    ChangeKind.IGNORE: "*",
}
"""As the Azure CLI marks changes, and `!` for what has to be made anew."""

WORDS = {
    ChangeKind.DELETE: "delete",
    ChangeKind.REPLACE: "replace",
    ChangeKind.CREATE: "create",
    ChangeKind.MODIFY: "modify",
    ChangeKind.UNSUPPORTED: "can't be told",
    ChangeKind.NO_CHANGE: "unchanged",
    ChangeKind.IGNORE: "left alone",
}

_PROPERTY_SYMBOLS = {
    PropertyChangeKind.CREATE: "+",
    PropertyChangeKind.MODIFY: "~",
    PropertyChangeKind.DELETE: "-",
}
_QUIET = frozenset({ChangeKind.NO_CHANGE, ChangeKind.IGNORE})
MAX_VALUE = 120
"""Characters of a value in a row; the JSON has more of it."""


class PropertyRow(NamedTuple):
    """One property: its symbol, path and, in words, what becomes of its value."""

    symbol: str
    path: str
    value: str


def without_noise(preview: Preview) -> Preview:
    """The preview without what does not change, and without the differences that are none."""
    kept = [
        resource.model_copy(update={"properties": resource.told})
        for resource in preview.resources
        if resource.kind not in _QUIET
    ]
    return preview.model_copy(update={"resources": tuple(kept)})


def by_scope(resources: Sequence[ResourceChange]) -> Iterator[tuple[str, list[ResourceChange]]]:
    """The resources of each scope, in words, in the order of the scopes' ids; in a scope in the order they came in."""
    placed = [(identity_of(resource.id).scope, resource) for resource in resources]
    placed.sort(key=lambda pair: pair[0].lower())
    for scope, found in groupby(placed, key=lambda pair: pair[0].lower()):
        members = list(found)
        yield (
            scope_words(members[0][0]) if scope or _is_resource(members[0][1]) else "Elsewhere",
            [r for _, r in members],
        )


def property_rows(resource: ResourceChange) -> Iterator[PropertyRow]:
    """What becomes of the properties of a resource."""
    for change in resource.properties:
        symbol = _PROPERTY_SYMBOLS[change.kind]
        if change.folded or change.replaces:
            symbol = "=" if change.folded else "!"
        elif change.untold and resource.kind is not ChangeKind.CREATE:
            symbol = "?"
        yield PropertyRow(symbol, change.path, _value(change))


def template_words(part: TemplatePreview) -> Iterator[str]:
    """What there is to say of a template, a sentence each."""
    if part.in_new_groups:
        yield "its resource group is not there yet"
    if part.from_predecessor:
        yield f"with the predecessor's {_outputs(part.from_predecessor)}"
    if part.foreseen:
        yield f"with {_outputs(part.foreseen)} as the templates foretell"
    if part.needs:
        yield f"needs {', '.join(part.needs)}, which does not exist yet"


def failure_lines(part: TemplatePreview) -> Iterator[str]:
    """Why Azure refuses a template, or nothing can be told of it: code, place, words, and what to do."""
    failure = part.failure
    if failure is None:
        return
    places = [cause.place for cause in failure.causes if cause.place]
    place = f" at {places[0]}" if places else ""
    yield f"{failure.code}{place}: {failure.message}"
    told = {failure.message}
    for cause in failure.causes:
        if cause.message not in told:
            told.add(cause.message)
            yield f"{cause.code}{f' at {cause.place}' if cause.place else ''}: {cause.message}"
    if failure.suggestion:
        yield failure.suggestion


def verdict_word(part: TemplatePreview) -> str:
    """The verdict, said shortly; what was only looked at in part is told as such."""
    if part.verdict is TemplateVerdict.ACCEPTED and (part.needs or part.diagnostics):
        return "accepted, looked at in part"
    return {TemplateVerdict.ACCEPTED: "accepted", TemplateVerdict.REFUSED: "refused"}.get(part.verdict, "not told")


def _outputs(bound: Sequence[str]) -> str:
    return f"output{'' if len(bound) == 1 else 's'} {', '.join(bound)}"


def _value(change: PropertyChange) -> str:
    before, after = _text(change.before), _text(change.after)
    if change.untold is Untold.WHEN_DEPLOYED:
        after = "known only when it is deployed"
    elif change.untold is Untold.NOT_SHOWN:
        before = "not shown by Azure"
    match change.kind:
        case PropertyChangeKind.CREATE:
            words = after
        case PropertyChangeKind.DELETE:
            words = before
        case _:
            words = f"{before} -> {after}"
    return f"{words} (no change: {change.folded})" if change.folded else words


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…"


def _is_resource(resource: ResourceChange) -> bool:
    return bool(resource.type)
