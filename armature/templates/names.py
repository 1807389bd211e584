"""What a template defines and what it names, so that templates can be put in order.

Types and names are in lower case, names in full (`vnet/subnet`). What can't be told without running the template is
left out: what is not found here is found out by ARM.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from armature.templates.errors import ExpressionSyntaxError, TemplateError
from armature.templates.evaluation import StaticScope, evaluate, evaluate_value
from armature.templates.expressions import Expression, FunctionCall, is_expression, parse_expression, walk
from armature.templates.limits import MAX_RESOURCES
from armature.templates.reading import walk_values
from armature.templates.template import ResourceDeclaration, Template

ResourceName = tuple[str, str]
"""The type and the full name of a resource, both in lower case."""

_GROUP_TYPE = "microsoft.resources/resourcegroups"
_ID_FUNCTIONS = ("resourceid", "subscriptionresourceid", "tenantresourceid", "extensionresourceid")
_RESOURCE_ID = re.compile(r"/providers/(?P<rest>[^/.\s\[\]]+(?:\.[^/.\s\[\]]+)++/[^\s\[\]'\"?#,;]+)", re.IGNORECASE)
_PREFIX = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/armature-analysis"
_MAX_COPIES = 800
_MAX_ID_SEGMENTS = 40  # far more than any resource type has


def defined_resources(template: Template, parameters: Mapping[str, Any] | None = None) -> set[ResourceName]:
    """The resources that a template, or a template inside it, deploys. `parameters` are known values of its own."""
    return {
        (resource.type.lower(), name.lower())
        for holder, scope in _holders(template, parameters)
        for resource in holder.resources
        if not resource.is_existing
        for name in names_of(resource, scope)
    }


def named_resources(template: Template, parameters: Mapping[str, Any] | None = None) -> set[ResourceName]:
    """The resources that a template's expressions and literal ids refer to, its own ones among them."""
    found: set[ResourceName] = set()
    for holder, scope in _holders(template, parameters):
        by_name = {name.lower(): kind for resource in holder.resources for kind, name in _declared(resource, scope)}
        for text in _texts(holder):
            if is_expression(text):
                found |= set(_named_by(text, scope, by_name))
            else:
                found |= set(_resources_in_id(text))
        found |= {
            (resource.type.lower(), name.lower())
            for resource in holder.resources
            if resource.is_existing
            for name in names_of(resource, scope)
        }
    return found


def created_resource_groups(template: Template, parameters: Mapping[str, Any] | None = None) -> set[str]:
    """The names of the resource groups that a template creates, as they are written."""
    return {
        name
        for holder, scope in _holders(template, parameters)
        for resource in holder.resources
        if resource.type.lower() == _GROUP_TYPE and not resource.is_existing
        for name in names_of(resource, scope)
    }


def other_resource_groups(template: Template, parameters: Mapping[str, Any] | None = None) -> set[str]:
    """The resource groups that a template's linked and nested deployments go into by name."""
    return {
        group
        for holder, scope in _holders(template, parameters)
        for resource in holder.resources
        if resource.is_deployment and isinstance(written := resource.body.get("resourceGroup"), str)
        for group in _evaluated_names(written, scope)
    }


def _holders(template: Template, parameters: Mapping[str, Any] | None) -> Iterator[tuple[Template, StaticScope]]:
    """The template and those inside it, each with the scope of its expressions."""
    waiting = [(template, template_scope(template, parameters or {}))]
    while waiting:
        holder, scope = waiting.pop()
        if holder.resource_count > MAX_RESOURCES:
            continue  # ARM refuses it, and a few lines of it may stand for millions of names
        yield holder, scope
        try:
            inlines = holder.inline_templates
        except ValueError:
            continue  # one of them is no template, which the checks report
        for inline in reversed(inlines):
            given = given_parameters(inline.deployment, scope)
            waiting.append((inline.template, template_scope(inline.template, given) if inline.is_inner else scope))


