"""What existed before a deployment began: the proof by which a rollback may delete, and compare.

Before a template is handed to ARM, every resource that it will write is looked at: absent, or present with the
fingerprint of its content. The first proof of a resource counts for ever, also in a further run of the deployment: a
later look may see the deployment's own work. Without a proof that a resource was absent nothing is deleted.

Resource ids are compared without letter case, as ARM does.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Self

from armature.models import Model

_GROUP_ID = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+", re.IGNORECASE)
_PROVIDERS = "/providers/"
_DEPLOYMENT_MARK = "/providers/microsoft.resources/deployments/"


class Sighting(Model):
    """What one look told of a resource: it existed (with this fingerprint), or not; None when it could not be told.

    `at` is the moment after the look: of several sightings of a resource the earliest is the proof. `is_name_free`
    tells of what was absent that nothing deleted, which can be recovered, had its id; None when that is not known.
    """

    id: str
    existed: bool | None = None
    fingerprint: str | None = None
    is_name_free: bool | None = None
    at: datetime


class TemplateSurvey(Model):
    """The resources that one template will write, as ARM's validation tells them, and what was seen of each.

    Written before the template is first handed to ARM. While some of `ids` have no sighting it goes on where it was.
    One that `is_blind` says only that the template was about to be handed over: what it will write nobody could tell.
    """

    template: str
    ids: tuple[str, ...]
    sightings: tuple[Sighting, ...] = ()
    is_blind: bool = False

    @property
    def left(self) -> tuple[str, ...]:
        """The ids that nobody has looked at yet."""
        seen = {sighting.id.lower() for sighting in self.sightings}
        return tuple(id_ for id_ in self.ids if id_.lower() not in seen)

    def with_free_names(self, taken: Collection[str], asked: Collection[str]) -> Self:
        """The survey once it is known which of the ids `asked` for (in lower case) something deleted has `taken`."""
        names = {key: key not in taken for key in asked}
        told = (
            s.model_copy(update={"is_name_free": names[s.id.lower()]}) if s.id.lower() in names else s
            for s in self.sightings
        )
        return self.model_copy(update={"sightings": tuple(told)})

    def with_more(self, later: Self) -> Self:
        """The survey with what a later one has seen; in the place of one that was blind, the later one."""
        return later if self.is_blind else self.with_sightings(later.sightings)

    def with_sightings(self, sightings: Iterable[Sighting]) -> Self:
        """The survey with more sightings; a resource that was seen before stays as it was seen."""
        found = {sighting.id.lower(): sighting for sighting in sightings}
        for known in self.sightings:
            newer = found.get(known.id.lower(), known)
            if known.is_name_free is None and known.existed is False:
                found[known.id.lower()] = known.model_copy(update={"is_name_free": newer.is_name_free})
            else:
                found[known.id.lower()] = known
        return self.model_copy(update={"sightings": tuple(found.values())})


class GroupSurvey(Model):
    """A target resource group before anything was done to it: whether it existed, and the ids it held."""

    id: str
    existed: bool
    resources: tuple[str, ...] = ()


class TargetSurvey(Model):
    """The target's resource groups as they were at a moment before the deployment touched them."""

    at: datetime
    groups: tuple[GroupSurvey, ...]


