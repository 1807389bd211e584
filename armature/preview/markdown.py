"""A preview as Markdown for a comment on a pull request: one table, and the details of each template to unfold.

Names and values come from templates and from Azure. None of them can become Markdown or HTML: what is a value stands as
code, everything else is escaped, and all is in one line.
"""

import re
from collections.abc import Iterator

from armature.preview.identity import identity_of, scope_words
from armature.preview.model import ChangeKind, Preview, PreviewMode, ResourceChange, TemplatePreview
from armature.preview.rows import WORDS, failure_lines, property_rows, template_words, verdict_word, without_noise

MAX_CHARACTERS = 65_536
"""Of a comment on GitHub (GraphQL reference, addComment, 2025-11)."""

HEADING = "## Armature preview"
"""The same in every comment; with the marker of the deployment's project and environment a bot finds its own again."""

_CUT = "\n\n> [!NOTE]\n> The rest is cut: a comment has room for {limit:,} characters. The whole preview: `{command}`\n"
_SPECIAL = re.compile(r"([\\`*_{}\[\]()+\-.!|~$])")
_LINKING = re.compile(r"([@#]|:(?=//))")
"""What GitHub makes a mention, a reference or a link of, once Markdown is done: a comment in between keeps it text."""


def as_markdown(preview: Preview, *, key: str = "", shows_noise: bool = False, limit: int = MAX_CHARACTERS) -> str:
    """The whole preview as Markdown of at most `limit` characters. `key` stands for what is previewed, such as a
    lineage: it is in a comment that nobody sees, by which the next preview of the same finds this one."""
    shown = preview if shows_noise else without_noise(preview)
    blocks = [_head(preview, key)]
    if preview.mode is PreviewMode.WHAT_IF:
        blocks.append(_table(shown))
    else:
        blocks.append(_verdicts(preview))
    if (preview.counts.folded or preview.counts.unchanged) and not shows_noise:
        blocks.append(_not_shown(preview))
    blocks += _details(shown)
    return _fitting([block for block in blocks if block], preview.deployment_id, limit)


def escaped(text: str) -> str:
    """A text that Markdown and HTML show as it is, in one line."""
    line = "".join(character if character.isprintable() else " " for character in text)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINKING.sub(r"\1<!-- -->", _SPECIAL.sub(r"\\\1", line))


def code(text: str) -> str:
    """A text as code within a line, and within a cell of a table, whatever is in it."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return f"<code>{_SITE.sub('www&#46;', line.translate(_REFERENCES))}</code>"


_SITE = re.compile(r"www\.")
"""What GitHub makes a link of without any scheme."""

_REFERENCES = str.maketrans({character: f"&#{ord(character)};" for character in "&<>|`*_[]~:\\$@#!"})
"""What HTML, or Markdown inside of an element, would read as more than the character itself."""


def _head(preview: Preview, key: str) -> str:
    marker = f"<!-- armature-preview:{re.sub('[^A-Za-z0-9.-]', '-', key or preview.deployment_id)} -->"
    return f"{marker}\n{HEADING}\n\n{escaped(preview.message)}"


def _table(preview: Preview) -> str:
    if not preview.resources:
        return "Nothing would change." if not preview.counts.changes else ""
    rows = ["| | Resource | Type | Where | Templates |", "| --- | --- | --- | --- | --- |"]
    rows += [_row(resource) for resource in preview.resources]
    return "\n".join(rows)


def _row(resource: ResourceChange) -> str:
    word = WORDS[resource.kind]
    word = f"**{word}**" if resource.kind in (ChangeKind.DELETE, ChangeKind.REPLACE) else word
    told = len(resource.certain) + resource.more_properties
    if resource.kind in (ChangeKind.MODIFY, ChangeKind.REPLACE) and told:
        word += f" ({told})"
    where = scope_words(identity_of(resource.id).scope) if resource.type else ""
    names = ", ".join(code(name) for name in resource.templates)
    return f"| {word} | {code(resource.name)} | {code(resource.type)} | {escaped(where)} | {names} |"


def _verdicts(preview: Preview) -> str:
    rows = ["| Template | |", "| --- | --- |"]
    rows += [f"| {code(part.template)} | {escaped(verdict_word(part))} |" for part in preview.templates]
    return "\n".join(rows)


def _not_shown(preview: Preview) -> str:
    counts = preview.counts
    return f"{counts.unchanged} unchanged resources and {counts.folded} differences that are none are not shown."


def _details(preview: Preview) -> Iterator[str]:
    """A block to unfold for each template that there is something to say of."""
    for part in preview.templates:
        lines = list(_template_lines(part))
        for resource in preview.resources:
            if part.template in resource.templates:
                lines += _resource_lines(resource)
        if lines:
            summary = f"<summary>{code(part.template)}: {escaped(verdict_word(part))}</summary>"
            yield "\n".join(["<details>", summary, "", *lines, "", "</details>"])
    others = [resource for resource in preview.resources if not resource.templates and resource.reasons]
    if others:
        lines = [line for resource in others for line in _resource_lines(resource)]
        yield "\n".join(["<details>", "<summary>Of no template</summary>", "", *lines, "", "</details>"])


def _template_lines(part: TemplatePreview) -> Iterator[str]:
    for sentence in (*template_words(part), *failure_lines(part), *part.diagnostics):
        yield f"- {escaped(sentence)}"


def _resource_lines(resource: ResourceChange) -> Iterator[str]:
    yield f"- {WORDS[resource.kind]} {code(resource.name)}"
    for reason in resource.reasons:
        yield f"  - {escaped(reason)}"
    if resource.kind is ChangeKind.DELETE:
        return
    for row in property_rows(resource):
        yield f"  - {code(f'{row.symbol} {row.path}: {row.value}')}"
    if resource.more_properties:
        yield f"  - and {resource.more_properties} more"


def _fitting(blocks: list[str], deployment_id: str, limit: int) -> str:
    """As many of the blocks, whole, as there is room for; the table loses rows. With a note when something is cut."""
    whole = "\n\n".join(blocks) + "\n"
    if len(whole) <= limit:
        return whole
    command = f"armature preview {deployment_id}"
    note = _CUT.format(limit=limit, command=command)
    text = ""
    for number, block in enumerate(blocks):
        addition = block if not text else f"\n\n{block}"
        room = limit - len(text) - len(note)
        if len(addition) <= room:
            text += addition
            continue
        if number <= 1:  # head and table: rows are cut at the end of a line
            text += addition[:room].rpartition("\n")[0]
        break
    return text + note
