"""The `if` of a policy rule: fields of a resource compared with values, joined by `allOf`, `anyOf` and `not`.

Source: https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.models import Resource

_EXPRESSION = re.compile(r"\[\s*(parameters|field)\(\s*'((?:[^']|'')*)'\s*\)\s*\]", re.IGNORECASE)
_TAG = re.compile(r"tags(?:\.(?P<plain>.+)|\[\s*'?(?P<quoted>.+?)'?\s*\])", re.IGNORECASE)
_TOP = (
    "name",
    "type",
    "location",
    "kind",
    "id",
    "tags",
    "identity.type",
    "fullName",
    "sku",
    "plan",
    "zones",
    "identity",
)
_JOINS = ("allof", "anyof", "not")


@dataclass(frozen=True)
class Evaluated:
    """One comparison that was made, as `PolicyViolation` tells it."""

    field: str
    path: str
    value: Any
    target: Any
    operator: str

    def dump(self) -> dict[str, Any]:
        """The entry of `evaluatedExpressions`."""
        told = {"result": "True", "expressionKind": "Field", "expression": self.field, "path": self.path}
        return told | {"expressionValue": self.value, "targetValue": self.target, "operator": self.operator}


def invalid_rule(reason: str) -> ArmError:
    """The rule can't be read."""
    return ArmError(400, "InvalidPolicyRule", f"Failed to parse policy rule: '{reason}'.")


def check_condition(condition: Any, parameters: Mapping[str, Any]) -> None:
    """Raise InvalidPolicyRule for a condition that this emulator can't evaluate."""
    if not isinstance(condition, Mapping):
        raise invalid_rule("a condition must be an object")
    names = {str(name).lower(): name for name in condition}
    if join := next((names[name] for name in _JOINS if name in names), None):
        below = condition[join]
        for part in below if isinstance(below, list) else [below]:
            check_condition(part, parameters)
        return
    operator = _operator_of(condition)
    if "field" not in names and "value" not in names:
        raise invalid_rule("a condition must have a 'field' or a 'value'")
    for given in (condition[names.get("field") or names["value"]], condition[operator]):
        for text in given if isinstance(given, list) else [given]:
            _check_expression(text, parameters)


def _check_expression(text: Any, parameters: Mapping[str, Any]) -> None:
    if not (isinstance(text, str) and text.startswith("[") and not text.startswith("[[")):
        return
    found = _EXPRESSION.fullmatch(text)
    if not found:
        raise invalid_rule(f"the expression '{text}' is not one that can be evaluated here")
    if found[1].lower() == "parameters" and found[2].lower() not in {name.lower() for name in parameters}:
        raise invalid_rule(f"the parameter '{found[2]}' is not defined")


def holds(
    condition: Mapping[str, Any], resource: Resource, parameters: Mapping[str, Any], made: list[Evaluated]
) -> bool:
    """True when the condition holds; the comparisons that did are added to `made`."""
    names = {str(name).lower(): name for name in condition}
    if "allof" in names:
        return all(holds(part, resource, parameters, made) for part in condition[names["allof"]])
    if "anyof" in names:
        return any(holds(part, resource, parameters, made) for part in condition[names["anyof"]])
    if "not" in names:
        return not holds(condition[names["not"]], resource, parameters, [])
    operator = _operator_of(condition)
    target = resolve(condition[operator], resource, parameters)
    if "value" in names:
        return _OPERATORS[operator.lower()](resolve(condition["value"], resource, parameters), target)
    field = str(resolve(condition[names["field"]], resource, parameters))
    values = list(values_of(resource, field))
    is_met = all(_OPERATORS[operator.lower()](value, target) for value in values)
    if is_met:
        shown = values[0] if len(values) == 1 else values
        made.append(Evaluated(field, _path(resource, field), shown, target, operator[:1].upper() + operator[1:]))
    return is_met


def resolve(value: Any, resource: Resource, parameters: Mapping[str, Any]) -> Any:
    """The value of `[parameters('x')]` or `[field('x')]`; anything else as it is."""
    if isinstance(value, list):
        return [resolve(one, resource, parameters) for one in value]
    if not isinstance(value, str) or not (found := _EXPRESSION.fullmatch(value)):
        return value
    if found[1].lower() == "parameters":
        return next((given for name, given in parameters.items() if name.lower() == found[2].lower()), None)
    return next(values_of(resource, found[2]), None)


