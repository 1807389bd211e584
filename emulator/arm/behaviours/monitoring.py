"""Monitoring: workspaces, Application Insights, diagnostic settings, action groups and alerts.

Source: Workspaces reference 2023-09-01, Components 2020-02-02, Diagnostic Settings 2021-05-01-preview, Action Groups
2023-01-01, Metric Alerts 2018-03-01.
"""

import re
import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings, new_secret, secret_of
from emulator.arm.behaviours.rules import is_missing
from emulator.arm.catalogue import domains_of
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

_WORKSPACE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{2,61})[A-Za-z0-9]")
_MOST_DAYS = 730
_SINKS = ("storageAccountId", "serviceBusRuleId", "eventHubAuthorizationRuleId", "workspaceId", "marketplacePartnerId")
_LONGEST_SHORT_NAME = 12


def _check_workspace(resource: Resource, surroundings: Surroundings) -> None:
    name, days = resource.id.last_name, resource.properties.get("retentionInDays")
    if not _WORKSPACE_NAME.fullmatch(name):
        message = (
            f"Workspace name '{name}' is invalid. It must be 4 to 63 letters, digits and hyphens, and begin and end "
            "with a letter or a digit."
        )
        raise ArmError(400, "InvalidParameter", message)
    if days is not None and not (isinstance(days, int) and (days == 7 or 30 <= days <= _MOST_DAYS)):
        raise ArmError(400, "InvalidParameter", "'RetentionInDays' property doesn't match the SKU limits.")


def _provision_workspace(resource: Resource, surroundings: Surroundings) -> None:
    properties, moment = resource.properties, timestamp(now())
    properties["customerId"] = resource.secrets.setdefault("customerId", str(uuid.uuid4()))
    properties["sku"] = {"name": "PerGB2018"} | (properties.get("sku") or {}) | {"lastSkuUpdate": moment}
    defaults: dict[str, Any] = {
        "retentionInDays": 30,
        "features": {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True},
        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    for name, value in defaults.items():
        properties.setdefault(name, value)
    properties.update({"createdDate": timestamp(resource.created), "modifiedDate": moment})


def _shared_keys(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    return {name: secret_of(resource, name, 88) for name in ("primarySharedKey", "secondarySharedKey")}


def _regenerate_shared_key(resource: Resource, body: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    for name in ("primarySharedKey", "secondarySharedKey"):
        resource.secrets[name] = new_secret(88)
    surroundings.state.put_resource(resource)
    return _shared_keys(resource, body, surroundings)


def _provision_component(resource: Resource, surroundings: Surroundings) -> None:
    key = resource.secrets.setdefault("key", str(uuid.uuid4()))
    app = resource.secrets.setdefault("appId", str(uuid.uuid4()))
    properties = resource.properties
    defaults: dict[str, Any] = {
        "Application_Type": "web",
        "Flow_Type": "Bluefield",
        "Request_Source": "rest",
        "RetentionInDays": 90,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "IngestionMode": "LogAnalytics" if properties.get("WorkspaceResourceId") else "ApplicationInsights",
        "Ver": "v2",
    }
    for name, value in defaults.items():
        properties.setdefault(name, value)
    facts = {
        "Name": resource.id.last_name,
        "ApplicationId": resource.id.last_name,
        "AppId": app,
        "InstrumentationKey": key,
        "ConnectionString": _connection_string(resource, key, app),
        "CreationDate": timestamp(resource.created),
        "TenantId": resource.id.subscription,
    }
    properties.update(facts)
    resource.document.setdefault("kind", "web")


def _connection_string(resource: Resource, key: str, app: str) -> str:
    """Where telemetry goes; in the national clouds also for which audience tokens are."""
    location = resource.document.get("location")
    region, domains = str(location or "").replace(" ", "").lower(), domains_of(location)
    ingestion = f"IngestionEndpoint=https://{region}-0.in.applicationinsights.{domains.monitor}/"
    if domains.insights_suffix is None:
        live = f"LiveEndpoint=https://{region}.livediagnostics.monitor.{domains.monitor}/"
        return f"InstrumentationKey={key};{ingestion};{live};ApplicationId={app}"
    suffix, audience = f"EndpointSuffix={domains.insights_suffix}", f"AADAudience={domains.monitor_audience}"
    return f"InstrumentationKey={key};{suffix};{ingestion};{audience};ApplicationId={app}"


def _check_diagnostics(resource: Resource, surroundings: Surroundings) -> None:
    sinks = [resource.properties.get(name) for name in _SINKS if resource.properties.get(name)]
    if not sinks:
        raise ArmError(400, "BadRequest", "At least one data sink needs to be specified.")
    for sink in sinks:
        if is_missing(sink, surroundings):
            raise ArmError(404, "ResourceNotFound", f"Resource '{sink}' was not found.")


def _check_action_group(resource: Resource, surroundings: Surroundings) -> None:
    short = resource.properties.get("groupShortName")
    if not short or len(str(short)) > _LONGEST_SHORT_NAME:
        message = f"The groupShortName of an action group has 1 to {_LONGEST_SHORT_NAME} characters."
        raise ArmError(400, "InvalidActionGroupShortName", message)


def _provision_action_group(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("enabled", True)
    for receiver in resource.properties.get("emailReceivers") or []:
        receiver["status"] = "Enabled"
        receiver.setdefault("useCommonAlertSchema", False)


def _check_alert(resource: Resource, surroundings: Surroundings) -> None:
    for name in ("scopes", "criteria", "evaluationFrequency", "windowSize"):
        if not resource.properties.get(name):
            raise ArmError(400, "BadRequest", f"The value of the property '{name}' is missing.")
    for scope in resource.properties["scopes"]:
        if is_missing(scope, surroundings):
            raise ArmError(404, "ResourceNotFound", f"The resource '{scope}' of the alert's scopes was not found.")


def _provision_alert(resource: Resource, surroundings: Surroundings) -> None:
    resource.properties.setdefault("autoMitigate", True)
    resource.properties.setdefault("enabled", True)


BEHAVIOURS = {
    "Microsoft.OperationalInsights/workspaces": Behaviour(
        15,
        check=_check_workspace,
        provision=_provision_workspace,
        actions={
            "sharedkeys": _shared_keys,
            "listkeys": _shared_keys,
            "regeneratesharedkey": _regenerate_shared_key,
        },
        is_preflighted=True,
    ),
    "Microsoft.Insights/components": Behaviour(5, provision=_provision_component),
    "Microsoft.Insights/diagnosticSettings": Behaviour(2, check=_check_diagnostics),
    "Microsoft.Insights/actionGroups": Behaviour(3, check=_check_action_group, provision=_provision_action_group),
    "Microsoft.Insights/metricAlerts": Behaviour(3, check=_check_alert, provision=_provision_alert),
}
