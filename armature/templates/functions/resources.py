"""Resource ids, and what only the template, the deployment or a running resource can tell."""

import re
import uuid
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.expressions import escape
from armature.templates.functions.signature import (
    Function,
    Kind,
    pure,
    refusal,
    refusal_with_help,
    require,
)
from armature.templates.functions.text import mixed_concatenation
from armature.templates.scope import Scope

_MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/"


def _strings(name: str, arguments: list[Any]) -> list[str]:
    return [require(name, arguments, index, str) for index in range(len(arguments))]


def _type_index(name: str, arguments: list[str], most: int) -> int:
    """Which argument is the resource type: the one with a slash, of which there must be one among the first `most`."""
    places = [index for index in range(len(arguments)) if "/" in arguments[index]]
    if len(places) != 1:
        raise _not_one_type(name, arguments)
    if places[0] >= most:
        raise refusal(
            f"Unable to evaluate template language function '{name}': function requires fully qualified resource type "
            f"'{arguments[places[0]]}' as one of first {most} arguments. "
            f"Please see https://aka.ms/arm-resource-functions/#{name.lower()} for usage details."
        )
    return places[0]


def _not_one_type(name: str, arguments: list[str]) -> ExpressionError:
    return refusal(
        f"Unable to evaluate template language function '{name}': function requires exactly one multi-segmented "
        "argument "
        "which must be resource type including resource provider namespace. Current function arguments "
        f"'{','.join(map(escape, arguments))}'. "
        f"Please see https://aka.ms/arm-resource-functions/#{name.lower()} for usage details."
    )


def _provider_part(name: str, resource_type: str, names: list[str]) -> str:
    """`/providers/{namespace}/{type}/{name}…` of a type and a name for each segment; empty ones are dropped."""
    shown = resource_type.rstrip("/")
    if shown.count("/") != len(names):
        raise refusal(
            f"Unable to evaluate template language function '{name}': the type '{shown}' requires "
            f"'{shown.count('/')}' resource name argument(s). "
            f"Please see https://aka.ms/arm-resource-functions/#{name.lower()} for usage details."
        )
    namespace, *types = [segment for segment in shown.split("/") if segment] or [""]
    pairs = "/".join(f"{kind}/{resource}" for kind, resource in zip(types, filter(None, names), strict=False))
    return f"/providers/{namespace}/{pairs}"


def _subscription_part(name: str, subscription: str) -> str:
    try:
        uuid.UUID(subscription)
    except ValueError as error:
        raise refusal(
            f"The provided value '{subscription}' is not valid subscription identifier. "
            f"Please see https://aka.ms/arm-resource-functions/#{name.lower()} for usage details."
        ) from error
    return f"/subscriptions/{subscription}"


def _own_subscription(scope: Scope) -> str:
    return f"/subscriptions/{scope.subscription()['subscriptionId']}"


def _resource_id(scope: Scope, arguments: list[Any]) -> str:
    texts = _strings("resourceId", arguments)
    at = _type_index("resourceId", texts, 3)
    part = _provider_part("resourceId", texts[at], texts[at + 1 :])
    if at == 0:
        return f"{scope.resource_id_prefix()}{part}"
    subscription = _subscription_part("resourceId", texts[0]) if at == 2 else _own_subscription(scope)
    return f"{subscription}/resourceGroups/{texts[at - 1]}{part}"


def _subscription_resource_id(scope: Scope, arguments: list[Any]) -> str:
    name = "subscriptionResourceId"
    texts = _strings(name, arguments)
    at = _type_index(name, texts, 2)
    part = _provider_part(name, texts[at], texts[at + 1 :])
    return f"{_subscription_part(name, texts[0]) if at else _own_subscription(scope)}{part}"


def _tenant_resource_id(arguments: list[Any]) -> str:
    texts = _strings("tenantResourceId", arguments)
    at = _type_index("tenantResourceId", texts, 1)
    return _provider_part("tenantResourceId", texts[at], texts[at + 1 :])


def _extension_resource_id(arguments: list[Any]) -> str:
    name = "extensionResourceId"
    base, resource_type, *names = _strings(name, arguments)
    segments = [segment for segment in base.split("/") if segment]
    if len(segments) < 2:
        raise refusal(
            f"Unable to evaluate template language function '{name}': the provided parent resource id '{base}' is "
            "not a "
            f"valid uri. Please see https://aka.ms/arm-resource-functions/#{name.lower()} for usage details."
        )
    _type_index(name, [resource_type, *names], 1)
    return f"/{'/'.join(segments)}{_provider_part(name, resource_type, names)}"


def _management_group_resource_id(arguments: list[Any]) -> str:
    name = "managementGroupResourceId"
    texts = _strings(name, arguments)
    at = _type_index(name, texts, 2)
    return f"{_MANAGEMENT_GROUP}{texts[0]}{_provider_part(name, texts[at], texts[at + 1 :])}"


def _parameters(scope: Scope, arguments: list[Any]) -> Any:
    return scope.parameter(require("parameters", arguments, 0, str, only=True))