def values_of(resource: Resource, field: str) -> Iterator[Any]:
    """What a field or an alias names: one value, or with `[*]` that of each element; None for what is absent."""
    if tag := _TAG.fullmatch(field):
        wanted = (tag["plain"] or tag["quoted"]).lower()
        tags = resource.document.get("tags") or {}
        yield next((value for name, value in tags.items() if name.lower() == wanted), None)
    elif field.lower() == "fullname":
        yield resource.id.name
    elif field.lower() in {name.lower() for name in _TOP}:
        yield from _walk(resource.document, field.split("."))
    else:
        yield from _walk(resource.document, _path(resource, field).split("."))


def _path(resource: Resource, field: str) -> str:
    """Where an alias `Microsoft.Storage/storageAccounts/x.y` leads: `properties.x.y`, or a part beside them."""
    prefix = f"{resource.id.type.lower()}/"
    if not field.lower().startswith(prefix):
        return field
    path = field[len(prefix) :]
    is_top = path.partition(".")[0].partition("[")[0].lower() in {name.lower() for name in _TOP}
    return path if is_top else f"properties.{path}"


def _walk(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    name, is_each = path[0].removesuffix("[*]"), path[0].endswith("[*]")
    below = None
    if isinstance(value, Mapping):
        below = next((one for key, one in value.items() if key.lower() == name.lower()), None)
    if is_each:
        for element in below if isinstance(below, list) else ():
            yield from _walk(element, path[1:])
    else:
        yield from _walk(below, path[1:])


def _operator_of(condition: Mapping[str, Any]) -> str:
    found = [name for name in condition if name.lower() in _OPERATORS]
    if len(found) != 1:
        raise invalid_rule(f"a condition must have one operator; this has {', '.join(map(str, condition))}")
    return str(found[0])


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value


def _equals(value: Any, target: Any) -> bool:
    return bool(_folded(value) == _folded(target))


def _in(value: Any, target: Any) -> bool:
    return any(_equals(value, one) for one in target or ())


def _like(value: Any, target: Any) -> bool:
    pattern = ".*".join(map(re.escape, str(target).split("*")))
    return isinstance(value, str) and re.fullmatch(pattern, value, re.IGNORECASE) is not None


def _contains(value: Any, target: Any) -> bool:
    if isinstance(value, list):
        return _in(target, value)
    return isinstance(value, str) and str(target).lower() in value.lower()


def _exists(value: Any, target: Any) -> bool:
    return (value is not None) is (str(target).lower() == "true")


def _has_key(value: Any, target: Any) -> bool:
    return isinstance(value, Mapping) and str(target).lower() in {str(key).lower() for key in value}


def _matches(value: Any, target: Any, flags: int) -> bool:
    """`#` is a digit, `?` a letter, `.` anything, all else itself."""
    kinds = {"#": r"\d", "?": "[A-Za-z]", ".": "."}
    pattern = "".join(kinds.get(sign, re.escape(sign)) for sign in str(target))
    return isinstance(value, str) and re.fullmatch(pattern, value, flags) is not None


def _is_less(value: Any, target: Any) -> bool:
    return isinstance(value, type(target)) and bool(value < target)


def _is_greater(value: Any, target: Any) -> bool:
    return isinstance(value, type(target)) and bool(value > target)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "notequals": lambda value, target: not _equals(value, target),
    "in": _in,
    "notin": lambda value, target: not _in(value, target),
    "like": _like,
    "notlike": lambda value, target: not _like(value, target),
    "match": lambda value, target: _matches(value, target, 0),
    "notmatch": lambda value, target: not _matches(value, target, 0),
    "matchinsensitively": lambda value, target: _matches(value, target, re.IGNORECASE),
    "contains": _contains,
    "notcontains": lambda value, target: not _contains(value, target),
    "containskey": _has_key,
    "notcontainskey": lambda value, target: not _has_key(value, target),
    "exists": _exists,
    "less": _is_less,
    "lessorequals": lambda value, target: _is_less(value, target) or _equals(value, target),
    "greater": _is_greater,
    "greaterorequals": lambda value, target: _is_greater(value, target) or _equals(value, target),
}
