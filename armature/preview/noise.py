"""Noise: differences that what-if tells and a deployment would not make. Folded by rule, counted, never a resource.

    rule_of(resource_type, difference, own_tags, api_version)    the rule by which a difference is none, or None

A rule folds only what is certain to be no change, whatever the template says:

noEffect      Azure itself says that the property has no effect (`NoEffect`)
nothing       what goes, or comes, is null or empty
same          the values differ in how they are spelled: ids in letter case, locations in spaces and case, nulls in them
order         the same elements in another order, in an array whose order means nothing
readOnly      a property that only the provider writes would go: it is not a template's to delete
default       a property would go whose value is the provider's own default, which it fills in again
kept          an array of children would go that the template does not mention, which its provider leaves as they are
ownTags       tags that Armature puts on what it deploys
artifacts     the address of a file that Armature uploads, which has the deployment's id in it

That read-only properties and defaults are told as deleted is documented at
https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if (2025-11); which ones, in the reports
at https://github.com/Azure/arm-template-whatif (labels `read only` and `defaults`) and the resource reference.
"""

import re
from collections.abc import Mapping
from typing import Any

from armature.preview.answers import Difference
from armature.preview.model import PropertyChangeKind
from armature.preview.replacements import is_kept_when_unmentioned

OWN_TAG_PREFIX = "armature-"

_LOCATION_NAMES = frozenset({"location", "locations", "locationname", "primarylocation", "secondarylocation", "region"})
_SPACES = re.compile(r"\s+")

_UNORDERED = frozenset(
    "accesspolicies addressprefixes allowedaudiences allowedheaders allowedmethods allowedorigins appsettings "
    "availabilityzones backendaddresspools connectionstrings destinationaddressprefixes destinationportranges "
    "environmentvariables hostnames iprules resourceaccessrules routes securityrules serviceendpoints "
    "sourceaddressprefixes sourceportranges subnets userassignedidentities virtualnetworkpeerings virtualnetworkrules "
    "zones".split()
)
"""Arrays that are sets: whose elements are found by a name, or are all alike (resource reference, 2025-11)."""

_READ_ONLY_ANYWHERE = frozenset(
    "creationtime createddate creationdate etag lastmodifiedtime modifieddate provisioningstate resourceguid "
    "systemdata".split()
)
_READ_ONLY: Mapping[str, frozenset[tuple[str, ...]]] = {
    "": frozenset({("identity", "principalid"), ("identity", "tenantid")}),
    "microsoft.documentdb/databaseaccounts": frozenset(
        ("properties", "locations", name) for name in ("documentendpoint", "id")
    ),
    "microsoft.insights/components": frozenset(
        ("properties", name)
        for name in ("appid", "applicationid", "connectionstring", "instrumentationkey", "name", "tenantid", "ver")
    ),
    "microsoft.operationalinsights/workspaces": frozenset(("properties", name) for name in ("customerid",)),
    "microsoft.storage/storageaccounts": frozenset(
        ("properties", name)
        for name in ("primaryendpoints", "primarylocation", "secondaryendpoints", "statusofprimary")
    ),
    "microsoft.web/sites": frozenset(
        ("properties", name)
        for name in (
            "defaulthostname",
            "enabledhostnames",
            "hostnames",
            "inboundipaddress",
            "lastmodifiedtimeutc",
            "outboundipaddresses",
            "possibleoutboundipaddresses",
            "repositorysitename",
            "selflink",
            "state",
            "usagestate",
        )
    ),
}
"""By type in lower case ("" for all), the paths of properties that the reference calls read-only (2025-11)."""

_DEFAULTS: Mapping[str, Mapping[tuple[str, ...], Any]] = {
    "microsoft.keyvault/vaults": {
        ("properties", "enablesoftdelete"): True,
        ("properties", "publicnetworkaccess"): "Enabled",
        ("properties", "softdeleteretentionindays"): 90,
    },
    "microsoft.network/networksecuritygroups": {("properties", "flushconnection"): False},
    "microsoft.network/publicipaddresses": {
        ("properties", "idletimeoutinminutes"): 4,
        ("properties", "publicipaddressversion"): "IPv4",
    },
    "microsoft.network/virtualnetworks": {
        ("properties", "enableddosprotection"): False,
        ("properties", "privateendpointvnetpolicies"): "Disabled",
    },
    "microsoft.operationalinsights/workspaces": {
        ("properties", "publicnetworkaccessforingestion"): "Enabled",
        ("properties", "publicnetworkaccessforquery"): "Enabled",
    },
    "microsoft.web/sites": {
        ("properties", "containersize"): 0,
        ("properties", "enabled"): True,
        ("properties", "hostnamesdisabled"): False,
    },
}
"""What the provider fills in where a template says nothing (resource reference, 2025-11). Only defaults that no later
API version and no other property changes: that such a value goes means that it comes again."""

_SAID: Mapping[str, Mapping[tuple[str, ...], Any]] = {
    "microsoft.keyvault/vaults": {("properties", "enablepurgeprotection"): False},
}
"""Defaults that a GET leaves out: that a template says one is no change (resource reference, 2025-11)."""

