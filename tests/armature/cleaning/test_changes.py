"""Whether what is about to be deleted is still what was approved."""

from datetime import timedelta

import pytest

from armature.cleaning.changes import changed_in_document, changed_in_list, named_in
from tests.armature.cleaning.world import CARD, CHANGED, DISK, MACHINE, MADE, NETWORK, NOW, SITE, found, listed

TAGS = {"owner": "ada"}
DISK_FOUND = found(DISK, managed_by=MACHINE, tags=TAGS)
APPROVED = listed(DISK_FOUND).resources[0]
LATER = NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("parts", "why", "why_when_touched"),
    [
        ({}, "", ""),
        ({"changed_at": LATER}, "It was changed at 2026-01-02 00:01:00 UTC, after it was listed.", ""),
        ({"managed_by": None}, "It is managed by nothing now.", ""),
        ({"managed_by": CARD}, f"It is managed by {CARD} now.", ""),
        ({"tags": {}}, "It has other tags than when it was listed.", "It has other tags than when it was listed."),
        (
            {"created_at": LATER, "changed_at": LATER},
            "It was made anew at 2026-01-02 00:01:00 UTC, after it was listed.",
            "It was made anew at 2026-01-02 00:01:00 UTC, after it was listed.",
        ),
    ],
)
def test_a_list_shows_what_was_changed_since(parts, why, why_when_touched):
    now = DISK_FOUND.model_copy(update=parts)

    assert changed_in_list(APPROVED, now, is_touched=False) == why
    assert changed_in_list(APPROVED, now, is_touched=True) == why_when_touched


def document(**parts):
    return {"id": DISK, "tags": TAGS, **parts}


@pytest.mark.parametrize(
    ("parts", "is_changed", "is_changed_when_touched"),
    [
        ({}, False, False),
        ({"tags": {"OWNER": "ada"}}, False, False),
        ({"tags": None}, True, True),
        ({"systemData": {"createdAt": MADE.isoformat(), "lastModifiedAt": CHANGED.isoformat()}}, False, False),
        ({"systemData": {"lastModifiedAt": LATER.isoformat()}}, True, False),
        ({"systemData": {"createdAt": LATER.isoformat()}}, True, True),
        ({"systemData": {"lastModifiedAt": "yesterday"}}, False, False),
        ({"systemData": "odd"}, False, False),
    ],
)
def test_the_resource_itself_tells_what_no_list_shows_yet(parts, is_changed, is_changed_when_touched):
    told = document(**parts)

    assert bool(changed_in_document(APPROVED, told, NOW, is_touched=False)) is is_changed
    assert bool(changed_in_document(APPROVED, told, NOW, is_touched=True)) is is_changed_when_touched


def test_what_a_resource_names_anywhere_may_change_with_its_deletion():
    machine = {
        "id": MACHINE,
        "identity": {"userAssignedIdentities": {SITE.upper(): {}}},
        "properties": {
            "storageProfile": {"osDisk": {"managedDisk": {"id": DISK.upper()}}},
            "networkProfile": {"networkInterfaces": [{"id": f"{NETWORK}/subnets/web"}]},
            "note": "no id",
            "size": 3,
        },
    }
    ids = {each.lower() for each in (DISK, NETWORK, SITE, CARD)}

    assert set(named_in(machine, ids)) == {DISK.lower(), NETWORK.lower(), SITE.lower()}
