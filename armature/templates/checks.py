"""Everything that is wrong with a template, found before anything is touched."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import Any

from armature.problems import Problem, ProblemCode, Severity
from armature.templates import limits
from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import (
    Expression,
    FunctionCall,
    StringLiteral,
    is_expression,
    parse_expression,
    walk,
)
from armature.templates.features import may_be_in_function, unsupported_feature
from armature.templates.functions import FUNCTIONS, find_function
from armature.templates.links import artifacts_location_problems
from armature.templates.literals import has_secret, lookalike, masked, plain_text_secrets
from armature.templates.nearest import Nearest
from armature.templates.parameters import PARAMETER_TYPES, check_parameter_value, has_parameter_type
from armature.templates.reading import JsonDocument, JsonSyntaxError, escape_pointer, pointer_to, read_json
from armature.templates.template import (
    ResourceDeclaration,
    Template,
    TemplateShapeError,
    UserFunction,
)
from armature.templates.type_validity import type_faults

__all__ = ["check_parameter_value", "check_template", "has_parameter_type"]

_EXCERPT = 160
_MOST_TYPE_FAULTS = 100
_LONGEST_MESSAGE = 1000  # a circle of definitions is told with all their names
_MAX_READ_BYTES = 8 * limits.MAX_TEMPLATE_BYTES
"""A file that is larger still is refused unread."""

_FUNCTION_NAMES = frozenset(FUNCTIONS)
_NOT_EVALUATED_IN_RESOURCES = frozenset({"type", "comments", "metadata", "resources"})
_NOT_EVALUATED_IN_OUTPUTS = frozenset({"type", "metadata", "$ref"})


def check_template(data: bytes, *, file: str, nearest: Nearest | None = None) -> tuple[Template | None, list[Problem]]:
    """Check a file that should be a template: the template if it is one, and all that is wrong, in document order.

    Problems of severity error are those for which ARM would refuse the template or fail while it runs; see
    armature.templates.limits for the limits. `nearest` is shared by all files of a bundle.
    """
    problems = _size_problems(data, file)
    if len(data) > _MAX_READ_BYTES:
        return None, problems
    try:
        template = Template.read(data, file=file)
    except JsonSyntaxError as error:
        message = f"{error.message}."
        next_step = "Correct the JSON at this place."
        problems.append(
            Problem(ProblemCode.TEMPLATE_SYNTAX, message, next_step, file, line=error.line, column=error.column)
        )
        return None, problems
    except TemplateShapeError as error:
        problems.append(_shape_problem(error, file))
        return None, problems
    checker = _Checker(template)
    checker.check(template, _Names.of(template, nearest or Nearest()))
    problems += checker.problems
    problems += artifacts_location_problems(template)
    return template, sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))


def _size_problems(data: bytes, file: str) -> list[Problem]:
    if len(data) <= limits.MAX_TEMPLATE_BYTES:
        return []
    largest = _largest_resources(data, file)
    message = f"The template has {len(data):,} bytes: the limit is {limits.MAX_TEMPLATE_BYTES:,} (4 MB)."
    if largest:
        message += f" Its largest resources are {largest}."
    next_step = "Split it into linked templates, or move long literals into files or parameters."
    return [Problem(ProblemCode.TEMPLATE_TOO_LARGE, message, next_step, file)]


def _largest_resources(data: bytes, file: str) -> str:
    if len(data) > _MAX_READ_BYTES:
        return ""
    try:
        template = Template.of(read_json(data, file=file))
    except (JsonSyntaxError, TemplateShapeError):
        return ""  # reported by the reading itself
    sizes = [(len(json.dumps(resource.body)), resource) for resource in template.resources if not resource.depth]
    sizes.sort(key=lambda pair: -pair[0])
    return ", ".join(f"`{resource.name[:80]}` ({size:,} bytes)" for size, resource in sizes[:3])


def _shape_problem(error: TemplateShapeError, file: str) -> Problem:
    next_step = "Give a deployment template: `$schema`, `contentVersion` and `resources` are required."
    return Problem(
        ProblemCode.TEMPLATE_SHAPE,
        error.message,
        next_step,
        file,
        error.pointer,
        error.position.line,
        error.position.column,
    )


class _Location(Enum):
    """Where an expression stands: not every function may be called everywhere."""

    PARAMETER = "the default value of a parameter"
    VARIABLE = "a variable"
    FUNCTION = "a function that the template defines"
    ELSEWHERE = ""


@dataclass(frozen=True)
class _Names:
    """What expressions can refer to, names in lower case."""

    parameters: frozenset[str]
    variables: frozenset[str]
    functions: Mapping[str, UserFunction]
    nearest: Nearest

    @classmethod
    def of(cls, template: Template, nearest: Nearest) -> "_Names":
        parameters = frozenset(name.lower() for name in template.parameters)
        return cls(parameters, template.variable_names, template.user_functions, nearest)


class _Checker:
    """One pass over a template and the templates inside it, which collects problems."""

    def __init__(self, root: Template) -> None:
        self.problems: list[Problem] = []
        self._document: JsonDocument = root.document
        self._parsed: dict[str, Expression | ExpressionSyntaxError] = {}

    def check(self, template: Template, names: _Names) -> None:
        self._check_limits(template)
        self._check_types(template)
        self._check_asserts(template, names)
        self._check_parameters(template, names)
        self._check_variables(template, names)
        self._check_functions(template, names)
        self._check_outputs(template, names)
        for resource in template.resources:
            self._check_resource(template, resource, names)

    def _report(
        self,
        code: ProblemCode,
        message: str,
        next_step: str,
        pointer: str,
        *,
        character: int | None = None,
        of_name: bool = False,
        severity: Severity = Severity.ERROR,
    ) -> None:
        place = self._document.position(pointer, character=character, of_name=of_name)
        file = self._document.file
        self.problems.append(Problem(code, message, next_step, file, pointer, place.line, place.column, severity))

    def _check_limits(self, template: Template) -> None:
        split = "Split the template, or group values into objects."
        counted = (
            ("parameters", len(template.parameters), limits.MAX_PARAMETERS, ProblemCode.TOO_MANY_PARAMETERS),
            ("variables", len(template.variable_names), limits.MAX_VARIABLES, ProblemCode.TOO_MANY_VARIABLES),
            ("outputs", len(template.outputs), limits.MAX_OUTPUTS, ProblemCode.TOO_MANY_OUTPUTS),
            ("resources", template.resource_count, limits.MAX_RESOURCES, ProblemCode.TOO_MANY_RESOURCES),
        )
        for section, count, most, code in counted:
            if count > most:
                self._report(
                    code,
                    f"The template has {count} {section}: the limit is {most}.",
                    split,
                    f"{template.pointer}/{section}",
                )

    def _check_types(self, template: Template) -> None:
        for fault in islice(type_faults(template.value), _MOST_TYPE_FAULTS):
            if fault.path[0] != "definitions" and len(fault.path) == 3 and fault.path[2] == "type":
                continue  # told with the parameter or output
            self._shape(_without_help(fault.message)[:_LONGEST_MESSAGE], template.pointer + pointer_to(*fault.path))

    def _check_asserts(self, template: Template, names: _Names) -> None:
        section, base = self._section(template, "asserts")
        if unsupported := unsupported_feature(template.value):
            self._shape(unsupported, base)
        self._check_value(section, base, names)

    def _check_parameters(self, template: Template, names: _Names) -> None:
        section, base = self._section(template, "parameters")
        self._warn_of_secrets(section, base)
        for name, body in section.items():
            pointer = f"{base}/{escape_pointer(name)}"
            if not isinstance(body, dict):
                self._shape(f"Parameter `{name}` is not an object with a `type`.", pointer)
                continue
            definition = template.parameters[name]
            if definition.type not in PARAMETER_TYPES and "$ref" not in body:
                self._bad_type("Parameter", name, body, pointer)
            if "defaultValue" not in body:
                continue
            place, default = f"{pointer}/defaultValue", body["defaultValue"]
            self._check_value(default, place, names, _Location.PARAMETER)
            fault = None if _has_expression(default) else check_parameter_value(definition, default)
            if fault:
                is_of_type = has_parameter_type(definition, default)
                code = ProblemCode.PARAMETER_VALUE if is_of_type else ProblemCode.PARAMETER_TYPE
                message = f"The default value of the parameter `{name}` {fault}."
                self._report(code, message, "Correct the default value.", place)

    def _check_variables(self, template: Template, names: _Names) -> None:
        section, base = self._section(template, "variables")
        self._check_value(section, base, names, _Location.VARIABLE)

    def _check_functions(self, template: Template, names: _Names) -> None:
        for function in template.user_functions.values():
            own = frozenset(parameter.name.lower() for parameter in function.parameters)
            inside = replace(names, parameters=own, variables=frozenset())
            self._check_value(function.output, f"{function.pointer}/output/value", inside, _Location.FUNCTION)

    def _check_outputs(self, template: Template, names: _Names) -> None:
        section, base = self._section(template, "outputs")
        for name, body in section.items():
            pointer = f"{base}/{escape_pointer(name)}"
            if not isinstance(body, dict):
                self._shape(f"Output `{name}` is not an object with a `type` and a `value`.", pointer)
                continue
            if template.outputs[name].type not in PARAMETER_TYPES and "$ref" not in body:
                self._bad_type("Output", name, body, pointer)
            if "value" not in body and "copy" not in body:
                self._shape(f"Output `{name}` has no `value`.", pointer)
            self._check_value(body, pointer, names, skip=_NOT_EVALUATED_IN_OUTPUTS)

    def _check_resource(self, template: Template, resource: ResourceDeclaration, names: _Names) -> None:
        self._check_shape_of(template, resource)
        copy = resource.body.get("copy")
        if (
            isinstance(copy, dict)
            and type(copy.get("count")) is int
            and not 0 <= copy["count"] <= limits.MAX_COPY_COUNT
        ):
            message = f"The copy count is {copy['count']}: it may be from 0 to {limits.MAX_COPY_COUNT}."
            self._report(
                ProblemCode.TOO_MANY_RESOURCES, message, "Use several loops.", f"{resource.pointer}/copy/count"
            )
        skipped = _NOT_EVALUATED_IN_RESOURCES
        if not resource.is_deployment or "template" not in resource.properties:
            self._check_value(resource.body, resource.pointer, names, skip=skipped)
            return
        properties = {name: value for name, value in resource.properties.items() if name != "template"}
        self._check_value(resource.body, resource.pointer, names, skip=skipped | {"properties"})
        self._check_value(properties, f"{resource.pointer}/properties", names)
        try:
            inline = template.inline_template(resource)
        except TemplateShapeError as error:
            self.problems.append(_shape_problem(error, self._document.file))
            return
        if inline is not None:
            inside = _Names.of(inline.template, names.nearest) if inline.is_inner else names
            self.check(inline.template, inside)

    def _check_shape_of(self, template: Template, resource: ResourceDeclaration) -> None:
        body = resource.body
        is_extension = "extension" in body or "import" in body  # resources of other than ARM's providers have no name
        if not isinstance(body.get("type"), str):
            self._shape("The resource has no `type`.", resource.pointer)
        if not isinstance(body.get("name"), str) and not is_extension:
            self._shape("The resource has no `name`.", resource.pointer)
        if not isinstance(body.get("apiVersion"), str) and not is_extension and "apiProfile" not in template.value:
            self._shape(f"The resource `{resource.name[:80]}` has no `apiVersion`.", resource.pointer)
        name = resource.name
        if resource.is_deployment and name and not is_expression(name) and not limits.DEPLOYMENT_NAME.fullmatch(name):
            self._report(
                ProblemCode.TEMPLATE_SHAPE,
                f"`{name[:80]}` is no name of a deployment.",
                f"Use 1 to {limits.MAX_DEPLOYMENT_NAME_CHARACTERS} letters, digits, `-`, `.`, `_`, `(`, `)`.",
                f"{resource.pointer}/name",
            )

    def _section(self, template: Template, name: str) -> tuple[dict[str, Any], str]:
        """A section of the template, empty when it has none, and its pointer."""
        section, pointer = template.value.get(name), f"{template.pointer}/{name}"
        if section is not None and not isinstance(section, dict):
            self._shape(f"`{name}` is not an object.", pointer)
        return (section if isinstance(section, dict) else {}), pointer

    def _shape(self, message: str, pointer: str) -> None:
        next_step = "See the template syntax: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax"
        self._report(ProblemCode.TEMPLATE_SHAPE, message, next_step, pointer)

    def _bad_type(self, what: str, name: str, body: Mapping[str, Any], pointer: str) -> None:
        kind = body.get("type")
        known = ", ".join(f"`{one}`" for one in PARAMETER_TYPES)
        place = f"{pointer}/type" if "type" in body else pointer
        self._shape(f"{what} `{name}` has {f'the type `{kind}`' if kind else 'no type'}: it is one of {known}.", place)

    def _check_value(
        self,
        value: Any,
        pointer: str,
        names: _Names,
        location: _Location = _Location.ELSEWHERE,
        *,
        skip: Collection[str] = (),
    ) -> None:
        """Check every string of a value, and every name in it; `skip` names properties at its top."""
        waiting: list[tuple[str, Any, Collection[str]]] = [(pointer, value, skip)]
        while waiting:
            here, current, skipped = waiting.pop()
            if isinstance(current, str):
                self._check_text(current, here, names, location)
            elif isinstance(current, list):
                waiting.extend((f"{here}/{index}", item, ()) for index, item in enumerate(current))
            elif isinstance(current, dict):
                self._warn_of_secrets(current, here)
                for name, item in current.items():
                    if name in skipped:
                        continue
                    below = f"{here}/{escape_pointer(name)}"
                    if is_expression(name):
                        self._check_expression(name, below, names, location, of_name=True)
                    waiting.append((below, item, ()))

    def _warn_of_secrets(self, value: dict[str, Any], pointer: str) -> None:
        for path in plain_text_secrets(value):
            self._warn_of_secret(path[0] if path[0] != "value" else str(value.get("name")), pointer, path)

    def _warn_of_secret(self, name: str, pointer: str, path: Iterable[str] = ()) -> None:
        place = pointer + "".join(f"/{escape_pointer(part)}" for part in path)
        self._report(
            ProblemCode.PLAIN_TEXT_SECRET,
            f"`{name[:80]}` holds a secret in plain text.",
            "Use a parameter of type securestring with a Key Vault reference, or a managed identity.",
            place,
            severity=Severity.WARNING,
        )

    def _check_text(self, text: str, pointer: str, names: _Names, location: _Location) -> None:
        if is_expression(text):
            self._check_expression(text, pointer, names, location)
            return
        found = lookalike(text)
        if found:
            self._warn_of_lookalike(found, pointer)
        if has_secret(text):
            self._warn_of_secret(pointer.rpartition("/")[2], pointer)

    def _warn_of_lookalike(self, found: str, pointer: str) -> None:
        self._report(
            ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION,
            f"`{masked(found)[:_EXCERPT]}` is literal text to ARM, which leaves it as it is.",
            "If an expression is meant, the whole string must be one: `[concat('…', …)]` or `[format('…', …)]`.",
            pointer,
            severity=Severity.WARNING,
        )

    def _check_expression(
        self, text: str, pointer: str, names: _Names, location: _Location, *, of_name: bool = False
    ) -> None:
        if len(text) > limits.MAX_EXPRESSION_CHARACTERS:
            self._report(
                ProblemCode.EXPRESSION_TOO_LONG,
                f"The expression has {len(text):,} characters: the limit is {limits.MAX_EXPRESSION_CHARACTERS:,}.",
                "Move parts of it into variables.",
                pointer,
                of_name=of_name,
            )
            return
        tree = self._tree(text)
        if isinstance(tree, ExpressionSyntaxError):
            self._report(
                ProblemCode.EXPRESSION_SYNTAX,
                f"{tree.reason[:1].upper()}{tree.reason[1:]} at character {tree.column} of "
                f"`{_excerpt(text, tree.column)}`.",
                _syntax_advice(text, tree),
                pointer,
                character=tree.column - 1,
                of_name=of_name,
            )
            return
        for node in walk(tree):
            fault = None
            if isinstance(node, FunctionCall):
                fault = _call_fault(node, names, location)
            elif isinstance(node, StringLiteral) and has_secret(node.value):
                self._warn_of_secret(pointer.rpartition("/")[2], pointer)
            if fault:
                code, message, next_step = fault
                message = f"{message} At character {node.column} of `{_excerpt(text, node.column)}`."
                self._report(code, message, next_step, pointer, character=node.column - 1, of_name=of_name)
        self._warn_of_literals_in(tree, pointer)

    def _warn_of_literals_in(self, tree: Expression, pointer: str) -> None:
        literals = (node.value for node in walk(tree) if isinstance(node, StringLiteral))
        found = next((found for literal in literals if (found := lookalike(literal))), None)
        if found:
            self._warn_of_lookalike(found, pointer)

    def _tree(self, text: str) -> Expression | ExpressionSyntaxError:
        if text not in self._parsed:
            try:
                self._parsed[text] = parse_expression(text)
            except ExpressionSyntaxError as error:
                self._parsed[text] = error
        return self._parsed[text]


_Fault = tuple[ProblemCode, str, str]


def _call_fault(call: FunctionCall, names: _Names, location: _Location) -> _Fault | None:
    if call.namespace is not None:
        return _user_call_fault(call, names)
    function = find_function(call.name)
    if function is None:
        advice = _suggestion(call.name, names.nearest)
        return ProblemCode.FUNCTION_UNKNOWN, f"There is no function `{call.name[:80]}`.", advice
    fault = function.count_fault(len(call.arguments))
    if fault:
        step = "Correct the number of arguments."
        return ProblemCode.FUNCTION_ARGUMENTS, _without_help(fault), step
    return _misplaced(function.name, location) or _undefined(call, function.name, names)


def _user_call_fault(call: FunctionCall, names: _Names) -> _Fault | None:
    function = names.functions.get(call.full_name.lower())
    if function is None:
        message = f"The template defines no function `{call.full_name[:80]}`."
        return ProblemCode.FUNCTION_UNKNOWN, message, "Define it in the section `functions`, or correct the name."
    wanted, given = len(function.parameters), len(call.arguments)
    if wanted == given:
        return None
    message = f"The function `{function.full_name}` takes {wanted} arguments, not {given}."
    return ProblemCode.FUNCTION_ARGUMENTS, message, "Correct the number of arguments."


def _misplaced(name: str, location: _Location) -> _Fault | None:
    if location is _Location.FUNCTION and not may_be_in_function(name):
        message = f"The function `{name}` may not be called in {location.value}."
        return ProblemCode.FUNCTION_UNKNOWN, message, "Hand its value to the function as an argument."
    if name in ("utcNow", "newGuid"):
        if location is not _Location.PARAMETER:
            message = f"The function `{name}` may be called in the default value of a parameter only."
            return ProblemCode.FUNCTION_UNKNOWN, message, "Give a parameter this default value and use the parameter."
    elif (name == "reference" or name.lower().startswith("list")) and location is not _Location.ELSEWHERE:
        message = f"The function `{name}` may not be called in {location.value}: it needs a running resource."
        return ProblemCode.FUNCTION_UNKNOWN, message, "Call it where the value is used, in a resource or an output."
    return None


def _undefined(call: FunctionCall, name: str, names: _Names) -> _Fault | None:
    argument = call.arguments[0] if call.arguments else None
    if name not in ("parameters", "variables") or not isinstance(argument, StringLiteral):
        return None
    known = names.parameters if name == "parameters" else names.variables
    if argument.value.lower() in known:
        return None
    close = names.nearest.find(argument.value.lower(), known)
    advice = f"Did you mean `{close}`?" if close else f"Define it in the section `{name}`, or correct the name."
    code = ProblemCode.PARAMETER_UNDEFINED if name == "parameters" else ProblemCode.VARIABLE_UNDEFINED
    return code, f"There is no {name.removesuffix('s')} `{argument.value[:80]}`.", advice


def _suggestion(name: str, nearest: Nearest) -> str:
    close = nearest.find(name.lower(), _FUNCTION_NAMES)
    if close:
        return f"Did you mean `{FUNCTIONS[close].name}`?"
    return "See https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions"


def _syntax_advice(text: str, error: ExpressionSyntaxError) -> str:
    at = text[error.column - 1 : error.column]
    if error.reason.endswith("actual 'EndOfData'"):
        return "The expression ends too early: close every parenthesis, and leave no comma without an argument."
    if at == "[":
        return "Only the whole expression stands in brackets: remove the brackets around the inner call."
    if at == '"':
        return "Strings in expressions stand in single quotes."
    return "Correct the expression; if literal text is meant, begin it with `[[`."


def _excerpt(text: str, column: int) -> str:
    """The expression, or what of it is near the column, without the values of connection strings."""
    start = max(column - _EXCERPT // 2, 0) if len(text) > _EXCERPT else 0
    end = min(start + _EXCERPT, len(text))
    return f"{'…' if start else ''}{masked(text, keep_length=True)[start:end]}{'…' if end < len(text) else ''}"


def _without_help(message: str) -> str:
    return message.partition(" Please see")[0].removesuffix(".") + "."


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return is_expression(value)
    if isinstance(value, dict):
        return any(_has_expression(item) for item in value.values()) or any(map(is_expression, value))
    return isinstance(value, list) and any(map(_has_expression, value))
