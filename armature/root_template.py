"""The one template of `strategy: root`: every template of a plan as a linked deployment, in an order that ARM keeps.

The linked deployments have the names that they have when Armature starts each of them, and its tags: whatever looks at
a template's deployment, cancels it or undoes what it did finds it the same. Pure.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from armature.options import Scheduling
from armature.plan import DeploymentScopeTarget, OutputReference, Plan, PlannedTemplate
from armature.templates.expressions import escape
from armature.templates.limits import MAX_DEPLOYMENT_NAME_CHARACTERS
from armature.templates.template import DeploymentScope, schema_of

API_VERSION = "2022-09-01"
SAS = "sas"
"""The root's parameter that holds the query of all links, a SAS."""

_SCHEMA_FOLDERS = {
    DeploymentScope.RESOURCE_GROUP: "2019-04-01",
    DeploymentScope.SUBSCRIPTION: "2018-05-01",
    DeploymentScope.MANAGEMENT_GROUP: "2019-08-01",
    DeploymentScope.TENANT: "2019-08-01",
}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Child:
    """One template of the plan in the root.

    `arguments` are those that are known, as in a parameter file; `secrets` the names of those whose values only a
    secure parameter may hold, of which `sas_arguments` are the SAS of all links behind a question mark. `outputs` are
    parameters that get an output of another child. Either `link` (an address without a query) or `content` is given.
    """

    template: PlannedTemplate
    depends_on: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    sas_arguments: frozenset[str] = frozenset()
    outputs: Mapping[str, OutputReference] = field(default_factory=dict)
    link: str | None = None
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Root:
    """The root template, and the values of its parameters as in a parameter file: some of them are secrets."""

    template: dict[str, Any]
    parameters: dict[str, dict[str, Any]] = field(repr=False)


def root_name(deployment_id: str, prefix: str | None = None) -> str:
    """The ARM deployment's name of the root: the deployment's id, which no template's deployment is called, behind the
    prefix, as far as there is room for it."""
    if not prefix:
        return deployment_id
    return f"{prefix[: MAX_DEPLOYMENT_NAME_CHARACTERS - len(deployment_id) - 1]}-{deployment_id}"


def root_id(plan: Plan) -> str:
    """The resource id of a plan's root."""
    return root_scope(plan).deployment_id(root_name(plan.deployment_id, plan.name_prefix))


def root_scope(plan: Plan) -> DeploymentScopeTarget:
    """Where the root is deployed to: the narrowest scope from which all templates of the plan can be reached."""
    scopes = list({template.scope.resource_id.lower(): template.scope for template in plan.templates}.values())
    for scope in scopes:
        if scope.subscription is None and scope.management_group is None:
            return scope
    for scope in scopes:
        if scope.management_group:
            return scope
    if len(scopes) == 1:
        return scopes[0]
    subscriptions = {(scope.subscription or "").lower(): scope.subscription for scope in scopes}
    (first, *others) = subscriptions.values()
    return DeploymentScopeTarget(subscription=plan.subscription if others else first)


def order_within(
    plan: Plan, included: Iterable[str], scheduling: Scheduling = Scheduling.GRAPH, *, is_parallel: bool = True
) -> dict[str, tuple[str, ...]]:
    """What each of the `included` templates waits for among them.

    Its own dependencies; with tier scheduling all of the tier before; one after the other when nothing is parallel.
    """
    names = set(included)
    templates = [template for template in plan.templates if template.name in names]
    order: dict[str, tuple[str, ...]] = {}
    previous: tuple[str, ...] = ()
    for template in templates:
        earlier = {other.tier for other in templates if other.tier < template.tier}
        if not is_parallel:
            order[template.name] = previous
            previous = (template.name,)
        elif scheduling is Scheduling.TIER and earlier:
            before = max(earlier)
            order[template.name] = tuple(other.name for other in templates if other.tier == before)
        else:
            own = template.depends_on if scheduling is Scheduling.GRAPH else ()
            order[template.name] = tuple(name for name in own if name in names)
    return order


def root_of(scope: DeploymentScopeTarget, children: Sequence[Child], sas: str = "") -> Root:
    """The root template of these children; `sas` is the query of their links, without a question mark."""
    writer = _Writer({child.template.name: _deployment_id(child.template) for child in children}, scope)
    resources = [writer.resource(child) for child in children]
    if writer.uses_sas:
        writer.define(SAS, "securestring", sas)
    kind = _kind_of(scope)
    schema = f"https://schema.management.azure.com/schemas/{_SCHEMA_FOLDERS[kind]}/{schema_of(kind)}#"
    template = {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "parameters": writer.definitions,
        "resources": resources,
    }
    return Root(template, writer.values)


def size_of(root: Root) -> int:
    """Bytes of the root as it is sent."""
    body = {"template": root.template, "parameters": root.parameters}
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