def _variables(scope: Scope, arguments: list[Any]) -> Any:
    return scope.variable(require("variables", arguments, 0, str, only=True))


def _copy_index(scope: Scope, arguments: list[Any]) -> int:
    for index in range(len(arguments)):
        require("copyIndex", arguments, index, *((str, int) if index == 0 else (int,)))
    named = arguments and isinstance(arguments[0], str)
    offset = arguments[-1] if arguments and isinstance(arguments[-1], int) else 0
    return scope.copy_index(arguments[0] if named else None, offset)


def _resource_group(scope: Scope, arguments: list[Any]) -> dict[str, Any]:
    if not arguments:
        return scope.resource_group()
    given = arguments if len(arguments) == 2 else ["", *arguments]
    subscription, _, name = _strings("subscriptionResourceId", [given[0], "", given[1]])  # as the engine words it
    base = _subscription_part("subscriptionResourceId", subscription) if len(arguments) == 2 else None
    return {
        "id": f"{base or _own_subscription(scope)}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
    }


def _subscription(scope: Scope, arguments: list[Any]) -> dict[str, Any]:
    if not arguments:
        return scope.subscription()
    identifier = arguments[0]
    if isinstance(identifier, bool):  # taken as it is, as concat() takes it
        return {"id": f"/subscriptions/{identifier}", "subscriptionId": identifier}
    if type(identifier) not in (str, int):
        raise mixed_concatenation("concat")
    require("subscription", arguments, 0, str, only=True)
    return {"id": _subscription_part("subscriptionResourceId", identifier), "subscriptionId": identifier}


def _management_group(scope: Scope, arguments: list[Any]) -> dict[str, Any]:
    if not arguments:
        return scope.management_group()
    kind = _MANAGEMENT_GROUP.removeprefix("/providers/").rstrip("/")
    name = _strings("tenantResourceId", [kind, arguments[0]])[1]
    return {"id": _tenant_resource_id([kind, name]), "name": name, "type": _MANAGEMENT_GROUP.rstrip("/")}


def _reference(scope: Scope, arguments: list[Any]) -> Any:
    _strings("reference", arguments)
    return scope.reference(arguments)


def _references(scope: Scope, arguments: list[Any]) -> Any:
    _strings("references", arguments)
    return scope.references(arguments)


def _resource_info(scope: Scope, arguments: list[Any]) -> Any:
    return scope.resource_info(require("resourceInfo", arguments, 0, str, only=True))


def _providers(scope: Scope, arguments: list[Any]) -> Any:
    _strings("providers", arguments)
    return scope.providers(arguments)


LIST_NAME = re.compile(r"list\w*", re.IGNORECASE)
"""Every name that begins with `list` is a call of that operation of a resource."""


def list_function(name: str) -> Function:
    """The function that a name beginning with `list` stands for."""

    def call(scope: Scope, arguments: list[Any]) -> Any:
        if not arguments:
            raise refusal_with_help(f"Unable to evaluate template language function '{name}': it requires a resource.")
        require(name, arguments, 0, str)
        return scope.list_function(name, arguments)

    return Function(name, 1, 3, Kind.RUNTIME, call)


FUNCTIONS: tuple[Function, ...] = (
    Function("parameters", 1, 1, Kind.SCOPE, _parameters),
    Function("variables", 1, 1, Kind.SCOPE, _variables),
    Function("copyIndex", 0, 2, Kind.SCOPE, _copy_index),
    Function("resourceId", 2, None, Kind.DEPLOYMENT, _resource_id),
    Function("subscriptionResourceId", 2, None, Kind.DEPLOYMENT, _subscription_resource_id),
    pure("tenantResourceId", 2, None, _tenant_resource_id, each=(str,)),
    pure("extensionResourceId", 3, None, _extension_resource_id, each=(str,)),
    pure("managementGroupResourceId", 3, None, _management_group_resource_id, each=(str,)),
    Function("resourceGroup", 0, 2, Kind.DEPLOYMENT, _resource_group),
    Function("subscription", 0, 1, Kind.DEPLOYMENT, _subscription),
    Function("tenant", 0, 0, Kind.DEPLOYMENT, lambda scope, _: scope.tenant()),
    Function("managementGroup", 0, 1, Kind.DEPLOYMENT, _management_group),
    Function("deployment", 0, 0, Kind.DEPLOYMENT, lambda scope, _: scope.deployment()),
    Function("deployer", 0, 0, Kind.DEPLOYMENT, lambda scope, _: scope.deployer()),
    Function("environment", 0, 0, Kind.DEPLOYMENT, lambda scope, _: scope.environment()),
    Function("newGuid", 0, 0, Kind.DEPLOYMENT, lambda scope, _: scope.new_guid()),
    Function("reference", 1, 3, Kind.RUNTIME, _reference),
    Function("references", 1, 2, Kind.RUNTIME, _references),
    Function("resourceInfo", 1, 1, Kind.RUNTIME, _resource_info),
    Function("providers", 1, 2, Kind.RUNTIME, _providers),
)
