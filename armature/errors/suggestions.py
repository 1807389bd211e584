"""A row's suggestion with its places filled: what a person does next about this very failure."""

import re
import shlex

from armature.errors.entry import Entry
from armature.errors.facts import fact
from armature.errors.model import Cause

_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z{])")
_PLACE = re.compile(r"\{(\w+)\}")
_COMMAND = re.compile(r"\baz [a-z]")
"""A sentence that holds a command: what it is filled with is quoted for a shell, messages being others' words."""


def sentences(suggestion: str) -> list[str]:
    """The sentences of a suggestion, as a row has it."""
    return _SENTENCE_END.split(suggestion)


def places(text: str) -> list[str]:
    """The names of the facts that a text has places for."""
    return _PLACE.findall(text)


def filled(row: Entry, cause: Cause) -> str:
    """The row's suggestion for this cause; without the sentences of which the cause does not tell every fact."""
    found = [_filled(sentence, cause) for sentence in sentences(row.suggestion)]
    return " ".join(sentence for sentence in found if sentence)


def _filled(sentence: str, cause: Cause) -> str | None:
    facts = {name: fact(cause, name) for name in places(sentence)}
    if any(value is None for value in facts.values()):
        return None
    quote = shlex.quote if _COMMAND.search(sentence) else str
    return _PLACE.sub(lambda place: quote(str(facts[place.group(1)])), sentence)
