"""The templates' parts in one answer: each resource once, in whatever order the parts come."""

import random

from hypothesis import given
from hypothesis import strategies as st

from armature.preview import ChangeKind, ResourceChange, TemplateVerdict
from armature.preview.merging import counts_of, digest_of, merged, with_groups
from tests.armature.preview.parts import GROUP, change, part, property_change

KINDS = st.sampled_from(list(ChangeKind))
PARTS = st.lists(
    st.builds(
        lambda name, kind, template, paths: change(
            name, kind, template, tuple(property_change(path) for path in paths)
        ),
        st.sampled_from(["one", "One", "two", "three"]),
        KINDS,
        st.sampled_from(["network", "web", "data"]),
        st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True),
    ),
    max_size=8,
)


@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(parts: list[ResourceChange], chance: random.Random) -> None:
    shuffled = list(parts)
    chance.shuffle(shuffled)

    assert merged(parts) == merged(shuffled)
    assert digest_of(merged(parts), []) == digest_of(merged(shuffled), [])


@given(PARTS)
def test_every_resource_is_there_once_with_all_its_templates(parts: list[ResourceChange]) -> None:
    found = merged(parts)

    assert sorted(change.id.lower() for change in found) == sorted({part.id.lower() for part in parts})
    for resource in found:
        telling = [p for p in parts if p.id.lower() == resource.id.lower() and p.kind is not ChangeKind.IGNORE]
        assert set(resource.templates) == {template for p in telling for template in p.templates}


@given(PARTS)
def test_merging_hides_no_loss(parts: list[ResourceChange]) -> None:
    lost = {part.id.lower() for part in parts if part.kind in (ChangeKind.DELETE, ChangeKind.REPLACE)}
    kept = {change.id.lower() for change in merged(parts) if change.kind in (ChangeKind.DELETE, ChangeKind.REPLACE)}

    assert lost == kept


def test_what_one_template_creates_and_another_modifies_is_created() -> None:
    [found] = merged([change("one", ChangeKind.MODIFY, "web"), change("one", ChangeKind.CREATE, "network")])

    assert (found.kind, found.templates) == (ChangeKind.CREATE, ("network", "web"))


def test_what_one_template_leaves_alone_is_what_another_says() -> None:
    [found] = merged([change("one", ChangeKind.IGNORE), change("one", ChangeKind.NO_CHANGE, "web")])

    assert (found.kind, found.templates) == (ChangeKind.NO_CHANGE, ("web",))


def test_what_one_template_deletes_and_another_deploys_is_replaced() -> None:
    [found] = merged([change("one", ChangeKind.DELETE, "network"), change("one", ChangeKind.NO_CHANGE, "web")])

    assert found.kind is ChangeKind.REPLACE
    assert found.reasons == ("One template would delete it, another deploys it.",)


def test_losses_come_first_then_what_is_made_then_what_changes() -> None:
    kinds = [ChangeKind.NO_CHANGE, ChangeKind.MODIFY, ChangeKind.CREATE, ChangeKind.REPLACE, ChangeKind.DELETE]

    found = merged([change(f"r{number}", kind) for number, kind in enumerate(kinds)])

    assert [each.kind for each in found] == list(reversed(kinds))


def test_a_group_that_a_template_creates_itself_is_not_told_twice() -> None:
    group = ResourceChange(id=GROUP, type="g", name="rg-shop", kind=ChangeKind.CREATE, reasons=("ours",))
    theirs = group.model_copy(update={"id": GROUP.upper(), "templates": ("groups",), "reasons": ()})
    ignored = group.model_copy(update={"kind": ChangeKind.IGNORE})

    assert with_groups([theirs], [group]) == (theirs,)
    assert with_groups([ignored], [group]) == (ignored, group)


def test_counts_tell_each_kind_and_what_was_folded() -> None:
    noise = property_change("b", folded="same")
    found = [
        change("a", ChangeKind.CREATE, properties=(property_change(),)),
        change("b", ChangeKind.MODIFY, properties=(property_change("a"), noise), more_properties=2),
        change("c", ChangeKind.NO_CHANGE, properties=(noise,)),
        change("d", ChangeKind.IGNORE),
    ]

    counts = counts_of(found)

    assert (counts.creates, counts.modifies, counts.unchanged, counts.ignored) == (1, 1, 1, 1)
    assert (counts.property_changes, counts.folded, counts.folded_resources, counts.changes) == (3, 2, 1, 2)


def test_the_digest_changes_with_what_would_change_and_with_nothing_else() -> None:
    quiet = [change("one", ChangeKind.NO_CHANGE), change("two", ChangeKind.IGNORE)]
    loud = change("three", properties=(property_change(after=2),))
    other = change("three", properties=(property_change(after=3),))

    assert digest_of([loud, *quiet], [part("web")]) == digest_of([loud], [])
    assert digest_of([loud], []) != digest_of([other], [])
    assert digest_of([loud], []) != digest_of([loud], [part("web", TemplateVerdict.UNKNOWN)])
