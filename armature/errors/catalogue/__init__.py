"""The table of codes: every code of Azure's that Armature knows, in what order they are looked up.

Each module has the rows of one kind of trouble. Of several rows of a code the first that fits a cause counts, so rows
with a condition stand before the one without.
"""

from collections import defaultdict
from collections.abc import Mapping

from armature.errors.catalogue import (
    conflicts,
    connections,
    envelopes,
    identity,
    missing,
    momentary,
    permissions,
    policies,
    quota,
    registration,
    storage,
    templates,
)
from armature.errors.entry import Entry

CATALOGUE: tuple[Entry, ...] = (
    *storage.ENTRIES,
    *momentary.ENTRIES,
    *connections.ENTRIES,
    *identity.ENTRIES,
    *quota.ENTRIES,
    *templates.HELD_NAMES,
    *conflicts.ENTRIES,
    *missing.ENTRIES,
    *registration.ENTRIES,
    *templates.ENTRIES,
    *policies.ENTRIES,
    *permissions.ENTRIES,
    *envelopes.ENTRIES,
)


def _by_code() -> Mapping[str, tuple[Entry, ...]]:
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for row in CATALOGUE:
        found[row.code.lower()].append(row)
    return {
        code: (*(r for r in rows if r.when or r.speaker), *(r for r in rows if not (r.when or r.speaker)))
        for code, rows in found.items()
    }


BY_CODE = _by_code()
"""The rows of each code, in lower case; those that a condition or a speaker narrows come first."""

ENVELOPES = frozenset(row.code.lower() for row in CATALOGUE if row.is_envelope)
"""Codes that only wrap, in lower case: they decide nothing while something is inside them."""