class _Writer:
    """Writes the resources of a root, and the parameters that they need."""

    def __init__(self, ids: Mapping[str, str], scope: DeploymentScopeTarget) -> None:
        self._ids = ids
        self._scope = scope
        self._secrets: dict[str, str] = {}
        self.uses_sas = False
        self.definitions: dict[str, dict[str, Any]] = {}
        self.values: dict[str, dict[str, Any]] = {}

    def define(self, name: str, kind: str, value: Any) -> str:
        """A parameter of the root with its value; answers the expression that stands for it."""
        self.definitions[name] = {"type": kind}
        self.values[name] = {"value": value}
        return f"[parameters({_quoted(name)})]"

    def resource(self, child: Child) -> dict[str, Any]:
        """The linked deployment of a child."""
        template = child.template
        properties: dict[str, Any] = {"mode": "Incremental", **self._content(child)}
        arguments = {escape(name): self._argument(child, name) for name in child.arguments}
        arguments |= {escape(name): {"value": self._output(wanted)} for name, wanted in child.outputs.items()}
        if arguments:
            properties["parameters"] = arguments
        where = _place_of(template.scope, self._scope)
        if not template.scope.resource_group:
            where["location"] = template.location
        return {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": API_VERSION,
            "name": template.deployment_name,
            **where,
            **({"tags": _literal(dict(child.tags))} if child.tags else {}),
            **({"dependsOn": [self._ids[name] for name in child.depends_on]} if child.depends_on else {}),
            "properties": properties,
        }

    def _content(self, child: Child) -> dict[str, Any]:
        if child.content is not None:
            return {"expressionEvaluationOptions": {"scope": "inner"}, "template": child.content}
        self.uses_sas = True
        return {"templateLink": {"uri": escape(str(child.link)), "queryString": f"[parameters('{SAS}')]"}}

    def _argument(self, child: Child, name: str) -> dict[str, Any]:
        given = child.arguments[name]
        if "value" not in given:
            return {"reference": _literal(given["reference"])}
        value = given["value"]
        if name in child.sas_arguments:
            self.uses_sas = True
            return {"value": f"[concat('?', parameters('{SAS}'))]"}
        if name in child.secrets:
            return {"value": self._secret(str(value))}
        if is_read_otherwise(value):
            number = len(self.definitions)
            return {"value": self.define(f"value{number}", "array" if isinstance(value, list) else "object", value)}
        return {"value": _literal(value)}

    def _secret(self, value: str) -> str:
        if value not in self._secrets:
            self._secrets[value] = self.define(f"secret{len(self.definitions)}", "securestring", value)
        return self._secrets[value]

    def _output(self, wanted: OutputReference) -> str:
        """The expression of an output of another child."""
        name = wanted.output
        step = f".{name}" if _IDENTIFIER.fullmatch(name) else f"[{_quoted(name)}]"
        return f"[reference({_quoted(self._ids[wanted.template])}, '{API_VERSION}').outputs{step}.value]"


def is_read_otherwise(value: Any) -> bool:
    """True for a value that a template can't hold as it is: an object with a loop, or a name that begins as an
    expression does; a number with a fraction. A parameter's value is read as it stands."""
    if isinstance(value, Mapping):
        names = (name.lower() == "copy" or name.startswith("[") for name in value)
        return any(names) or any(map(is_read_otherwise, value.values()))
    if isinstance(value, list):
        return any(map(is_read_otherwise, value))
    return isinstance(value, float)


def _literal(value: Any) -> Any:
    """The value as a template must hold it for ARM to read it as it is."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {name: _literal(item) for name, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _quoted(text: str) -> str:
    """A text as an expression writes it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _deployment_id(template: PlannedTemplate) -> str:
    return template.scope.deployment_id(template.deployment_name)


def _place_of(scope: DeploymentScopeTarget, root: DeploymentScopeTarget) -> dict[str, Any]:
    """How a linked deployment says where it deploys to, seen from the root's scope."""
    if scope.resource_id.lower() == root.resource_id.lower():
        return {}
    if scope.management_group:
        return {"scope": f"Microsoft.Management/managementGroups/{scope.management_group}"}
    if scope.subscription is None:
        return {"scope": "/"}
    is_elsewhere = (root.subscription or "").lower() != scope.subscription.lower()
    where: dict[str, Any] = {"subscriptionId": scope.subscription} if is_elsewhere else {}
    return {**where, "resourceGroup": scope.resource_group} if scope.resource_group else where


def _kind_of(scope: DeploymentScopeTarget) -> DeploymentScope:
    if scope.management_group:
        return DeploymentScope.MANAGEMENT_GROUP
    if scope.subscription is None:
        return DeploymentScope.TENANT
    return DeploymentScope.RESOURCE_GROUP if scope.resource_group else DeploymentScope.SUBSCRIPTION
