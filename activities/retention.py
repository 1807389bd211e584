"""A run of retention: what may go is written down with the reasons, then told page by page, and how the run went."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df

from activities.border import register
from activities.unused import (
    PlanFacts,
    account_in,
    plan_facts,
    unused_bundles,
    unused_documents,
    unused_packages,
    unused_templates,
)
from armature.azure.retention import KEEP_RUNS
from armature.azure.services import Services
from armature.errors import FailureError
from armature.messages import Answer
from armature.numbers import count_of
from armature.retention import Remembered, RetentionRule, Stored, kept_deployments
from armature.retention_run import (
    PageAnswer,
    PageInput,
    Place,
    PlanAnswer,
    Removal,
    RetentionEnd,
    RetentionRun,
    RetentionStep,
    RunStatus,
    Unused,
    UnusedKind,
)

PAGE = 40
"""Deployments that are told at once; ids have up to 48 characters, and a page ends up in a history."""

logger = logging.getLogger("armature.activities")

blueprint = df.Blueprint()


def plan_retention(services: Services, work: RetentionStep) -> PlanAnswer:
    """Decide what may go, and write it into the run's document. Twice: the first decision stands."""
    run = _run(services, work.run)
    if run.rule is None:
        _close_earlier(services, work.run)
        run = _planned(services, run)
        services.retention.update_run(work.run, lambda found: run if found.rule is None else found)
        run = _run(services, work.run)
    return PlanAnswer(rule=run.rule, removals=len(run.removals), places=len(run.places))


def list_removals(services: Services, work: PageInput) -> PageAnswer:
    """The deployments that may go from number `offset` on. Twice: the plan of a run does not change."""
    removals = _run(services, work.run).removals[work.offset : work.offset + PAGE]
    return PageAnswer(deployment_ids=tuple(removal.deployment_id for removal in removals))


def record_retention(services: Services, work: RetentionEnd) -> Answer:
    """Write down how the run has gone so far, or how it ended. Twice: a run that has ended stays so."""
    now = datetime.now(UTC)

    def recorded(run: RetentionRun) -> RetentionRun:
        if run.status is not RunStatus.RUNNING:
            return run
        update: dict[str, object] = {
            "removed": work.removed,
            "troubles": work.troubles,
            "troubles_found": work.troubles_found,
        }
        if work.is_over:
            status = RunStatus.FAILED if work.failure else RunStatus.COMPLETED
            update |= {"status": status, "finished_at": now, "message": _message(run, work)}
        return run.model_copy(update=update)

    services.retention.update_run(work.run, recorded)
    return Answer()


def _run(services: Services, name: str) -> RetentionRun:
    run = services.retention.run(name)
    if run is None:
        raise KeyError(name)
    return run


def _planned(services: Services, run: RetentionRun) -> RetentionRun:
    rule = RetentionRule(
        cutoff=datetime.now(UTC) - timedelta(days=services.settings.retention_days),
        keep_completed=services.settings.retention_keep_completed,
    )
    plans = plan_facts(services, sorted(services.retention.state_ids()))
    known = [_with_packages(found, plans) for found in services.retention.remembered()]
    lineages = services.retention.lineages(d.lineage_key for d in known if d.lineage_key is not None)
    kept = kept_deployments(known, lineages, rule)
    leaving = sorted((d for d in known if d.deployment_id not in kept), key=lambda d: (d.changed_at, d.deployment_id))
    gone = frozenset(d.deployment_id for d in leaving)
    places = tuple(sorted({f.place for f in plans.values()}, key=lambda p: (p.subscription, p.location)))
    staying = [facts for facts in plans.values() if facts.deployment_id not in gone]
    return run.model_copy(
        update={
            "rule": rule,
            "places": places,
            "removals": tuple(
                Removal(deployment_id=d.deployment_id, status=d.status, changed_at=d.changed_at) for d in leaving
            ),
            "unused": tuple(_unused(services, places, rule, staying, gone)),
            "kept": tuple(kept.values()),
        }
    )


def _with_packages(found: Remembered, plans: Mapping[str, PlanFacts]) -> Remembered:
    facts = plans.get(found.deployment_id)
    return found.model_copy(update={"packaged": facts.packaged}) if facts else found


def _unused(
    services: Services, places: Iterable[Place], rule: RetentionRule, staying: Sequence[PlanFacts], gone: frozenset[str]
) -> Iterator[Unused]:
    """What else may go once those deployments are gone. A place that can't be looked at now is left out: the run tells
    of it when it comes to remove something there."""
    for place in places:
        try:
            account = account_in(services, place)
            if account is not None and services.artifacts.apps(account) <= {services.app_name}:
                packages = unused_packages(services, account, rule, lambda: staying)
                yield from (_told(UnusedKind.PACKAGE, stored) for stored in packages)
                yield from (_told(UnusedKind.TEMPLATES, s) for s in unused_templates(services, account, rule))
        except FailureError as refused:
            logger.warning("what is unused in %s can't be told: %s", place.location, refused)
    yield from (_told(UnusedKind.BUNDLE, stored) for stored in unused_bundles(services, rule, gone))
    yield from (_told(UnusedKind.DOCUMENTS, stored) for stored in unused_documents(services, rule))


def _told(kind: UnusedKind, stored: Stored) -> Unused:
    return Unused(kind=kind, name=stored.name, size=stored.size)


def _close_earlier(services: Services, name: str) -> None:
    """Mark the run before as abandoned if it has no end, and drop the oldest documents."""
    earlier = services.retention.earlier_runs(name)
    for dropped in earlier[: -KEEP_RUNS + 1]:
        services.retention.delete_run(dropped)
    for last in earlier[-1:]:
        services.retention.update_run(last, _abandoned)


def _abandoned(run: RetentionRun) -> RetentionRun:
    if run.status is not RunStatus.RUNNING:
        return run
    return run.model_copy(update={"status": RunStatus.ABANDONED, "message": "Another run began before it ended."})


def _message(run: RetentionRun, work: RetentionEnd) -> str:
    if work.failure is not None:
        return f"The run failed: {work.failure.message}"
    if run.dry_run:
        return f"{count_of(len(run.removals), 'deployment')} would go, {len(run.kept)} stay."
    left = f", {work.troubles_found} could not be: the next run tries again" if work.troubles_found else ""
    return f"{count_of(work.removed.deployments, 'deployment')} and {work.removed.size} bytes removed{left}."


register(blueprint, plan_retention, RetentionStep)
register(blueprint, list_removals, PageInput)
register(blueprint, record_retention, RetentionEnd)
