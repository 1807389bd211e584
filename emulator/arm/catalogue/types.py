"""Resource providers, their types and the API versions of each type.

Source of types.json: the index of https://github.com/Azure/bicep-types-az, which Microsoft generates from the REST
specifications of all providers, grouped here by provider and by list of versions, newest first. What that index leaves
out because no template can name it is in _BESIDES, from the reference of Azure Resource Manager.

`Microsoft.Contoso`, the provider of Microsoft's examples, serves any type in any version: for whoever needs a resource
that does nothing.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from emulator.arm.catalogue.locations import locations_of
from emulator.clouds import Cloud

_OPEN = "Microsoft.Contoso"
_RESOURCES_VERSIONS = (
    "2025-04-01", "2025-03-01", "2024-11-01", "2024-07-01", "2024-03-01", "2023-07-01", "2022-12-01", "2022-09-01",
    "2022-05-01", "2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01", "2020-08-01", "2020-06-01", "2020-05-01",
    "2020-01-01", "2019-11-01", "2019-10-01", "2019-09-01", "2019-08-01", "2019-07-01", "2019-06-01", "2019-05-10",
    "2019-05-01", "2019-03-01", "2018-11-01", "2018-09-01", "2018-08-01", "2018-07-01", "2018-06-01", "2018-05-01",
    "2018-02-01", "2018-01-01", "2017-12-01", "2017-08-01", "2017-06-01", "2017-05-10", "2017-05-01", "2017-03-01",
    "2016-09-01", "2016-07-01", "2016-06-01", "2016-02-01", "2015-11-01", "2015-01-01", "2014-04-01-preview",
)  # fmt: skip
_AUTHORIZATION_VERSIONS = ("2022-04-01", "2018-07-01", "2018-01-01-preview", "2015-07-01")
_WEB_VERSIONS = (
    "2025-03-01", "2024-11-01", "2024-04-01", "2023-12-01", "2023-01-01", "2022-09-01", "2022-03-01", "2021-03-01",
    "2021-02-01", "2021-01-15", "2021-01-01", "2020-12-01", "2020-10-01", "2020-09-01", "2020-06-01", "2019-08-01",
    "2018-11-01", "2018-02-01", "2016-08-01", "2015-08-01",
)  # fmt: skip
_BESIDES = {
    "Microsoft.Resources": (
        (
            _RESOURCES_VERSIONS,
            "subscriptions subscriptions/resourceGroups subscriptions/providers subscriptions/locations",
        ),
        (
            _RESOURCES_VERSIONS,
            "subscriptions/resources subscriptions/tagNames tenants providers resources operationResults",
        ),
        (_RESOURCES_VERSIONS, "deployments/operations subscriptions/operationResults"),
        (("2026-06-01", *_RESOURCES_VERSIONS), "deployments resourceGroups tags"),
    ),
    "Microsoft.Authorization": ((_AUTHORIZATION_VERSIONS, "permissions"),),
    "Microsoft.Management": (
        (("2023-04-01", "2021-04-01", "2020-10-01", "2020-05-01", "2020-02-01", "2019-11-01"), "getEntities"),
    ),
    "Microsoft.ResourceHealth": (
        (
            ("2025-05-01", "2024-02-01", "2023-10-01-preview", "2022-10-01", "2020-05-01", "2018-07-01", "2017-07-01"),
            "availabilityStatuses",
        ),
    ),
    "Microsoft.Web": (
        (
            _WEB_VERSIONS,
            (
                "sites/host sites/hostruntime sites/hostruntime/host "
                "sites/slots/host sites/slots/hostruntime sites/slots/hostruntime/host"
            ),
        ),
    ),
    "Microsoft.KeyVault": (
        (
            ("2025-05-01", "2024-11-01", "2023-07-01", "2022-07-01", "2021-10-01", "2019-09-01", "2018-02-14"),
            "deletedVaults",
        ),
    ),
    "Microsoft.CognitiveServices": (
        (("2025-06-01", "2024-10-01", "2023-05-01", "2022-12-01", "2021-10-01", "2021-04-30"), "deletedAccounts"),
    ),
    "Microsoft.AppConfiguration": (
        (("2024-06-01", "2024-05-01", "2023-03-01", "2022-05-01"), "deletedConfigurationStores"),
    ),
}
_GLOBAL = frozenset(
    "microsoft.network/privatednszones microsoft.network/privatednszones/virtualnetworklinks "
    "microsoft.network/dnszones microsoft.network/trafficmanagerprofiles microsoft.network/frontdoors "
    "microsoft.network/networkmanagers microsoft.network/frontdoorwebapplicationfirewallpolicies "
    "microsoft.cdn/profiles microsoft.cdn/profiles/endpoints microsoft.cdn/profiles/afdendpoints "
    "microsoft.insights/actiongroups microsoft.insights/metricalerts microsoft.insights/activitylogalerts "
    "microsoft.insights/privatelinkscopes microsoft.alertsmanagement/actionrules "
    "microsoft.alertsmanagement/smartdetectoralertrules microsoft.botservice/botservices microsoft.maps/accounts "
    "microsoft.azureactivedirectory/b2cdirectories microsoft.communication/communicationservices "
    "microsoft.communication/emailservices microsoft.communication/emailservices/domains "
    "microsoft.portal/dashboards microsoft.domainregistration/domains "
    "microsoft.certificateregistration/certificateorders microsoft.securityinsights/sentinel "
    "microsoft.healthbot/healthbots microsoft.resourcegraph/queries".split()
)
"""Types whose resources are in the location `global`: their REST reference, 2025."""


_WITHOUT_TAGS = frozenset(
    "microsoft.authorization microsoft.advisor microsoft.management microsoft.resourcehealth microsoft.security "
    "microsoft.policyinsights microsoft.guestconfiguration microsoft.consumption microsoft.subscription".split()
)
_EXTENSIONS_WITHOUT_TAGS = frozenset(("microsoft.insights/diagnosticsettings", "microsoft.resources/tags"))
_CHILDREN_WITH_TAGS = frozenset(
    "microsoft.sql/servers/databases microsoft.sql/servers/elasticpools microsoft.web/sites/slots "
    "microsoft.network/privatednszones/virtualnetworklinks microsoft.compute/virtualmachines/extensions "
    "microsoft.cdn/profiles/endpoints microsoft.cdn/profiles/afdendpoints "
    "microsoft.automation/automationaccounts/runbooks "
    "microsoft.containerregistry/registries/replications microsoft.containerregistry/registries/webhooks "
    "microsoft.containerregistry/registries/tasks microsoft.app/managedenvironments/certificates "
    "microsoft.netapp/netappaccounts/capacitypools microsoft.netapp/netappaccounts/capacitypools/volumes "
    "microsoft.machinelearningservices/workspaces/onlineendpoints".split()
)
"""Which types take tags, as far as bundles are likely to hold them: Tag support for Azure resources, 2025."""


@dataclass(frozen=True)
class ResourceType:
    """A type as a provider registers it; `api_versions` are newest first."""

    namespace: str
    name: str
    api_versions: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """`Microsoft.Web/sites`."""
        return f"{self.namespace}/{self.name}"

    def takes(self, location: str, cloud: Cloud) -> bool:
        """True when its resources may be in that location of the cloud, written in any way."""
        wanted = location.replace(" ", "").lower()
        return (wanted == "global" and self.is_global) or wanted in locations_of(cloud)

    @property
    def is_global(self) -> bool:
        """True when its resources are in the location `global`, as are the children of those that are."""
        name = f"{self.full_name.lower()}/"
        return any(name.startswith(f"{kind}/") for kind in _GLOBAL)

    @property
    def takes_tags(self) -> bool:
        """True when its resources take tags: those that lie directly in a scope, and some children."""
        name = self.full_name.lower()
        if "/" in self.name:
            return name in _CHILDREN_WITH_TAGS
        return self.namespace.lower() not in _WITHOUT_TAGS and name not in _EXTENSIONS_WITHOUT_TAGS

    def described(self, cloud: Cloud) -> dict[str, Any]:
        """The type as `GET providers` tells it."""
        return {**self.shown(cloud), "capabilities": "SupportsTags, SupportsLocation" if self.takes_tags else "None"}

    def shown(self, cloud: Cloud) -> dict[str, Any]:
        """The type as the function `providers()` tells it."""
        locations = ["global"] if self.is_global else list(locations_of(cloud).values())
        return {"resourceType": self.name, "locations": locations, "apiVersions": list(self.api_versions)}


@cache
def _catalogue() -> dict[str, dict[str, ResourceType]]:
    """All types by lower-case namespace and name."""
    listed = json.loads(files(__package__).joinpath("types.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, ResourceType]] = {}
    for namespace, groups in listed.items():
        for versions, names in groups.items():
            for name in names.split():
                found.setdefault(namespace.lower(), {})[name.lower()] = ResourceType(
                    namespace, name, tuple(versions.split())
                )
    for namespace, groups in _BESIDES.items():
        for versions, names in groups:
            for name in names.split():
                found.setdefault(namespace.lower(), {})[name.lower()] = ResourceType(namespace, name, versions)
    return found


def _providers() -> dict[str, str]:
    known = {key: next(iter(types.values())).namespace for key, types in _catalogue().items()}
    return known | {_OPEN.lower(): _OPEN}


PROVIDERS = _providers()
"""The namespaces in their own spelling, by lower-case name."""

API_VERSIONS = list(_RESOURCES_VERSIONS)
"""What Resource Manager's own routes serve."""


def is_open(namespace: str) -> bool:
    """True for the provider that serves any type in any version."""
    return namespace.lower() == _OPEN.lower()


def find_type(resource_type: str) -> ResourceType | None:
    """A type by its full name, in any case; None when nobody registers it."""
    namespace, _, name = resource_type.lower().partition("/")
    return _catalogue().get(namespace, {}).get(name)


def resource_types(namespace: str, cloud: Cloud) -> list[dict[str, Any]]:
    """The types of a provider with locations, API versions, capabilities; empty for a provider that is not listed."""
    return [found.described(cloud) for found in _catalogue().get(namespace.lower(), {}).values()]


def resource_type(namespace: str, name: str, cloud: Cloud) -> dict[str, Any] | None:
    """One type of a provider, as the template function `providers()` gives it."""
    found = find_type(f"{namespace}/{name}")
    return found.shown(cloud) if found else None
