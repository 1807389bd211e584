"""docs/errors.md: the table of codes for a person who has met one, so that the page can't disagree with the code."""

from collections import defaultdict

from armature.errors.catalogue import CATALOGUE
from armature.errors.entry import Entry
from armature.errors.model import FailureClass, Recovery
from armature.errors.suggestions import places, sentences

_WHAT_IS_DONE = {
    Recovery.BACK_OFF: "tries again after a wait that grows, as often as the retry policy allows",
    Recovery.OUTWAIT: "asks again until it is reached, without counting that as an attempt",
    Recovery.FRESH_SAS: "tries again with a fresh SAS",
    Recovery.WAIT: "waits until that may be over, for a bounded time, then tries again",
    Recovery.AFTER_PROGRESS: "tries again when something else of the deployment has finished, or fails when nothing is "
    "left",
    Recovery.REGISTER_PROVIDER: "registers the resource provider, then tries again",
    Recovery.PRUNE_HISTORY: "deletes old entries of the deployment history, then tries again",
    Recovery.TREAT_AS_DONE: "goes on: what was to be made is there",
    Recovery.FAIL: "fails, and says what a person can do",
}

_HEAD = """\
# Errors

What a code of Azure's means, what Armature does about it by itself, and what you can do. Search the page for the code.

ARM hides the reason inside of other errors: Armature unwraps them, and the code it shows is the innermost one. Of
several reasons the one that fails hardest decides; all are listed. In the suggestion that Armature shows, what stands
in braces here is filled with what the message tells; a sentence whose facts the message does not tell is left out.

## What is done

| recovery | Armature … |
| --- | --- |
"""


def errors_page() -> str:
    """The page: what each recovery is, and the codes by class, each with what is done, what to do, and the page."""
    recoveries = "".join(f"| `{recovery}` | {done} |\n" for recovery, done in _WHAT_IS_DONE.items())
    sections = [_section(kind) for kind in FailureClass]
    tail = "This page is written by `python -m armature.errors > docs/errors.md`.\n"
    return f"{_HEAD}{recoveries}\n{''.join(sections)}{tail}"


def _section(kind: FailureClass) -> str:
    rows = sorted((row for row in CATALOGUE if row.failure_class is kind), key=lambda row: row.title.lower())
    alike: defaultdict[tuple[Recovery, str, str], list[Entry]] = defaultdict(list)
    for row in rows:
        alike[row.recovery, row.suggestion, row.link].append(row)
    lines = "".join(_line(group) for group in alike.values())
    return f"## {kind}\n\n| code | done | what you can do |\n| --- | --- | --- |\n{lines}\n"


def _line(rows: list[Entry]) -> str:
    """A line for the rows of which the same is said."""
    told = " ".join(_shown(sentence) for sentence in sentences(rows[0].suggestion))
    codes = ", ".join(_code(row) for row in rows)
    return f"| {codes} | `{rows[0].recovery}` | {told} [Microsoft's page]({rows[0].link}) |\n"


def _code(row: Entry) -> str:
    narrowed = [f"from {row.speaker}"] if row.speaker else []
    narrowed += [f"when {row.when.text}"] if row.when else []
    return f"`{row.code}`" + (f" ({', '.join(narrowed)})" if narrowed else "")


def _shown(sentence: str) -> str:
    """A sentence with its places as code, so that they are not taken for text."""
    for name in places(sentence):
        sentence = sentence.replace(f"{{{name}}}", f"`{{{name}}}`")
    return sentence.replace("|", "\\|")
