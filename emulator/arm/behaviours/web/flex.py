"""Flex Consumption: what an app on it must say, and what it must not say because other plans say it so.

Sources: https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations and
flex-consumption-plan (memory, instances), 2025; of site properties only those that a refusal of App Service names, as
quoted in https://github.com/Azure/terraform-azurerm-avm-res-web-site/issues/360 and
https://github.com/Azure/azure-functions-host/issues/10643. A property is refused even when it is null.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.arm.behaviours.generic import Surroundings
from emulator.arm.behaviours.rules import find, value_at
from emulator.arm.behaviours.web.errors import web_error
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

_SETTINGS = (
    "ENABLE_ORYX_BUILD", "FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "FUNCTIONS_MAX_HTTP_CONCURRENCY", "FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED",
    "SCM_DO_BUILD_DURING_DEPLOYMENT", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTOVERVNET",
    "WEBSITE_CONTENTSHARE", "WEBSITE_DNS_SERVER", "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_NODE_DEFAULT_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_SKIP_CONTENTSHARE_VALIDATION",
    "WEBSITE_VNET_ROUTE_ALL",
)  # fmt: skip
_CONFIG = (
    "FtpsState", "LinuxFxVersion", "NetFrameworkVersion", "Use32BitWorkerProcess", "PreWarmedInstanceCount",
    "FunctionAppScaleLimit", "FunctionsRuntimeScaleMonitoringEnabled",
)  # fmt: skip
_MEMORY = (512, 2048, 4096)
_MOST_INSTANCES = 1000
_AUTHENTICATION = ("SystemAssignedIdentity", "UserAssignedIdentity", "StorageAccountConnectionString")


def is_flex(site: Resource, surroundings: Surroundings) -> bool:
    """True for a function app whose plan is one of Flex Consumption."""
    plan = find(site.properties.get("serverFarmId"), surroundings)
    is_app = "functionapp" in str(site.document.get("kind")).lower()
    return is_app and plan is not None and (plan.document.get("sku") or {}).get("tier") == "FlexConsumption"


def check_app(site: Resource) -> None:
    """Raise `ArmError` unless functionAppConfig says where the package is, the runtime and the size of instances."""
    app = site.properties.get("functionAppConfig")
    if not app:
        message = "Site.FunctionAppConfig is invalid. The FunctionAppConfig section was not specified in the request."
        raise web_error(400, "BadRequest", message)
    storage = value_at(app, "deployment.storage") or {}
    if storage.get("type") != "blobContainer" or not storage.get("value"):
        raise _invalid("Deployment.Storage", "It must name a blobContainer and its URL.")
    if value_at(storage, "authentication.type") not in _AUTHENTICATION:
        raise _invalid("Deployment.Storage.Authentication", f"Its type must be one of {', '.join(_AUTHENTICATION)}.")
    if not value_at(app, "runtime.name") or not value_at(app, "runtime.version"):
        raise _invalid("Runtime", "It must have a name and a version.")
    scale = app.get("scaleAndConcurrency") or {}
    if scale.get("instanceMemoryMB", _MEMORY[0]) not in _MEMORY:
        raise _invalid("ScaleAndConcurrency.InstanceMemoryMB", f"It must be one of {', '.join(map(str, _MEMORY))}.")
    if not 1 <= scale.get("maximumInstanceCount", 1) <= _MOST_INSTANCES:
        raise _invalid("ScaleAndConcurrency.MaximumInstanceCount", f"It must be 1 to {_MOST_INSTANCES}.")


def check_settings(names: Iterable[str]) -> None:
    """Raise `ArmError` when an application setting is one of the other plans."""
    given = {name.lower() for name in names}
    for name in _SETTINGS:
        if name.lower() in given:
            message = (
                f"The following app setting (Site.SiteConfig.AppSettings.{name}) for Flex Consumption sites is "
                f"invalid. Please remove or rename it before retrying."
            )
            raise web_error(400, "BadRequest", message)


def check_config(config: Mapping[str, Any]) -> None:
    """Raise `ArmError` when a property of `siteConfig` is one of the other plans."""
    given = {name.lower() for name in config}
    found = [f"Site.SiteConfig.{name}" for name in _CONFIG if name.lower() in given]
    if len(found) == 1:
        message = f"The following site configuration property ({found[0]}) for Flex Consumption sites is invalid.  "
        raise web_error(400, "BadRequest", f"{message}Please remove or rename it before retrying.")
    if found:
        listed = f"The following list of {len(found)} site configuration properties ({', '.join(found)})"
        message = f"{listed} for Flex Consumption sites is invalid. Please remove or rename them before retrying."
        raise web_error(400, "BadRequest", message)


def _invalid(section: str, reason: str) -> ArmError:
    return web_error(400, "BadRequest", f"Site.FunctionAppConfig.{section} is invalid. {reason}")