class _TemplateScope(StaticScope):
    """Sees a template's variables and, where no value is known, the defaults of its parameters."""

    def __init__(self, template: Template, parameters: Mapping[str, Any], prefix: str | None) -> None:
        super().__init__(parameters, template.variables, prefix=prefix)
        self._template = template

    def default_of(self, name: str) -> Any:
        """The default of the template's definition."""
        definition = self._template.parameter(name)
        if definition is None or not definition.has_default:
            return super().default_of(name)
        return evaluate_value(definition.default, self)


def template_scope(template: Template, parameters: Mapping[str, Any], *, prefix: str | None = _PREFIX) -> StaticScope:
    """What a template's expressions see when only `parameters` are known of what it is given.

    `prefix` is the id of what is deployed to; None when that can't be told. The default stands for any resource group.
    """
    return _TemplateScope(template, parameters, prefix)


def given_parameters(deployment: ResourceDeclaration, scope: StaticScope) -> dict[str, Any]:
    """The parameter values that a deployment resource hands to its template, as far as they can be told."""
    given: dict[str, Any] = {}
    parameters = deployment.properties.get("parameters")
    for name, body in (parameters if isinstance(parameters, dict) else {}).items():
        if isinstance(body, dict) and "value" in body:
            try:
                given[name] = evaluate_value(body["value"], scope)
            except TemplateError:
                continue
    return given


def names_of(resource: ResourceDeclaration, scope: StaticScope) -> Iterable[str]:
    """The resource's names: several when it is copied a known number of times."""
    copy = resource.body.get("copy")
    if not isinstance(copy, dict):
        return _evaluated_names(resource.name, scope)
    try:
        count = evaluate_value(copy.get("count"), scope)
        loop = copy.get("name")
    except TemplateError:
        return ()
    if type(count) is not int or not 0 <= count <= _MAX_COPIES:
        return ()
    indexes = (scope.at(loop if isinstance(loop, str) else None, index) for index in range(count))
    return [name for inside in indexes for name in _evaluated_names(resource.name, inside)]


def _evaluated_names(name: str, scope: StaticScope) -> list[str]:
    try:
        value = evaluate_value(name, scope)
    except TemplateError:
        return []
    return [value] if isinstance(value, str) and value else []


def _declared(resource: ResourceDeclaration, scope: StaticScope) -> Iterator[ResourceName]:
    for name in names_of(resource, scope):
        yield resource.type.lower(), name.lower()


def _texts(template: Template) -> Iterator[str]:
    """Every string of the template but those of the templates inside it."""
    inside = tuple(
        f"{resource.pointer}/properties/template/" for resource in template.resources if resource.is_deployment
    )
    for section in ("variables", "resources", "outputs"):
        for pointer, value in walk_values(template.value.get(section), f"{template.pointer}/{section}"):
            if isinstance(value, str) and not (inside and pointer.startswith(inside)):
                yield value


def _named_by(text: str, scope: StaticScope, by_name: Mapping[str, str]) -> Iterator[ResourceName]:
    try:
        tree = parse_expression(text)
    except ExpressionSyntaxError:
        return
    for node in walk(tree):
        if not isinstance(node, FunctionCall) or node.namespace is not None:
            continue
        function = node.name.lower()
        if function in _ID_FUNCTIONS:
            yield from _resources_in_id(_text_of(node, scope))
        elif (function == "reference" or function.startswith("list")) and node.arguments:
            target = _text_of(node.arguments[0], scope)
            if "/" in target:
                yield from _resources_in_id(target)
            elif target.lower() in by_name:
                yield by_name[target.lower()], target.lower()


def _text_of(node: Expression, scope: StaticScope) -> str:
    try:
        value = evaluate(node, scope)
    except TemplateError:
        return ""
    return value if isinstance(value, str) else ""


def _resources_in_id(text: str) -> Iterator[ResourceName]:
    """The type and name in a resource id, and those of its parents."""
    matches = list(_RESOURCE_ID.finditer(text))
    if not matches:
        return
    namespace, *rest = matches[-1]["rest"].strip("/").lower().split("/", _MAX_ID_SEGMENTS)[:_MAX_ID_SEGMENTS]
    for count in range(2, len(rest) + 1, 2):
        yield "/".join((namespace, *rest[:count:2])), "/".join(rest[1:count:2])
