"""Plans: sizes with their tiers, how many sites there are on one, and that a plan with sites stays.

Source: App Service Plans reference 2023-12-01; pricing tiers of App Service and of the Functions hosting plans.
"""

import re
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.rules import parsed
from emulator.arm.behaviours.web.errors import web_error
from emulator.arm.catalogue import LOCATIONS
from emulator.arm.identifiers import ResourceId
from emulator.arm.state import Resource

PLAN = "Microsoft.Web/serverfarms"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_TIERS = (
    (re.compile(r"F1"), "Free"),
    (re.compile(r"D1"), "Shared"),
    (re.compile(r"B[123]"), "Basic"),
    (re.compile(r"S[123]"), "Standard"),
    (re.compile(r"P[123]"), "Premium"),
    (re.compile(r"P[123]v2"), "PremiumV2"),
    (re.compile(r"P[0-5]m?v3"), "PremiumV3"),
    (re.compile(r"P[0-5]m?v4"), "PremiumV4"),
    (re.compile(r"I[1-6]m?v2"), "IsolatedV2"),
    (re.compile(r"Y1"), "Dynamic"),
    (re.compile(r"FC1"), "FlexConsumption"),
    (re.compile(r"EP[123]"), "ElasticPremium"),
    (re.compile(r"WS[123]"), "WorkflowStandard"),
)


def _tier(size: str) -> str | None:
    return next((tier for pattern, tier in _TIERS if pattern.fullmatch(size)), None)


def _size(resource: Resource) -> str:
    """The size that the `sku` names, whose keys App Service reads in any case."""
    sku = {str(key).lower(): value for key, value in (resource.document.get("sku") or {}).items()}
    return str(sku.get("name") or sku.get("size") or "F1")


def _check(resource: Resource, surroundings: Surroundings) -> None:
    if not _NAME.fullmatch(resource.id.last_name):
        raise web_error(400, "BadRequest", "The parameter name has an invalid value.")
    if _tier(_size(resource)) is None:
        raise web_error(400, "BadRequest", f"The value of parameter sku.name '{_size(resource)}' is invalid.")


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    document, properties, size = resource.document, resource.properties, _size(resource)
    given = {str(key).lower(): value for key, value in (document.get("sku") or {}).items()}
    tier = _tier(size) or "Free"
    capacity = 0 if tier in ("Dynamic", "FlexConsumption") else int(given.get("capacity") or 1)
    family = re.sub(r"\d", "", size, count=1)
    document["sku"] = {"name": size, "tier": tier, "size": size, "family": family, "capacity": capacity}
    is_linux = bool(properties.get("reserved")) or "linux" in str(document.get("kind") or "").lower()
    document.setdefault("kind", "linux" if is_linux else "functionapp" if tier == "Dynamic" else "app")
    location = str(document.get("location") or "").replace(" ", "").lower()
    properties |= {
        "name": resource.id.last_name,
        "status": "Ready",
        "reserved": bool(properties.get("reserved")),
        "geoRegion": LOCATIONS.get(location, location),
        "numberOfWorkers": capacity,
        "maximumNumberOfWorkers": properties.get("maximumElasticWorkerCount") or max(capacity, 1),
    }
    defaults = {"perSiteScaling": False, "elasticScaleEnabled": False, "isXenon": False, "hyperV": False}
    for name, value in (defaults | {"zoneRedundant": False, "targetWorkerCount": 0}).items():
        properties.setdefault(name, value)


def sites_of(plan: ResourceId, surroundings: Surroundings) -> list[Resource]:
    """The sites on a plan."""
    found = []
    for resource in surroundings.state.resources(ResourceId(plan.subscription)):
        named = parsed(resource.properties.get("serverFarmId"))
        if resource.id.type.lower() == "microsoft.web/sites" and named and named.key == plan.key:
            found.append(resource)
    return found


def _present(resource: Resource, surroundings: Surroundings) -> dict[str, Any]:
    number = len(sites_of(resource.id, surroundings))
    return resource.document | {"properties": resource.properties | {"numberOfSites": number}}


def _check_removal(resource: Resource, surroundings: Surroundings) -> None:
    if sites := sites_of(resource.id, surroundings):
        names = ", ".join(site.id.last_name for site in sites)
        message = (
            f"Server farm '{resource.id.last_name}' cannot be deleted because it has web app(s) {names} assigned to it."
        )
        raise web_error(409, "Conflict", message)


BEHAVIOURS = {
    PLAN: Behaviour(
        seconds=10,
        check=_check,
        provision=_provision,
        present=_present,
        check_removal=_check_removal,
        is_preflighted=True,
    ),
}
