"""In which order the resources of a list are deleted: in waves, children before what they belong to, users before used.

ARM tells no order for what no deployment of ours has made. What is known of the types gives one that holds nearly
always; the rest shows as a conflict, and is tried again pass after pass (armature.deletions).
"""

from collections.abc import Iterable, Mapping

from armature.cleaning.model import DoomedResource
from armature.rollback import Deletion
from armature.surveying import owners_of

_WATCHERS, _USERS, _HOSTS, _ENDS, _MIDDLE, _NETS, _LAST = range(7)
"""Waves by what resources are to others: alerts; what uses networks, hosts and identities; what hosts; what networks
end in; everything else; networks; what all of these may use."""

_RANKS = {
    "microsoft.insights": _WATCHERS,
    "microsoft.alertsmanagement": _WATCHERS,
    "microsoft.insights/components": _MIDDLE,
    "microsoft.insights/actiongroups": _LAST,
    "microsoft.insights/datacollectionendpoints": _LAST,
    "microsoft.web/sites": _USERS,
    "microsoft.web/staticsites": _USERS,
    "microsoft.app/containerapps": _USERS,
    "microsoft.app/jobs": _USERS,
    "microsoft.logic/workflows": _USERS,
    "microsoft.compute/virtualmachines": _USERS,
    "microsoft.compute/virtualmachinescalesets": _USERS,
    "microsoft.containerservice/managedclusters": _USERS,
    "microsoft.containerinstance/containergroups": _USERS,
    "microsoft.network/applicationgateways": _USERS,
    "microsoft.network/azurefirewalls": _USERS,
    "microsoft.network/bastionhosts": _USERS,
    "microsoft.network/connections": _USERS,
    "microsoft.network/privateendpoints": _USERS,
    "microsoft.network/frontdoors": _USERS,
    "microsoft.network/trafficmanagerprofiles": _USERS,
    "microsoft.network/dnsresolvers": _USERS,
    "microsoft.cdn/profiles": _USERS,
    "microsoft.apimanagement/service": _USERS,
    "microsoft.machinelearningservices/workspaces": _USERS,
    "microsoft.eventgrid/systemtopics": _USERS,
    "microsoft.web/serverfarms": _HOSTS,
    "microsoft.web/hostingenvironments": _ENDS,
    "microsoft.app/managedenvironments": _HOSTS,
    "microsoft.compute/availabilitysets": _HOSTS,
    "microsoft.network/networkinterfaces": _HOSTS,
    "microsoft.network/virtualnetworkgateways": _HOSTS,
    "microsoft.network/localnetworkgateways": _ENDS,
    "microsoft.network/loadbalancers": _ENDS,
    "microsoft.network/firewallpolicies": _ENDS,
    "microsoft.network/natgateways": _LAST,
    "microsoft.network/virtualnetworks": _NETS,
    "microsoft.network/privatednszones": _NETS,
    "microsoft.network/networksecuritygroups": _LAST,
    "microsoft.network/applicationsecuritygroups": _LAST,
    "microsoft.network/routetables": _LAST,
    "microsoft.network/publicipaddresses": _LAST,
    "microsoft.network/publicipprefixes": _LAST,
    "microsoft.network/ddosprotectionplans": _LAST,
    "microsoft.compute/diskencryptionsets": _NETS,
    "microsoft.keyvault/vaults": _LAST,
    "microsoft.managedidentity/userassignedidentities": _LAST,
    "microsoft.operationalinsights/workspaces": _LAST,
}
"""By type, else by provider, in lower case; whatever is in neither is in the middle."""


def deletions_of(resources: Iterable[DoomedResource]) -> tuple[Deletion, ...]:
    """The deletions of what no lock keeps, first what goes first. What goes with something else stands at its level:
    it is gone when that is."""
    doomed = {each.id.lower(): each for each in resources if each.locked_by is None}
    places = _Places(doomed)
    places_of: dict[str, tuple[float, int]] = {}
    for key, each in doomed.items():
        leader = (each.goes_with or "").lower()
        places_of[key] = places.of(leader if leader in doomed else key)
    levels = {place: level for level, place in enumerate(sorted(set(places_of.values())))}
    found = (Deletion(id=each.id, level=levels[places_of[key]]) for key, each in doomed.items())
    return tuple(sorted(found, key=lambda deletion: (deletion.level, deletion.id.lower())))


class _Places:
    """Where each resource stands: by its rank, and among those of the same rank the deepest first."""

    def __init__(self, doomed: Mapping[str, DoomedResource]) -> None:
        self._doomed = doomed
        self._ranks: dict[str, float] = {}

    def of(self, key: str) -> tuple[float, int]:
        """The place of a resource. A child goes no later than what it belongs to."""
        owners = self._owners(key)
        ranks = [_rank_of_type(self._doomed[each].type) for each in (key, *owners[:-1])] if owners else []
        return min([*ranks, self._rank_of_root(owners[-1] if owners else key)]), -len(owners)

    def _owners(self, key: str) -> list[str]:
        """What a resource belongs to, the nearest first."""
        return [owner.lower() for owner in owners_of(self._doomed[key].id) if owner.lower() in self._doomed]

    def _rank_of_root(self, key: str) -> float:
        """What is managed goes after what manages it; of two that manage each other, one goes first."""
        if key not in self._ranks:
            each = self._doomed[key]
            self._ranks[key] = own = float(_rank_of_type(each.type))
            manager = (each.managed_by or "").lower()
            if manager in self._doomed and manager != key:
                owners = self._owners(manager)
                root = owners[-1] if owners else manager
                if root != key:
                    self._ranks[key] = max(own, self._rank_of_root(root) + 0.5)
        return self._ranks[key]


def _rank_of_type(resource_type: str) -> int:
    kind = resource_type.lower()
    while "/" in kind:
        if kind in _RANKS:
            return _RANKS[kind]
        kind = kind.rpartition("/")[0]
    return _RANKS.get(kind, _MIDDLE)
