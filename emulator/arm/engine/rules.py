"""What must hold of a template before any expression is evaluated, refused in the words of Microsoft's engine.

Asked of the engine through nested templates, which it checks as ARM checks every template. Limits: "Template limits" in
https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from armature.templates.features import unsupported_feature
from armature.templates.type_validity import type_faults
from emulator.arm.engine.declarations import Declaration, declared
from emulator.arm.engine.function_rules import check_functions
from emulator.arm.engine.refusals import RESOURCES_HELP, as_shown, violation
from emulator.arm.engine.source import Source
from emulator.arm.engine.tree import MAX_COPIES, is_copy_list

_LIMITS = {
    "parameters": ("input parameters", 256),
    "variables": ("variables", 512),
    "outputs": ("outputs", 64),
    "resources": ("resources", MAX_COPIES),
}
_LANGUAGE_VERSION = re.compile(r"1\.\d+(-experimental)?|2\.\d+(-experimental)?")
_AGGREGATE = ("$ref", "items", "prefixItems", "properties", "additionalProperties", "discriminator")


def check_rules(template: Mapping[str, Any], source: Source, *, is_inside: bool) -> None:
    """Raise InvalidTemplate for the first rule that a template of the right shape breaks.

    `is_inside` for the template of a nested deployment.
    """
    version = template.get("languageVersion")
    if version is not None and not _LANGUAGE_VERSION.fullmatch(version):
        raise violation(
            f"The template language version '{version}' is not recognized.", source.place("languageVersion")
        )
    for section, (words, most) in _LIMITS.items():
        if (count := len(template.get(section) or {})) > most:
            message = f"The number of template {words} limit exceeded. Limit: '{most}' and actual: '{count}'."
            raise violation(f"{message} {_help(section)}", source.place(section))
    if unsupported := unsupported_feature(template):
        raise violation(unsupported, source.place("asserts"))
    if version is None:
        _check_features(template, source)
    elif version.startswith("2.") and isinstance(template.get("resources"), list):
        message = "You must use symbolic resource names when a template language version is specified."
        raise violation(f"{message} {RESOURCES_HELP}", source.place("resources"))
    _check_types(template, source)
    _check_variables(template, source)
    check_functions(template, source)
    for declaration in declared(template.get("resources")):
        _check_resource(declaration, template, source, is_inside=is_inside)
    _check_outputs(template, source)


def _help(section: str) -> str:
    return f"Please see https://aka.ms/arm-syntax-{section} for usage details."


def _check_features(template: Mapping[str, Any], source: Source) -> None:
    """What a template may only do that says its `languageVersion`."""
    for feature, path in _features(template):
        message = f"Template language version must be specified in order to use feature '{feature}'."
        raise violation(message, source.place(*path))


def _features(template: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if isinstance(template.get("resources"), Mapping):
        yield "SymbolicNames", ("resources",)
    for declaration in declared(template.get("resources")):
        if declaration.body.get("existing") is not None:
            yield "ExistingResources", (*declaration.path, "existing")
    if template.get("asserts"):
        yield "Asserts", ("asserts",)
    if template.get("definitions"):
        yield "AggregateTypeValidation", ("definitions",)
    for section in ("parameters", "outputs"):
        for name, body in (template.get(section) or {}).items():
            if body.get("nullable") is not None:
                yield "NullableParameters", (section, name)
            if any(key in body for key in _AGGREGATE):
                yield "AggregateTypeValidation", (section, name)


def _check_types(template: Mapping[str, Any], source: Source) -> None:
    for fault in type_faults(template, location=source.path):
        raise violation(fault.message, source.place(*fault.path))


def _check_variables(template: Mapping[str, Any], source: Source) -> None:
    declared_variables = template.get("variables") or {}
    names: Counter[str] = Counter()
    for key, value in declared_variables.items():
        made = [loop["name"] for loop in value] if key.lower() == "copy" and is_copy_list(value) else [key]
        names.update(name.lower() for name in made)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        message = (
            "Each variable declaration have a unique name, but the template defines multiple variables named "
            f"'{twice}'. {_help('variables')}"
        )
        raise violation(message, source.place("variables"))


def _check_resource(declaration: Declaration, template: Mapping[str, Any], source: Source, *, is_inside: bool) -> None:
    place = source.place(*declaration.path)
    if declaration.symbol and declaration.body.get("resources"):
        message = f"Resource '{declaration.symbol}' is using symbolic names, so it cannot declare nested resources."
        raise violation(f"{message} Please see https://aka.ms/arm-syntax for usage details.", place)
    if not declaration.name:
        kind = declaration.body.get("type")
        message = (
            f"The template resource '' of type '{kind}' at {place} is not valid. The name property cannot be null "
        )
        raise violation(f"{message}or empty. {RESOURCES_HELP}", place)
    if is_inside and not declaration.body.get("apiVersion") and not template.get("apiProfile"):
        where = source.place(*declaration.path, "apiVersion")
        message = (
            f"The template resource '{as_shown(declaration.title)}' is not valid. Both api-version property at {where} "
            "and api-profile property for the template cannot be null or empty. Either explicitly specify the "
            f"api-version for the resource or specify the api-profile for the template. {RESOURCES_HELP}"
        )
        raise violation(message, where)
    _check_property_loops(declaration, declaration.body.get("properties"), source)
    for child in declaration.children:
        _check_resource(child, template, source, is_inside=is_inside)


def _check_property_loops(declaration: Declaration, value: Any, source: Source) -> None:
    """No loop may make a property that is there besides."""
    if isinstance(value, list):
        for item in value:
            _check_property_loops(declaration, item, source)
    if not isinstance(value, Mapping):
        return
    for key, item in value.items():
        if key.lower() == "copy" and is_copy_list(item) and any(loop["name"] in value for loop in item):
            place = source.place(*declaration.path)
            raise violation(f"The template resource '{declaration.title}' at {place} is not valid.", place)
        if key.lower() != "template":
            _check_property_loops(declaration, item, source)


def _check_outputs(template: Mapping[str, Any], source: Source) -> None:
    for name, body in (template.get("outputs") or {}).items():
        reason = None
        if body.get("copy") is None and "value" not in body:
            reason = "The 'value' property must be specified if not for output copy."
        elif body.get("copy") is not None and str(body.get("type", "array")).lower() != "array":
            reason = "Only array type output accept 'copy' property."
        if reason:
            message = f"The template output '{name}' is not valid. {reason} {_help('outputs')}"
            raise violation(message, source.place("outputs", name))
