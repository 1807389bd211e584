"""The audit trail in storage, an append blob a day: one AuditEntry a line. Retention leaves it alone.

trail/{yyyy-mm-dd}.jsonl
"""

from collections.abc import Iterator
from datetime import UTC, date

from armature.audit import AuditEntry, AuditFilter
from armature.azure.documents import DocumentStore
from armature.azure.records import content_of
from armature.models import Model

PREFIX = "trail/"

DAYS_IN_A_PAGE = 31
"""Days that one page reads at most: a filter that leaves little would else read years for one answer."""

_ALL_LEFT = 999_999_999
"""Stands in a continuation for all entries of a day."""


class AuditPage(Model):
    """Some entries, the newest first, also none; `continuation` is where to go on (None at the end)."""

    entries: tuple[AuditEntry, ...]
    continuation: str | None = None


class AuditTrail:
    """Adds to the trail, and reads it. Nothing here changes or deletes what was written."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def append(self, entry: AuditEntry) -> None:
        """Write an entry into the day that it is of. Called before what it tells is done, so that nothing is done
        without an entry. Twice: the second is not read."""
        self._documents.append(_path(entry.at.date()), [content_of(entry).decode()])

    def page(self, wanted: AuditFilter, *, size: int, continuation: str | None = None) -> AuditPage:
        """Up to `size` entries that are wanted, the newest first, from where the last page ended.

        A page's place is a day and how many of its entries, the oldest first, are left: what is added meanwhile changes
        no page that follows.

        Raises:
            ValueError: `continuation` is none of its own.
        """
        day_from, left = _place(continuation)
        found: list[AuditEntry] = []
        for place, day in enumerate(self._days(wanted, day_from)):
            if place == DAYS_IN_A_PAGE:
                return AuditPage(entries=tuple(found), continuation=f"{day.isoformat()}.{_ALL_LEFT}")
            entries = self._entries(day)
            entries = entries[:left] if day == day_from and left is not None else entries
            for number in range(len(entries), 0, -1):
                if len(found) == size:
                    return AuditPage(entries=tuple(found), continuation=f"{day.isoformat()}.{number}")
                if wanted.takes(entries[number - 1]):
                    found.append(entries[number - 1])
        return AuditPage(entries=tuple(found))

    def _days(self, wanted: AuditFilter, newest: date | None) -> Iterator[date]:
        """The days that have entries, the newest first."""
        listed = sorted((entry.path for entry in self._documents.list(PREFIX)), reverse=True)
        for path in listed:
            day = date.fromisoformat(path.removeprefix(PREFIX).removesuffix(".jsonl"))
            is_late = newest is not None and day > newest
            if is_late or (wanted.until is not None and day > wanted.until.astimezone(UTC).date()):
                continue
            if wanted.since is not None and day < wanted.since.astimezone(UTC).date():
                return
            yield day

    def _entries(self, day: date) -> list[AuditEntry]:
        """A day's entries, each fact once, in the order in which they were first written."""
        facts: dict[str, AuditEntry] = {}
        for line in filter(None, self._documents.read_lines(_path(day))):
            entry = AuditEntry.model_validate_json(line)
            facts.setdefault(entry.key, entry)
        return list(facts.values())


def _path(day: date) -> str:
    return f"{PREFIX}{day.isoformat()}.jsonl"


def _place(continuation: str | None) -> tuple[date | None, int | None]:
    if continuation is None:
        return None, None
    day, _, number = continuation.partition(".")
    if len(day) != 10 or not number.isascii() or not number.isdigit() or len(number) > 9:
        raise ValueError("not a continuation token of this list")
    return date.fromisoformat(day), int(number)