_SUBNET_DEFAULTS = {"privateendpointnetworkpolicies": "Disabled", "privatelinkservicenetworkpolicies": "Enabled"}
_SUBNET_DEFAULTS_SINCE = "2023-02-01"
_DEFAULTS_SINCE: Mapping[str, tuple[str, Mapping[tuple[str, ...], Any]]] = {
    "microsoft.network/virtualnetworks": (
        _SUBNET_DEFAULTS_SINCE,
        {("properties", "subnets", "properties", name): value for name, value in _SUBNET_DEFAULTS.items()},
    ),
    "microsoft.network/virtualnetworks/subnets": (
        _SUBNET_DEFAULTS_SINCE,
        {("properties", name): value for name, value in _SUBNET_DEFAULTS.items()},
    ),
}
"""The same for templates that write by this API version or a later one: earlier ones had other defaults
(https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy, 2025-11)."""

_ARTIFACT = re.compile(r"https://([^/]+)/(templates-[a-z0-9-]+)(/[^?#]*)?(?:\?.*)?", re.IGNORECASE)


def rule_of(
    resource_type: str, difference: Difference, own_tags: Mapping[str, str], api_version: str = ""
) -> str | None:
    """The name of the rule by which a difference is no change; None when it is one.

    `own_tags` are those that the deployment's options put on all that it deploys, `api_version` is the one that the
    template writes the resource by.
    """
    if difference.is_without_effect:
        return "noEffect"
    if _is_nothing(difference.before) and _is_nothing(difference.after):
        return "nothing"
    if difference.kind is PropertyChangeKind.MODIFY and is_same(
        difference.before, difference.after, is_location=bool(_LOCATION_NAMES & set(difference.names[-1:]))
    ):
        return "same"
    if difference.is_reordered and difference.names and difference.names[-1] in _UNORDERED:
        return "order"
    if difference.kind is PropertyChangeKind.DELETE and _is_read_only(resource_type.lower(), difference.names):
        return "readOnly"
    if difference.before is None and difference.names in (said := _SAID.get(resource_type.lower(), {})):
        return "default" if difference.after == said[difference.names] else None
    if difference.is_unmentioned and _is_default(resource_type.lower(), difference, api_version):
        return "default"
    if difference.is_unmentioned and is_kept_when_unmentioned(resource_type, difference, api_version):
        return "kept"
    if _is_own_tag(difference, own_tags):
        return "ownTags"
    if _is_moved_artifact(difference.before, difference.after):
        return "artifacts"
    return None


def is_same(one: Any, other: Any, *, is_location: bool = False) -> bool:
    """Whether two values mean the same to Azure: ids in any letter case, locations in display or short form, and what
    is null as what is not there."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = _without_nulls(one), _without_nulls(other)
        return left.keys() == right.keys() and all(
            is_same(value, right[name], is_location=name in _LOCATION_NAMES) for name, value in left.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            is_same(*pair, is_location=is_location) for pair in zip(one, other, strict=True)
        )
    if isinstance(one, str) and isinstance(other, str):
        if is_location:
            return _SPACES.sub("", one).lower() == _SPACES.sub("", other).lower()
        return one == other or (one.lower().startswith("/subscriptions/") and one.lower() == other.lower())
    return type(one) is type(other) and bool(one == other)


def _without_nulls(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): item for name, item in value.items() if item is not None}


def _is_nothing(value: Any) -> bool:
    return value is None or value in ([], {})


def _is_read_only(resource_type: str, names: tuple[str, ...]) -> bool:
    if not names:
        return False
    known = _READ_ONLY[""] | _READ_ONLY.get(resource_type, frozenset())
    is_anywhere = names[-1] in _READ_ONLY_ANYWHERE and names[0] != "tags"
    return is_anywhere or any(names[: len(path)] == path for path in known)


def _is_default(resource_type: str, difference: Difference, api_version: str) -> bool:
    since, later = _DEFAULTS_SINCE.get(resource_type, ("", {}))
    if api_version >= since and difference.names in later:
        return is_same(difference.before, later[difference.names])
    defaults = _DEFAULTS.get(resource_type, {})
    if difference.names not in defaults or len(difference.names) != len(difference.path):
        return False
    return is_same(difference.before, defaults[difference.names])


def _is_own_tag(difference: Difference, own_tags: Mapping[str, str]) -> bool:
    if not difference.path or str(difference.path[0]).lower() != "tags":
        return False
    if len(difference.path) == 1:
        gone = difference.before if isinstance(difference.before, Mapping) else {}
        is_going = difference.kind is PropertyChangeKind.DELETE and bool(gone)
        return is_going and all(_is_put_by_us(str(name), value, own_tags) for name, value in gone.items())
    name = ".".join(str(part) for part in difference.path[1:])
    if name.lower().startswith(OWN_TAG_PREFIX):
        return True
    return difference.kind is PropertyChangeKind.DELETE and _is_put_by_us(name, difference.before, own_tags)


def _is_put_by_us(name: str, value: Any, own_tags: Mapping[str, str]) -> bool:
    own = {tag.lower(): text for tag, text in own_tags.items()}
    return name.lower().startswith(OWN_TAG_PREFIX) or own.get(name.lower()) == value


def _is_moved_artifact(before: Any, after: Any) -> bool:
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    was, will_be = _ARTIFACT.fullmatch(before), _ARTIFACT.fullmatch(after)
    if was is None or will_be is None:
        return False
    return was[1].lower() == will_be[1].lower() and was[3] == will_be[3]
