"""What only the platform can tell: availability zones, role definitions and extensions."""

from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.functions.signature import Function, Kind, refusal, require, small
from armature.templates.scope import Scope


def _pick_zones(scope: Scope, arguments: list[Any]) -> Any:
    name = "pickZones"
    for index in range(len(arguments)):
        require(name, arguments, index, str if index < 3 else int)
    if "/" in arguments[0]:
        raise refusal(
            "Unable to evaluate template language function 'pickZones': function requires the first non-segmented "
            "argument to be the resource provider namespace. Invalid function argument "
            f"'{arguments[0]}'. Please see https://aka.ms/arm-template-expressions/#pickzones for usage details."
        )
    count, offset = (arguments[3:] + [1, 0][len(arguments) - 3 :])[:2]
    if small(count) < 1:
        raise _unusable("numberOfZones", "positive", count)
    if small(offset) < 0:
        raise _unusable("offset", "non-negative", offset)
    return scope.zones(name, [*arguments[:3], count, offset])


def _unusable(parameter: str, wanted: str, given: int) -> ExpressionError:
    return refusal(
        f"Unable to evaluate template language function 'pickZones': the '{parameter}' parameter must be a {wanted} "
        f"integer. The provided value '{given}' in invalid. Please see "
        "https://aka.ms/arm-template-expressions/#pickzones for usage details."
    )


def _zones(name: str) -> Function:
    """A translation between the zones of a subscription and those of the data centres."""

    def translate(scope: Scope, arguments: list[Any]) -> Any:
        return scope.zones(name, arguments)

    return Function(name, 3, 3, Kind.RUNTIME, translate)


def _extension(scope: Scope, arguments: list[Any]) -> Any:
    return scope.extension(require("extensions", arguments, 0, str, only=True))


def _role_definitions(scope: Scope, arguments: list[Any]) -> Any:
    if not isinstance(arguments[0], str):
        raise refusal(
            "One or more provided argument(s) for template language function 'roleDefinitions' are not valid: all "
            "function arguments should be of type 'String'. "
            "Please see https://aka.ms/arm-functions#roleDefinitions for usage details."
        )
    return scope.role_definition(arguments[0])


FUNCTIONS: tuple[Function, ...] = (
    Function("pickZones", 3, 5, Kind.RUNTIME, _pick_zones),
    _zones("toLogicalZone"),
    _zones("toLogicalZones"),
    _zones("toPhysicalZone"),
    _zones("toPhysicalZones"),
    Function("roleDefinitions", 1, 1, Kind.RUNTIME, _role_definitions),
    Function("extensions", 1, 1, Kind.DEPLOYMENT, _extension),
)
