"""A preview as plain text, for terminals and logs."""

from collections.abc import Iterator

from armature.preview.model import ChangeKind, Preview, PreviewMode, ResourceChange, TemplatePreview
from armature.preview.rows import (
    SYMBOLS,
    by_scope,
    failure_lines,
    property_rows,
    template_words,
    verdict_word,
    without_noise,
)


def as_text(preview: Preview, *, shows_noise: bool = False) -> str:
    """The whole preview as lines of text. With `shows_noise` also what does not change, and what was folded.

    Whatever Azure or a template says stays within its line.
    """
    shown = preview if shows_noise else without_noise(preview)
    lines = [preview.message, ""]
    if preview.mode is PreviewMode.WHAT_IF:
        lines += _resource_lines(shown, hidden=preview.counts.folded if not shows_noise else 0)
    lines += _template_lines(preview)
    return "\n".join(map(_one_line, lines)).rstrip() + "\n"


def _resource_lines(preview: Preview, hidden: int) -> Iterator[str]:
    for scope, resources in by_scope(preview.resources):
        yield scope
        for resource in resources:
            yield from _lines_of(resource)
        yield ""
    if hidden:
        differences = "1 difference that is none is" if hidden == 1 else f"{hidden} differences that are none are"
        yield f"{differences} not shown."
        yield ""


def _lines_of(resource: ResourceChange) -> Iterator[str]:
    by = f"  [{', '.join(resource.templates)}]" if resource.templates else ""
    kind = f"{resource.type} " if resource.type else ""
    yield f"  {SYMBOLS[resource.kind]} {kind}{resource.name}{by}"
    for reason in resource.reasons:
        yield f"      ({reason})"
    if resource.kind is ChangeKind.DELETE:
        return
    for row in property_rows(resource):
        yield f"      {row.symbol} {row.path}: {row.value}"
    if resource.more_properties:
        yield f"      … and {resource.more_properties} more"


def _template_lines(preview: Preview) -> Iterator[str]:
    if not preview.templates:
        return
    yield "Templates"
    width = max(len(part.template) for part in preview.templates)
    for part in preview.templates:
        yield f"  {part.template.ljust(width)}  {_verdict(part)}"
        for line in failure_lines(part):
            yield f"      {line}"
        for diagnostic in part.diagnostics:
            yield f"      {diagnostic}"


def _verdict(part: TemplatePreview) -> str:
    return "; ".join([verdict_word(part), *template_words(part)])


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).rstrip()
