"""What mode Complete keeps of what the target resource groups hold: what a template deploys, what that needs or brings
with it, what another lineage has deployed, what is Armature's own, and what the platform makes by itself.

Resource ids are compared without letter case, as ARM does.
"""

from collections.abc import Iterable, Mapping, Sequence

from armature.cleaning.model import FoundResource, KeptReason, KeptResource, Owner
from armature.surveying import owners_of

_PLATFORM_TYPES = {
    "microsoft.network/networkwatchers": "Azure makes one in each region where there is a virtual network.",
    "microsoft.network/networkwatchers/flowlogs": "It belongs to the network watcher of its region.",
}
_OF_A_PACKAGE = ("microsoft.web/sites/functions", "microsoft.web/sites/slots/functions")
"""They show what a package holds."""

_SMART_DETECTION_GROUP = "application insights smart detection"
_SMART_DETECTION_PREFIX = "failure anomalies - "
_LINK_TAG = "hidden-link:"


def kept_of(
    found: Sequence[FoundResource],
    ours: Iterable[str],
    others: Mapping[str, Owner],
    own: Mapping[str, str],
) -> dict[str, KeptResource | None]:
    """What is kept, by id in lower case; None of what the bundle's own templates deploy.

    `ours` are the ids that the bundle's templates deploy, `others` those (in lower case) of other lineages, `own` those
    (in lower case) that are Armature's, each with what it is. A parent of what is kept is kept.
    """
    kept: dict[str, KeptResource | None] = dict.fromkeys(_with_owners(ours))
    for id_, owner in others.items():
        why = f"It is of {owner.words}."
        for key in _with_owners([id_]):
            kept.setdefault(key, KeptResource(id=key, reason=KeptReason.OTHER_LINEAGE, why=why))
    for id_, why in own.items():
        for key in _with_owners([id_]):
            kept.setdefault(key, KeptResource(id=key, reason=KeptReason.ARMATURE, why=why))
    shown = {each.id.lower(): each for each in found}
    for key, each in shown.items():
        reason = _of_the_platform(each)
        if reason is not None:
            for kept_key in _with_owners([key]):
                kept.setdefault(kept_key, KeptResource(id=kept_key, reason=KeptReason.PLATFORM, why=reason))
    _follow(kept, shown)
    return {
        key: reason and reason.model_copy(update={"id": shown[key].id if key in shown else reason.id})
        for key, reason in kept.items()
    }


def system_owner(resource: FoundResource) -> str | None:
    """What a resource that nobody can delete by itself goes with: the server of a system database, the site of a
    function, the private endpoint of an interface."""
    if resource.part_of:
        return resource.part_of
    kind = resource.type.lower()
    is_system = kind == "microsoft.sql/servers/databases" and resource.id.lower().endswith("/databases/master")
    return next(owners_of(resource.id), None) if is_system or kind in _OF_A_PACKAGE else None


def _follow(kept: dict[str, KeptResource | None], shown: Mapping[str, FoundResource]) -> None:
    """Add what something kept manages, has brought with it or is linked to, until nothing is added any more."""
    is_growing = True
    while is_growing:
        is_growing = False
        for key, each in shown.items():
            if key in kept or (why := _brought_with(each, kept, shown)) is None:
                continue
            for kept_key in _with_owners([key]):
                kept.setdefault(kept_key, KeptResource(id=kept_key, reason=KeptReason.MANAGED, why=why))
            is_growing = True


def _brought_with(
    each: FoundResource, kept: Mapping[str, KeptResource | None], shown: Mapping[str, FoundResource]
) -> str | None:
    if each.managed_by and each.managed_by.lower() in kept:
        return f"{each.managed_by}, which is kept, manages it."
    owner = system_owner(each)
    if owner and owner.lower() in kept:
        return f"It comes with {owner}, which is kept."
    for tag in each.tags:
        if tag.lower().startswith(_LINK_TAG) and tag[len(_LINK_TAG) :].lower() in kept:
            return f"It is linked to {tag[len(_LINK_TAG) :]}, which is kept."
    if each.type.lower() == "microsoft.alertsmanagement/smartdetectoralertrules":
        watched = each.name.lower().removeprefix(_SMART_DETECTION_PREFIX)
        components = (other for other in shown.values() if other.type.lower() == "microsoft.insights/components")
        for component in components:
            if component.name.lower() == watched and component.id.lower() in kept:
                return f"Application Insights makes it for {component.id}, which is kept."
    return None


def _of_the_platform(each: FoundResource) -> str | None:
    if (why := _PLATFORM_TYPES.get(each.type.lower())) is not None:
        return why
    is_group = each.type.lower() == "microsoft.insights/actiongroups"
    if is_group and each.name.lower() == _SMART_DETECTION_GROUP:
        return "Application Insights makes it, and uses it for all components of the subscription."
    return None


def _with_owners(ids: Iterable[str]) -> Iterable[str]:
    for id_ in ids:
        yield id_.lower()
        yield from (owner.lower() for owner in owners_of(id_))