class Proofs:
    """All that is known of what existed before a deployment began.

    `earlier` are resources that are known to have existed, and so their groups: what the deployment before it in the
    lineage had made. `others` are what somebody else made while it ran, be it in a group that this deployment made.
    """

    def __init__(
        self,
        target: TargetSurvey | None,
        templates: Iterable[TemplateSurvey],
        earlier: Iterable[str] = (),
        others: Iterable[str] = (),
    ) -> None:
        self._began = target.at if target else None
        self._groups = {group.id.lower(): group for group in target.groups} if target else {}
        there = [*earlier, *(id_ for group in self._groups.values() for id_ in group.resources)]
        self._known = {id_.lower() for id_ in (*there, *filter(None, map(group_of, there)), *others)}
        self._sightings: dict[str, Sighting] = {}
        self._seen_for: dict[str, str] = {}
        for survey in templates:
            for sighting in survey.sightings:
                key = sighting.id.lower()
                known = self._sightings.get(key)
                if known is None or sighting.at < known.at:
                    self._sightings[key] = sighting
                    self._seen_for[key] = survey.template

    @property
    def present(self) -> Mapping[str, Sighting]:
        """The resources that were there, by their id in lower case."""
        return {key: sighting for key, sighting in self._sightings.items() if sighting.existed}

    def is_name_free(self, resource_id: str) -> bool:
        """Whether it is known that nothing deleted, which could be recovered, had this id before."""
        seen = self._sightings.get(resource_id.lower())
        return seen is not None and seen.is_name_free is True

    def was_seen_before(self, resource_id: str, template: str, began: datetime | None) -> bool:
        """Whether a look at a resource, if there was one, tells how it was before this write of it, which `began` then.

        The look for a template comes before its writes. That for another one may have come after them, and have seen
        what validation had not told that the first would write.
        """
        seen = self._sightings.get(resource_id.lower())
        if seen is None or began is None or self._seen_for[resource_id.lower()] == template:
            return True
        return seen.at <= began

    def existed(
        self, resource_id: str, created_at: datetime | None = None, *, is_seen_late: bool = False
    ) -> bool | None:
        """Whether a resource existed before the deployment began; None when that can't be told.

        A look that found it counts for nothing when it was late (`is_seen_late`): the deployment had written it before.

        What a list held, or the deployment before had made, existed, whatever a look told: reads of ARM can lag behind
        writes, and what is there is never to be taken for new. Then a look at the resource itself decides. Else: it did
        not when what it belongs to did not; nor when it lies in a target group whose list did not hold it, and was
        created (`created_at`, as ARM tells it) after that list.
        """
        key = resource_id.lower()
        if key in self._known:
            return True
        seen = self._sightings.get(key)
        if seen is not None and seen.existed is not None and not (seen.existed and is_seen_late):
            return seen.existed
        if key in self._groups:
            return self._groups[key].existed
        if any(self.existed(owner) is False for owner in owners_of(key)):
            return False
        group = group_of(key)
        listed = self._groups.get(group) if group else None
        if listed is None or not is_top_level(key) or self._began is None or created_at is None:
            return None
        return False if created_at > self._began else None


def owners_of(resource_id: str) -> Iterator[str]:
    """The resources, and the resource group, that a resource goes with when they are deleted: the nearest first."""
    position = resource_id.lower().rfind(_PROVIDERS)
    if position < 0:
        return
    scope, name = resource_id[:position], resource_id[position + len(_PROVIDERS) :]
    parts = name.split("/")
    for length in range(len(parts) - 2, 2, -2):
        yield f"{scope}{_PROVIDERS}{'/'.join(parts[:length])}"
    if scope.count("/") > len("/subscriptions/id".split("/")) - 1:  # a subscription or the tenant is not deleted
        yield scope
        yield from owners_of(scope)


def group_of(resource_id: str) -> str | None:
    """The resource group that a resource lies in; None for one of a subscription or the tenant."""
    found = _GROUP_ID.match(resource_id)
    return found.group() if found else None


def subscription_of(resource_id: str) -> str | None:
    """The subscription that a resource lies in; None for one of the tenant."""
    parts = resource_id.split("/")
    return parts[2] if len(parts) > len(("", "subscriptions")) and parts[1].lower() == "subscriptions" else None


def is_group(resource_id: str) -> bool:
    """True for the id of a resource group."""
    return _GROUP_ID.fullmatch(resource_id) is not None


def is_top_level(resource_id: str) -> bool:
    """True for a resource that lies directly in its group, as ARM's list of a group shows them."""
    group = group_of(resource_id)
    return group is not None and resource_id[len(group) :].count("/") == len("/providers/ns/type/name".split("/")) - 1


def is_deployment(resource_id: str) -> bool:
    """True for a deployment: an entry of a history, which is nothing that could exist before or be undone."""
    return _DEPLOYMENT_MARK in resource_id.lower()
