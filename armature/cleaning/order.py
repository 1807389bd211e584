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
    ranks: dict[str, tuple[float, int]] = {}
    for key, each in doomed.items():
        leader = (each.goes_with or "").lower()
        standing = leader if leader in doomed else key
        ranks[key] = (_rank(standing, doomed, frozenset()), -_depth(standing, doomed))
    levels = {rank: level for level, rank in enumerate(sorted(set(ranks.values())))}
    found = (Deletion(id=each.id, level=levels[ranks[key]]) for key, each in doomed.items())
    return tuple(sorted(found, key=lambda deletion: (deletion.level, deletion.id.lower())))


def _rank(key: str, doomed: Mapping[str, DoomedResource], seen: frozenset[str]) -> float:
    """A child goes no later than what it belongs to; what is managed goes after its manager, unless that is so."""
    each = doomed[key]
    own = float(_rank_of_type(each.type))
    owner = next((o.lower() for o in owners_of(each.id) if o.lower() in doomed), None)
    if owner is not None:
        return min(own, _rank(owner, doomed, seen))
    manager = (each.managed_by or "").lower()
    if manager in doomed and manager not in seen and manager != key:
        return max(own, _rank(manager, doomed, seen | {key}) + 0.5)
    return own


def _rank_of_type(resource_type: str) -> int:
    kind = resource_type.lower()
    while "/" in kind:
        if kind in _RANKS:
            return _RANKS[kind]
        kind = kind.rpartition("/")[0]
    return _RANKS.get(kind, _MIDDLE)


def _depth(key: str, doomed: Mapping[str, DoomedResource]) -> int:
    return sum(owner.lower() in doomed for owner in owners_of(doomed[key].id))
