"""A template inside another one, so that Azure can look at it before what it builds on is there.

What is not there yet is made by the template around it, on paper: a resource group that Armature would make first, so
that Azure need not find it; and an output that another deployment is yet to give, as a `reference` to that deployment,
which what-if leaves as it is ("What-if can't resolve the reference function",
https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if, 2025-11). The template itself is
nested with a scope of its own, so nothing in it changes its meaning.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from armature.models import Model
from armature.plan import DeploymentScopeTarget
from armature.preview.identity import RESOURCE_GROUP_TYPE
from armature.templates.expressions import escape

_SCHEMA = "https://schema.management.azure.com/schemas/{}#"
_GROUP_SCHEMA = _SCHEMA.format("2019-04-01/deploymentTemplate.json")
_SUBSCRIPTION_SCHEMA = _SCHEMA.format("2018-05-01/subscriptionDeploymentTemplate.json")
_MANAGEMENT_GROUP_SCHEMA = _SCHEMA.format("2019-08-01/managementGroupDeploymentTemplate.json")
_TENANT_SCHEMA = _SCHEMA.format("2019-08-01/tenantDeploymentTemplate.json")

DEPLOYMENTS_VERSION = "2022-09-01"
GROUPS_VERSION = "2021-04-01"


class GroupOnPaper(Model):
    """A resource group that is not there yet: its name, and where it would be made."""

    name: str
    location: str


class OpenParameter(Model):
    """A parameter whose value is an output that is yet to be given by the deployment of that resource id."""

    name: str
    deployment_id: str
    output: str


class Wrapped(Model):
    """A template around another one: what it is deployed to, and where its deployment is kept."""

    scope: DeploymentScopeTarget
    location: str | None
    template: dict[str, Any]


def wrapped(
    template: Mapping[str, Any],
    parameters: Mapping[str, Mapping[str, Any]],
    scope: DeploymentScopeTarget,
    location: str | None,
    name: str,
    *,
    group: GroupOnPaper | None = None,
    open_parameters: Iterable[OpenParameter] = (),
) -> Wrapped:
    """The template around `template`, which is to be deployed to `scope` under `name` with `parameters`.

    With a `group` it goes to the subscription and makes that group, which `scope` is; else it goes where the template
    itself would. `location` is where a deployment outside of resource groups is kept.
    """
    given = {key: _escaped(value) for key, value in parameters.items()}
    for parameter in open_parameters:
        given[parameter.name] = {"value": _reference(parameter)}
    nested: dict[str, Any] = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": DEPLOYMENTS_VERSION,
        "name": escape(name),
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": given,
            "template": dict(template),
        },
    }
    if group is None:
        if location is not None:
            nested["location"] = location
        return Wrapped(scope=scope, location=location, template=_template(_schema_of(scope), [nested]))
    nested["resourceGroup"] = escape(group.name)
    nested["dependsOn"] = [f"[subscriptionResourceId('{RESOURCE_GROUP_TYPE}', '{_quoted(group.name)}')]"]
    made = {
        "type": RESOURCE_GROUP_TYPE,
        "apiVersion": GROUPS_VERSION,
        "name": escape(group.name),
        "location": group.location,
    }
    return Wrapped(
        scope=DeploymentScopeTarget(subscription=scope.subscription),
        location=group.location,
        template=_template(_SUBSCRIPTION_SCHEMA, [made, nested]),
    )


def _template(schema: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": resources}


def _schema_of(scope: DeploymentScopeTarget) -> str:
    if scope.resource_group:
        return _GROUP_SCHEMA
    if scope.subscription:
        return _SUBSCRIPTION_SCHEMA
    return _MANAGEMENT_GROUP_SCHEMA if scope.management_group else _TENANT_SCHEMA


def _reference(parameter: OpenParameter) -> str:
    deployment, output = _quoted(parameter.deployment_id), _quoted(parameter.output)
    return f"[reference('{deployment}', '{DEPLOYMENTS_VERSION}').outputs['{output}'].value]"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _escaped(value: Any) -> Any:
    """A value that one evaluation leaves as it is."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {escape(str(name)): _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value
