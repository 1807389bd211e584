"""What a rollback decides: never against what existed, in an order that works, and nothing is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.plan import DeploymentScopeTarget, Lineage, Plan, PlannedTemplate
from armature.previous_versions import number_of, plan_of_rollback, started
from armature.rollback import Doer, Undoing, Write, judged, undoing_of, with_rewritten
from armature.state import TemplateState
from armature.surveying import GroupSurvey, Proofs, Sighting, TargetSurvey, TemplateSurvey, is_group, owners_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = "/subscriptions/s-1/resourceGroups/rg"
DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments"
ROOT = f"{DEPLOYMENTS}/web.d-2"


def resource(name: str, kind: str = "Microsoft.Web/sites") -> str:
    return f"{GROUP}/providers/{kind}/{name}"


def plan(deployment_id: str, edges: dict[str, tuple[str, ...]]) -> Plan:
    scope = DeploymentScopeTarget(subscription="s-1", resource_group="rg")
    return Plan(
        deployment_id=deployment_id,
        lineage=Lineage(project="shop", environment="test", key="0123456789abcdef"),
        subscription="s-1",
        location="eastus2",
        templates=tuple(
            PlannedTemplate(
                name=name,
                path=f"{name}.json",
                tier=tier,
                depends_on=before,
                scope=scope,
                deployment_name=f"{name}.{deployment_id}",
            )
            for tier, (name, before) in enumerate(edges.items())
        ),
    )


def proofs(absent: list[str], present: list[str] = (), target: TargetSurvey | None = None) -> Proofs:
    sightings = [Sighting(id=id_, existed=False, at=NOW) for id_ in absent]
    sightings += [Sighting(id=id_, existed=True, fingerprint=f"of {id_}", at=NOW) for id_ in present]
    ids = tuple(sighting.id for sighting in sightings)
    return Proofs(target, [TemplateSurvey(template="web", ids=ids, sightings=tuple(sightings))])


def writes(*ids: str, by: str = ROOT) -> list[Write]:
    return [Write(id=id_, at=NOW + timedelta(seconds=number), by=by) for number, id_ in enumerate(ids)]


def deleted(undoing: Undoing) -> list[str]:
    return [deletion.id for deletion in undoing.deletions]


def levels(undoing: Undoing) -> dict[str, int]:
    return {deletion.id: deletion.level for deletion in undoing.deletions}


# Previous versions


def test_previous_versions_are_those_of_the_templates_that_were_started():
    now, before = plan("d-2", {"a": (), "b": ("a",), "new": ()}), plan("d-1", {"a": (), "b": ("a",), "old": ()})

    rollback = plan_of_rollback(now, before, ["a", "new"], 1)

    assert [template.name for template in rollback.templates] == ["a"]
    assert rollback.templates[0].deployment_name == "a.d-2.r1"
    assert (rollback.deployment_id, rollback.predecessor) == ("d-2", "d-1")


def test_what_depended_on_another_through_a_third_still_waits_for_it():
    edges = {"a": (), "b": ("a",), "c": ("b",), "d": ("c", "a")}

    rollback = plan_of_rollback(plan("d-2", edges), plan("d-1", edges), ["a", "c", "d"], 2)

    assert {t.name: t.depends_on for t in rollback.templates} == {"a": (), "c": ("a",), "d": ("a", "c")}
    assert {t.name: t.tier for t in rollback.templates} == {"a": 0, "c": 1, "d": 2}


def test_deployment_names_of_a_rollback_fit_and_differ_by_its_number():
    long = "stack-" + "x" * 80
    now, before = plan("d-" + "2" * 20, {long: ()}), plan("d-1", {long: ()})

    names = [plan_of_rollback(now, before, [long], number).templates[0].deployment_name for number in (1, 2, 10)]

    assert len(set(names)) == 3
    assert all(len(name) <= 64 for name in names)


def test_names_of_a_rollback_begin_with_the_prefix_of_the_deployment_that_is_undone():
    now = plan("d-2", {"a": ()}).model_copy(update={"name_prefix": "v2"})
    before = plan("d-1", {"a": ()}).model_copy(update={"name_prefix": "v1"})

    rollback = plan_of_rollback(now, before, ["a"], 3)

    assert rollback.templates[0].deployment_name == "v2-a.d-2.r3"
    assert number_of(map(TemplateState.planned, rollback.templates), "d-2", 3, "v2") == 3
    assert number_of(map(TemplateState.planned, rollback.templates), "d-2", 4, "v2") == 3


def test_what_was_attempted_in_any_run_was_started():
    templates = [TemplateState(name=name, tier=0, attempt=attempt) for name, attempt in (("a", 0), ("b", 1), ("c", 3))]

    assert started(templates) == ("b", "c")


def test_the_templates_that_the_state_shows_tell_which_rollback_they_are_of():
    before = plan("d-1", {"a": (), "b": ()})
    first = tuple(
        map(TemplateState.planned, plan_of_rollback(plan("d-2", {"a": (), "b": ()}), before, ["a", "b"], 1).templates)
    )

    assert number_of(first, "d-2", 1) == 1
    assert number_of(first, "d-2", 2) == 1


# Deletions


def test_what_was_absent_is_deleted_and_what_existed_is_compared_later():
    new, old = resource("new"), resource("old")

    undoing = undoing_of(writes(new, old), [Doer(id=ROOT)], proofs([new], [old]), created_at={})

    assert deleted(undoing) == [new]
    assert [(change.id, change.fingerprint) for change in undoing.changes] == [(old, f"of {old}")]


def test_without_a_proof_nothing_is_deleted():
    unknown = f"{resource('old')}/config/settings"

    undoing = undoing_of(writes(unknown), [Doer(id=ROOT)], proofs([]), created_at={})

    assert undoing.deletions == ()
    assert undoing.unproven == (unknown,)


def test_children_and_extensions_go_before_what_they_belong_to_and_groups_last():
    network = resource("net", "Microsoft.Network/virtualNetworks")
    subnet, role = f"{network}/subnets/front", f"{network}/providers/Microsoft.Authorization/roleAssignments/r"
    target = TargetSurvey(at=NOW, groups=(GroupSurvey(id=GROUP, existed=False),))

    undoing = undoing_of(
        writes(GROUP, network, subnet, role), [Doer(id=ROOT)], proofs([], target=target), created_at={}
    )

    assert deleted(undoing)[-2:] == [network, GROUP]
    assert levels(undoing)[subnet] < levels(undoing)[network] < levels(undoing)[GROUP]
    assert levels(undoing)[role] < levels(undoing)[network]


def test_what_depended_on_another_goes_first():
    plan_, site, slot = resource("plan", "Microsoft.Web/serverfarms"), resource("site"), resource("other")
    root = Doer(id=ROOT, before={site: (plan_,), slot: (site,)})

    undoing = undoing_of(writes(plan_, site, slot), [root], proofs([plan_, site, slot]), created_at={})

    assert deleted(undoing) == [slot, site, plan_]
    assert len(set(levels(undoing).values())) == 3


def test_what_depended_on_a_linked_deployment_goes_before_all_that_this_one_made():
    child = f"{DEPLOYMENTS}/child"
    inside, other, after, before = (resource(name) for name in ("inside", "other", "after", "before"))
    doers = [Doer(id=ROOT, before={after: (child,), child: (before,)}), Doer(id=child, part_of=ROOT)]
    made = [*writes(before, after), *writes(inside, other, by=child)]

    undoing = undoing_of(made, doers, proofs([inside, other, after, before]), created_at={})

    found = levels(undoing)
    assert found[after] < min(found[inside], found[other])
    assert max(found[inside], found[other]) < found[before]


def test_what_a_later_template_made_goes_before_what_an_earlier_one_made():
    first, second = f"{DEPLOYMENTS}/a.d-2", f"{DEPLOYMENTS}/b.d-2"
    one, other = resource("one"), resource("other")
    made = [*writes(one, by=first), *writes(other, by=second)]

    undoing = undoing_of(made, [Doer(id=first), Doer(id=second, after=(first,))], proofs([one, other]), created_at={})

    assert deleted(undoing) == [other, one]


def test_a_circle_of_what_arm_tells_leaves_the_order_of_what_belongs_together():
    parent, other = resource("site"), resource("other")
    child = f"{parent}/slots/blue"
    root = Doer(id=ROOT, before={parent: (child, other), other: (parent,)})

    undoing = undoing_of(writes(parent, child, other), [root], proofs([parent, child, other]), created_at={})

    assert set(deleted(undoing)) == {parent, child, other}
    assert levels(undoing)[child] < levels(undoing)[parent]


def test_what_no_operation_tells_of_any_more_is_deleted_when_it_was_absent():
    lost, old = resource("lost"), resource("old")

    undoing = undoing_of([], [], proofs([lost], [old]), created_at={}, also_created=[lost, old])

    assert deleted(undoing) == [lost]


# What somebody else has made


def written(id_: str, *, start: float = 0, end: float = 60, **parts: object) -> Write:
    """A write of a resource that went on between these seconds."""
    moments = {"since": NOW + timedelta(seconds=start), "at": NOW + timedelta(seconds=end)}
    return Write(**{"id": id_, "by": ROOT, "template": "web", **moments, **parts})


@pytest.mark.parametrize(
    ("second", "is_ours"),
    [(-120, False), (-1, True), (30, True), (61, True), (3600, False)],
    ids=["before our write", "by another clock", "by our write", "at its end", "after it"],
)
def test_what_was_created_while_nothing_of_ours_wrote_it_is_somebody_elses_and_is_told(second, is_ours):
    new = resource("new")
    created = {new.lower(): NOW + timedelta(seconds=second)}

    undoing = undoing_of([written(new)], [Doer(id=ROOT)], proofs([new]), created_at=created)

    assert deleted(undoing) == ([new] if is_ours else [])
    told = judged(undoing, after(new="x"), [], "").leftovers
    assert [("somebody else" in leftover.reason) for leftover in told] == ([] if is_ours else [True])


def test_what_an_earlier_start_created_is_ours_though_a_later_one_wrote_it_too():
    new = resource("new")
    starts = [written(new, start=0, end=10), written(new, start=3600, end=3610)]
    created = {new.lower(): NOW + timedelta(seconds=5)}

    undoing = undoing_of(starts, [Doer(id=ROOT)], proofs([new]), created_at=created)

    assert deleted(undoing) == [new]


def test_what_nobody_tells_of_is_deleted_only_if_it_was_created_while_its_template_ran():
    within, later, unknown = (resource(name) for name in ("within", "later", "unknown"))
    guesses = [written(id_, is_told=False, is_succeeded=False) for id_ in (within, later, unknown)]
    created = {within.lower(): NOW + timedelta(seconds=30), later.lower(): NOW + timedelta(days=1)}

    undoing = undoing_of(guesses, [], proofs([within, later, unknown]), created_at=created)

    assert deleted(undoing) == [within]
    assert undoing.unproven == (later, unknown)


def test_what_somebody_else_has_put_something_into_since_is_not_deleted_with_it():
    server, other = resource("sql", "Microsoft.Sql/servers"), resource("other")
    own, theirs = f"{server}/databases/master", f"{server}/databases/theirs"
    created = {
        server.lower(): NOW + timedelta(seconds=1),
        own.lower(): NOW + timedelta(seconds=20),
        theirs.lower(): NOW + timedelta(days=1),
    }

    undoing = undoing_of(
        [written(server), written(other)], [Doer(id=ROOT)], proofs([server, other]), created_at=created
    )

    assert deleted(undoing) == [other]
    assert theirs.lower() in undoing.reasons[server.lower()]


def test_a_look_for_one_template_after_another_had_written_it_proves_nothing():
    shared = resource("shared")
    late = Sighting(id=shared, existed=True, fingerprint="ours", at=NOW + timedelta(seconds=90))
    known = Proofs(None, [TemplateSurvey(template="b", ids=(shared,), sightings=(late,))])
    listed = Proofs(
        TargetSurvey(at=NOW - timedelta(seconds=60), groups=(GroupSurvey(id=GROUP, existed=True),)),
        [TemplateSurvey(template="b", ids=(shared,), sightings=(late,))],
    )
    first, second = written(shared, template="a"), written(shared, start=100, end=110, template="b")
    created = {shared.lower(): NOW + timedelta(seconds=10)}

    unknown = undoing_of([first, second], [], known, created_at={})
    new = undoing_of([first, second], [], listed, created_at=created)

    assert (unknown.unproven, unknown.changes, unknown.deletions) == ((shared,), (), ())
    assert deleted(new) == [shared]


def test_what_another_deployment_has_deployed_since_and_what_it_belongs_to_is_that_ones():
    server, mine, theirs = resource("sql", "Microsoft.Sql/servers"), resource("mine"), resource("theirs")
    claimed = {f"{server}/databases/db".lower(): "d-9", theirs.lower(): "d-9"}

    undoing = undoing_of(
        [written(id_) for id_ in (server, mine, theirs)],
        [],
        proofs([server, mine, theirs]),
        created_at={},
        claimed=claimed,
    )

    assert deleted(undoing) == [mine]
    assert set(undoing.unproven) == {server, theirs}
    assert all("d-9" in reason for reason in undoing.reasons.values())


def test_only_what_had_a_free_name_may_be_purged():
    names = {"fresh": True, "recovered": False, "untold": None}
    vaults = {name: resource(name, "Microsoft.KeyVault/vaults") for name in names}
    sightings = tuple(Sighting(id=vaults[n], existed=False, is_name_free=free, at=NOW) for n, free in names.items())
    known = Proofs(None, [TemplateSurvey(template="web", ids=tuple(vaults.values()), sightings=sightings)])

    undoing = undoing_of([written(id_) for id_ in vaults.values()], [Doer(id=ROOT)], known, created_at={})

    assert {r.id for r in undoing.deletions if r.may_purge} == {vaults["fresh"]}
    assert len(undoing.deletions) == 3


NAMES = ["a", "a/slots/b", "c", "a/providers/Microsoft.Authorization/locks/l", "d"]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([True, False, None]), min_size=1),
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)),
    st.booleans(),
)
def test_nothing_that_existed_is_deleted_children_go_first_and_all_that_was_written_is_told(known, edges, is_new_group):
    ids = {name: resource(name) for name in known}
    absent = [ids[name] for name, existed in known.items() if existed is False]
    present = [ids[name] for name, existed in known.items() if existed]
    target = TargetSurvey(at=NOW, groups=(GroupSurvey(id=GROUP, existed=not is_new_group),))
    before = {ids[name]: tuple(ids[n] for n in needed if n in ids) for name, needed in edges.items() if name in ids}
    known_before = proofs(absent, present, target)

    undoing = undoing_of(writes(GROUP, *ids.values()), [Doer(id=ROOT, before=before)], known_before, created_at={})

    gone, found = set(deleted(undoing)), levels(undoing)
    assert not gone & set(present)
    assert all(known_before.existed(id_) is False for id_ in gone)
    changed = {change.id for change in undoing.changes}
    assert sorted([*gone, *changed, *undoing.unproven]) == sorted([GROUP, *ids.values()])
    for id_ in gone:
        assert all(found[id_] < found[owner] for owner in owners_of(id_) if owner in gone)
        assert is_group(id_) == (is_new_group and found[id_] == max(found.values()))


# What is not as it was


def after(**fingerprints: str | None) -> list[Sighting]:
    return [
        Sighting(id=resource(name), existed=mark is not None, fingerprint=mark, at=NOW)
        for name, mark in fingerprints.items()
    ]


OLD = undoing_of(writes(resource("old")), [Doer(id=ROOT)], proofs([], [resource("old")]), created_at={})


def test_what_is_as_it_was_is_no_leftover():
    verdict = judged(OLD, after(old=f"of {resource('old')}"), [], "There is no earlier version.")

    assert verdict.leftovers == ()
    assert verdict.differing == ()


@pytest.mark.parametrize(("mark", "words"), [("other", "was changed by"), (None, "is gone")])
def test_what_is_not_as_it_was_and_nobody_puts_back_is_a_leftover_with_the_reason(mark, words):
    verdict = judged(OLD, after(old=mark), [], "There is no earlier version.")

    assert [leftover.id for leftover in verdict.leftovers] == [resource("old")]
    assert words in verdict.leftovers[0].reason
    assert "There is no earlier version." in verdict.leftovers[0].reason


def test_what_a_previous_version_wrote_again_is_told_when_it_differs_and_is_no_leftover():
    verdict = judged(OLD, after(old="other"), [resource("OLD")], "")

    assert verdict.leftovers == ()
    assert verdict.differing == (resource("old"),)


def test_what_only_a_previous_version_wrote_is_told_when_it_is_not_as_it_was():
    there = Sighting(id=resource("late"), existed=True, fingerprint="mark", at=NOW)
    unreadable = there.model_copy(update={"id": resource("dark"), "fingerprint": None})
    present = {sighting.id.lower(): sighting for sighting in (there, unreadable)}
    covered = [resource("LATE"), resource("dark"), resource("made"), *(change.id for change in OLD.changes)]

    undoing = with_rewritten(OLD, present, covered)

    assert [change.id for change in undoing.changes[len(OLD.changes) :]] == [resource("LATE")]
    assert judged(undoing, after(late="other"), covered, "").differing == (resource("LATE"),)
    assert judged(undoing, after(late="mark"), covered, "").differing == ()


def test_what_nobody_can_judge_is_a_leftover_unless_it_is_not_there_or_was_written_again():
    unknown = resource("unknown")
    undoing = Undoing(unproven=(unknown,))

    assert [leftover.id for leftover in judged(undoing, after(unknown="x"), [], "").leftovers] == [unknown]
    assert judged(undoing, after(unknown=None), [], "").leftovers == ()
    assert judged(undoing, after(unknown="x"), [unknown], "").leftovers == ()
