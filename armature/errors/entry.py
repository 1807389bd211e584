"""A row of the table of codes: what is known of one code of Azure's, said by one service, perhaps in certain words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from armature.errors.model import RECOVERY_OF_CLASS, Cause, FailureClass, Recovery

LEARN = "https://learn.microsoft.com/azure/"
TROUBLESHOOTING = f"{LEARN}azure-resource-manager/troubleshooting/"
COMMON_ERRORS = f"{TROUBLESHOOTING}common-deployment-errors"
"""Where Microsoft explains ARM's codes, many of them on pages of their own."""


class Speaker(StrEnum):
    """Who said a code: storage uses some of ARM's with a meaning of its own."""

    ARM = "arm"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of a cause beside its code; `text` completes “when …” in the documentation."""

    text: str
    holds: Callable[[Cause], bool]


def says(*words: str) -> Condition:
    """The message holds one of `words`, without regard to case."""
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    text = "the message says " + " or ".join(f"“{word}”" for word in words)
    return Condition(text, lambda cause: pattern.search(cause.message) is not None)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a code; `HTTP 503` stands for an answer of that status that gives no code that is known.

    `suggestion` is a person's next step. It may have places, such as `{region}`, filled with what the message tells
    (`armature.errors.facts`); a sentence whose places it does not tell is left out. `link` is the page of Microsoft's
    that explains it. `when` and `speaker` narrow the row; the first that fits counts. `is_envelope`: the code only
    wraps others, and decides nothing while there is something inside it.
    """

    code: str
    failure_class: FailureClass
    recovery: Recovery
    suggestion: str
    link: str
    when: Condition | None = None
    speaker: Speaker | None = None
    is_envelope: bool = False

    @property
    def title(self) -> str:
        """What tells the row from all others."""
        speaker = f", from {self.speaker}" if self.speaker else ""
        return f"{self.code}{speaker}" + (f", when {self.when.text}" if self.when else "")

    def fits(self, cause: Cause, speaker: Speaker) -> bool:
        """Whether the row is about this cause, whose code it is, said by `speaker`."""
        return self.speaker in (None, speaker) and (self.when is None or self.when.holds(cause))


def entry(
    code: str,
    failure_class: FailureClass,
    suggestion: str,
    link: str = COMMON_ERRORS,
    *,
    recovery: Recovery | None = None,
    when: Condition | None = None,
    speaker: Speaker | None = None,
    is_envelope: bool = False,
) -> Entry:
    """A row; what is done is what is done about the class, unless `recovery` says otherwise."""
    done = recovery or RECOVERY_OF_CLASS[failure_class]
    return Entry(code, failure_class, done, suggestion, link, when, speaker, is_envelope)
