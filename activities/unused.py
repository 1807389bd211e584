"""What belongs to no deployment that is kept: packages, bundles, templates and documents whose deployment is gone.

Each list is read before the states are: whatever a deployment begins to use after that is touched, and so it is not
what was listed any more (packages), or has a state that is seen (all else).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.parallel import in_parallel
from armature.azure.artifacts import ArtifactAccount
from armature.azure.retention import FOLDERS
from armature.azure.services import Services
from armature.plan import ArtifactKind, Plan
from armature.retention import RetentionRule, Stored, bundle_cutoff, unused
from armature.retention_run import Place, RemovalAnswer, Tally, Trouble, UnusedInput

PART = 500
"""What one call removes at most, so that it ends in minutes."""

blueprint = df.Blueprint()


def remove_unused(services: Services, work: UnusedInput) -> RemovalAnswer:
    """Remove what nobody needs in one place, or in the app's own storage; `is_going` while there is more of it.

    Twice: gone is success; what was written or touched since it was listed stays.
    """
    if work.place is None:
        services.retention.release_stale_turns()
        return _removed(list(_own_removals(services, work.rule)))
    run = services.retention.run(work.run)
    if run is None:
        return RemovalAnswer()
    account = account_in(services, run.places[work.place])
    if account is None:
        return RemovalAnswer()
    removals = list(_place_removals(services, account, work.rule))
    others = services.artifacts.apps(account) - {services.app_name}
    if others:  # looked for after the lists: an app notes itself before it puts anything there
        message = f"{', '.join(sorted(others))} keep artifacts there too: nobody knows what all of them need."
        return RemovalAnswer(troubles=(Trouble(subject=account.name, code="ArtifactStorageShared", message=message),))
    return _removed(removals)


def _removed(removals: Sequence[Callable[[], Tally]]) -> RemovalAnswer:
    removed = sum(in_parallel(lambda remove: remove(), removals[:PART]), Tally())
    return RemovalAnswer(removed=removed, is_going=len(removals) > PART)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What retention needs of a plan: where its artifacts are, which blobs are its packages, and which of its templates
    have sites that run from one."""

    deployment_id: str
    place: Place
    packages: tuple[str, ...]
    packaged: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan) -> "PlanFacts":
        """The facts of a plan, which itself may be large."""
        return cls(
            deployment_id=plan.deployment_id,
            place=Place(subscription=plan.subscription, location=plan.location),
            packages=tuple(a.blob_name for a in plan.artifacts if a.kind is ArtifactKind.PACKAGE),
            packaged=tuple(template.name for template in plan.templates if template.uses_packages),
        )


def plan_facts(services: Services, deployment_ids: Iterable[str]) -> dict[str, PlanFacts]:
    """The facts of the plans of those deployments that have one, by deployment id."""

    def read(deployment_id: str) -> PlanFacts | None:
        plan = services.retention.plan(deployment_id)
        return PlanFacts.of(plan) if plan else None

    return {facts.deployment_id: facts for facts in in_parallel(read, deployment_ids) if facts}


def account_in(services: Services, place: Place) -> ArtifactAccount | None:
    """The artifact account of a place, or None when there is none."""
    return services.artifacts.find(services.arm(place.subscription), place.location)


def unused_packages(
    services: Services, account: ArtifactAccount, rule: RetentionRule, plans: Callable[[], Iterable[PlanFacts]]
) -> list[Stored]:
    """The packages that none of the plans names. The plans are asked for when the list of packages has been read."""
    listed = list(services.artifacts.list_packages(account))
    return unused(listed, {name for facts in plans() for name in facts.packages}, rule.cutoff)


def unused_templates(services: Services, account: ArtifactAccount, rule: RetentionRule) -> list[Stored]:
    """The containers of templates whose deployment has no state, by the deployment's id."""
    listed = list(services.artifacts.list_template_containers(account))
    return unused(listed, services.retention.state_ids(), rule.cutoff)


def unused_bundles(services: Services, rule: RetentionRule, leaving: Collection[str] = ()) -> list[Stored]:
    """The bundles that no deployment names, but for those that are `leaving`.

    None while there is a state that can't be read: it may name any.
    """
    listed = services.bundles.stored()
    known = services.retention.remembered()
    if services.retention.state_ids() - {d.deployment_id for d in known}:
        return []
    staying = (d for d in known if d.deployment_id not in leaving)
    return unused(listed, {d.bundle_id for d in staying if d.bundle_id}, bundle_cutoff(rule, datetime.now(UTC)))


def unused_documents(services: Services, rule: RetentionRule) -> list[Stored]:
    """The documents of deployments that have no state, as one entry for each of those."""
    return unused(services.retention.ownerless(), (), rule.cutoff)


def _place_removals(services: Services, account: ArtifactAccount, rule: RetentionRule) -> Iterator[Callable[[], Tally]]:
    standing = partial(_standing_plans, services)
    for package in unused_packages(services, account, rule, standing):
        yield partial(_package_removed, services, account, package)
    for container in unused_templates(services, account, rule):
        yield partial(_templates_removed, services, account, container)


def _standing_plans(services: Services) -> Iterable[PlanFacts]:
    return plan_facts(services, sorted(services.retention.state_ids())).values()


def _own_removals(services: Services, rule: RetentionRule) -> Iterator[Callable[[], Tally]]:
    for bundle in unused_bundles(services, rule):
        yield partial(_bundle_removed, services, bundle)
    for documents in unused_documents(services, rule):
        yield partial(_documents_removed, services, documents)


def _package_removed(services: Services, account: ArtifactAccount, package: Stored) -> Tally:
    is_gone = services.artifacts.delete_package(account, package.name, package.etag)
    return Tally(packages=1, size=package.size) if is_gone else Tally()


def _templates_removed(services: Services, account: ArtifactAccount, container: Stored) -> Tally:
    if container.name in services.retention.state_ids():
        return Tally()
    services.artifacts.delete_templates(account, container.name)
    return Tally(containers=1)


def _bundle_removed(services: Services, bundle: Stored) -> Tally:
    return Tally(bundles=1, size=bundle.size) if services.bundles.delete(bundle) else Tally()


def _documents_removed(services: Services, documents: Stored) -> Tally:
    if services.deployments.state(documents.name) is not None:
        return Tally()
    return sum((services.retention.delete_documents(documents.name, folder) for folder in FOLDERS), Tally())


register(blueprint, remove_unused, UnusedInput)
