"""Names and values of Azure, of templates and of people, as a terminal, a pipeline and a pull request show them."""

import io
import logging
import re
from collections.abc import Iterator
from functools import partial

from rich.console import Console

from armature.cli.screen import print_line
from armature.preview import ChangeKind, ResourceChange, TemplatePreview, TemplateVerdict
from armature.preview.markdown import as_markdown
from armature.preview.text import as_text
from armature.redaction import redact_record
from bench.hostile.attack import Attack, Met
from bench.hostile.ground import Ground
from tests.armature.preview.parts import GROUP, delta, modified, preview_of, read

MARKDOWN: dict[str, str] = {
    "HTML in Markdown": "<img src=x onerror=alert(1)>",
    "the end of an element in Markdown": "</code></details><script>",
    "the end of a cell in Markdown": "a | b | c",
    "the end of code in Markdown": "` ![x](https://evil.example/x.png)",
    "a picture in Markdown": "![x](https://evil.example/x.png)",
    "a link without a scheme in Markdown": "www.evil.example",
    "a mention in Markdown": "@everybody",
    "a reference in Markdown": "closes #1",
    "a comment that hides the rest": "<!-- ",
    "a line break in Markdown": "x\n\n# All is well",
}
_LIVE = re.compile(
    r"(?<!\\)!\[|(?<!\\)\]\(|://|www\.|(?<![\w&;])[@](?!<!--)|<(?!/?(?:code|details|summary)>|!-- -->|!-- armature)"
)

TERMINAL: dict[str, str] = {
    "a terminal that is cleared": "\x1b[2J\x1b[H",
    "a title of a terminal": "\x1b]0;owned\x07",
    "a terminal sequence of one character": "\x9b2J",
    "what writes from right to left": "\u202egpj.exe",
    "a carriage return that overwrites": "refused\raccepted",
    "rich's own markup": "[bold red]x[/] [link=https://evil.example]x[/link]",
    "a command to Azure Pipelines": "##vso[task.setvariable variable=PATH]/evil",
    "a command to GitHub Actions": "\n::add-mask::x",
}
_DRIVING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]|##(?:vso)?\[|^\s*::", re.MULTILINE)

LOGS: dict[str, str] = {
    "an error of Azure that forges a line of the log": "InvalidTemplate: 'x\r\nFORGED: approved' is not allowed",
    "an error that forges a line by another break": "x\u2028FORGED: approved\x85FORGED",
    "an error that quotes the key of a webhook": "bad key whsec_hunter2hunter2hunter2hunter2",
    "an error that quotes a function's key": "GET https://app.example/api?code=hunter2hunter2 failed",
}

SECRETS: dict[str, tuple[str, str, object]] = {
    "a password in what-if": ("Microsoft.Sql/servers", "properties.administratorLoginPassword", "hunter2hunter2"),
    "a setting of an app in what-if": (
        "Microsoft.Web/sites",
        "properties.siteConfig.appSettings",
        [{"name": "ANY", "value": "hunter2hunter2"}],
    ),
    "a secret of a vault in what-if": ("Microsoft.KeyVault/vaults/secrets", "properties.value", "hunter2hunter2"),
    "a connection string in what-if": ("Microsoft.Web/sites", "properties.x", "Server=x;Password=hunter2hunter2;"),
    "a SAS in what-if": (
        "Microsoft.Web/sites",
        "properties.x",
        "https://x.example/p.zip?sv=1&sig=hunter2hunter2hunter2",
    ),
    "a key of a webhook in what-if": ("Microsoft.Web/sites", "properties.x", "whsec_hunter2hunter2hunter2hunter2"),
}


def _shown_as_markdown(text: str, _: Ground) -> Met:
    change = ResourceChange(
        id=f"{GROUP}/providers/Microsoft.Web/sites/{text}",
        type=f"Microsoft.Web/{text}",
        name=text,
        kind=ChangeKind.DELETE,
        templates=(text,),
        reasons=(text,),
    )
    verdict = TemplatePreview(template=text, verdict=TemplateVerdict.ACCEPTED, diagnostics=(text,))
    told = as_markdown(preview_of(change, templates=(verdict,)), key=text)
    rows = [line for line in told.splitlines() if line.startswith("| **delete**")]
    is_whole = len(rows) == 1 and len(re.findall(r"(?<!\\)\|", rows[0])) == 6 and told.count("<details>") == 1
    seen = told.split("\n", 1)[1]  # the first line is a comment, by which a bot finds its own again
    is_text = is_whole and not _LIVE.search(seen) and "\n# " not in told
    return Met("shown", "as text" if is_text else "as Markdown", told)


def _shown_on_a_terminal(text: str, _: Ground) -> Met:
    written = io.StringIO()
    print_line(Console(file=written, force_terminal=True, color_system=None, width=200), f"site {text}")
    change = ResourceChange(id=text, type="", name=text, kind=ChangeKind.CREATE, reasons=(text,))
    told = written.getvalue()
    is_text = not _DRIVING.search(told) and (text not in TERMINAL["rich's own markup"] or text in told)
    is_text = is_text and all(line.isprintable() for line in as_text(preview_of(change)).split("\n"))
    return Met("shown", "as text" if is_text else "as orders", told)


def _logged(text: str, _: Ground) -> Met:
    record = logging.LogRecord("armature", logging.WARNING, "", 0, "%s failed: %s", ("start", text), None)
    redact_record(record)
    told = record.getMessage()
    return Met("logged", "in one line" if len(told.splitlines()) == 1 and "hunter2" not in told else "as it is", told)


def _kept(kind: str, path: str, value: object, _: Ground) -> Met:
    [change] = read(modified(kind, delta(path, "Create", None, value)))
    told = change.model_dump_json()
    return Met("kept", "without it" if "hunter2" not in told else "with it", told)


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, text in MARKDOWN.items():
        yield Attack("display", name, partial(_shown_as_markdown, text), "shown", "as text")
    for name, text in TERMINAL.items():
        yield Attack("display", name, partial(_shown_on_a_terminal, text), "shown", "as text")
    for name, text in LOGS.items():
        yield Attack("display", name, partial(_logged, text), "logged", "in one line")
    for name, (kind, path, value) in SECRETS.items():
        yield Attack("display", name, partial(_kept, kind, path, value), "kept", "without it")
