"""Expanding a template: loops unrolled, children flattened, every resource with its id, condition and dependencies."""

from collections.abc import Iterator, Mapping
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from armature.templates.evaluation import evaluate
from armature.templates.expressions import FunctionCall, is_expression, walk
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.scope import TemplateScope
from emulator.arm.engine.tree import MAX_COPIES, copy_count, evaluate_leaf, evaluate_tree, parse
from emulator.arm.errors import ArmError, invalid_template
from emulator.arm.identifiers import ResourceId

_NOT_BODY = frozenset(
    "type name apiversion condition copy dependson resources scope comments existing subscriptionid resourcegroup "
    "metadata asserts import".split()
)
_WHOLE = ("The template variable ", "The template expression in parameter ")
_RESOURCES_HELP = "Please see https://aka.ms/arm-syntax-resources for usage details."
_LOOPS_HELP = "Please see https://aka.ms/arm-resource-loops for usage details."
FUNCTIONS_HELP = "Please see https://aka.ms/arm-functions for usage details."


def expand(template: Mapping[str, Any], scope: TemplateScope, target: ResourceId) -> list[Instance]:
    """Every resource of the template, parents before their children.

    Raises InvalidTemplate (400) for what ARM refuses before anything runs; UnresolvedError when, in an outer-scope
    nested template, even a name needs a running resource.
    """
    instances = [
        instance
        for symbol, declaration in _declarations(template.get("resources"))
        for instance in _expand(symbol, declaration, scope, target, None)
    ]
    if len(instances) > MAX_COPIES:
        message = (
            f"The number of template resources limit exceeded. Limit: {MAX_COPIES} and actual: {len(instances)}. "
            "Please see https://aka.ms/arm-syntax-resources for usage details."
        )
        raise invalid_template(message)
    _check_duplicates(instances)
    return instances


def empty_loops(template: Mapping[str, Any], scope: TemplateScope, instances: list[Instance]) -> set[str]:
    """The names of the resource loops without an iteration: `dependsOn` may name them."""
    unrolled = {id(instance.declaration) for instance in instances}
    names: set[str] = set()
    for symbol, declaration in _declarations(template.get("resources")):
        loop = declaration.get("copy")
        if isinstance(loop, Mapping) and id(declaration) not in unrolled:
            names |= {str(evaluate_tree(loop.get("name"), scope))} | ({symbol} if symbol else set())
    return names


def _declarations(resources: Any) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    yield from resources.items() if isinstance(resources, Mapping) else ((None, entry) for entry in resources or [])


def _expand(
    symbol: str | None,
    declaration: Mapping[str, Any],
    scope: TemplateScope,
    target: ResourceId,
    parent: Instance | None,
) -> Iterator[Instance]:
    loop = declaration.get("copy")
    if not isinstance(loop, Mapping):
        yield from _expand_one(symbol, declaration, scope, target, parent, None, 0, None)
        return
    with_place = _Place(declaration)
    name = with_place.guard(lambda: evaluate_tree(loop.get("name"), scope))
    if not isinstance(name, str) or not name:
        raise invalid_template(f"The template 'copy' definition has no valid 'name'. {_RESOURCES_HELP}")
    batch = with_place.guard(lambda: _batch(declaration, loop, scope))
    for index in range(with_place.guard(lambda: copy_count(loop, scope))):
        inside = scope.in_resource_loop(name, index)
        yield from _expand_one(symbol, declaration, inside, target, parent, name, index, batch)


def _expand_one(
    symbol: str | None,
    declaration: Mapping[str, Any],
    scope: TemplateScope,
    target: ResourceId,
    parent: Instance | None,
    loop_name: str | None,
    index: int,
    batch: int | None,
) -> Iterator[Instance]:
    place = _Place(declaration)
    resource_type, name = _type_and_name(declaration, scope, parent, place)
    instance = Instance(
        id=place.guard(lambda: _resource_id(declaration, scope, target, resource_type, name)),
        type=resource_type,
        name=name,
        api_version=_api_version(declaration, scope, name, resource_type, place),
        declaration=declaration,
        scope=scope,
        symbol=symbol,
        loop_name=loop_name,
        loop_index=index,
        batch=batch,
        is_enabled=place.guard(lambda: _is_enabled(declaration, scope, name)),
        is_existing=bool(declaration.get("existing")),
        depends_on=_depends_on(declaration, scope, place),
    )
    yield instance
    for child_symbol, child in _declarations(declaration.get("resources")):
        yield from _expand(child_symbol, child, scope, target, instance)


class _Place:
    """Turns what goes wrong while a resource's place is told into the refusal of the template."""

    def __init__(self, declaration: Mapping[str, Any]) -> None:
        self._name = str(declaration.get("name", ""))

    def guard(self, evaluation: Any) -> Any:
        try:
            return evaluation()
        except (ExpressionError, ExpressionSyntaxError) as error:
            raise invalid_resource(self._name, error.message) from error
        except UnresolvedError as error:
            function = error.what.partition("(")[0]
            message = f"The template function '{function}' is not expected at this location. {FUNCTIONS_HELP}"
            raise NotYetToldError(invalid_resource(self._name, message)) from error


class NotYetToldError(UnresolvedError):
    """A resource's place needs a running resource: an error of a root template, "not yet" of a nested one."""

    def __init__(self, refusal: ArmError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def is_whole(reason: str) -> bool:
    """True for reasons that name their subject: ARM tells them without the place where they came up."""
    return "is not found." in reason or "definition cycles back to itself" in reason or reason.startswith(_WHOLE)


def invalid_resource(name: str, reason: str) -> ArmError:
    """The template is refused because of one resource."""
    if is_whole(reason):
        return invalid_template(reason)
    return invalid_template(
        f"The template resource '{name}' at line '1' and column '1' is not valid: {reason}. {FUNCTIONS_HELP}"
    )


def _type_and_name(
    declaration: Mapping[str, Any], scope: TemplateScope, parent: Instance | None, place: _Place
) -> tuple[str, str]:
    resource_type = declaration.get("type")
    name = place.guard(lambda: evaluate_tree(declaration.get("name"), scope))
    if not isinstance(resource_type, str) or not resource_type or not isinstance(name, str) or not name:
        message = (
            f"The template resource '{declaration.get('name', '')}' has no valid 'type' or 'name'. {_RESOURCES_HELP}"
        )
        raise invalid_template(message)
    if parent is None or resource_type.lower().startswith(parent.type.lower() + "/"):
        return resource_type, name
    return f"{parent.type}/{resource_type}", f"{parent.name}/{name}"


def _api_version(
    declaration: Mapping[str, Any], scope: TemplateScope, name: str, resource_type: str, place: _Place
) -> str:
    version = place.guard(lambda: evaluate_tree(declaration.get("apiVersion"), scope))
    if not isinstance(version, str) or not version:
        message = (
            f"The template resource '{name}' is not valid. The api-version property at line '1' and column '1' is not "
            "defined. The api-profile '<null>' for the template does not match any valid api-version for the resource "
            f"type '{resource_type}'.  Either explicitly specify the api-version for the resource or specify "
            "the correct "
            f"api-profile for the template.. {_RESOURCES_HELP}"
        )
        raise invalid_template(message)
    return version


def _resource_id(
    declaration: Mapping[str, Any], scope: TemplateScope, target: ResourceId, resource_type: str, name: str
) -> ResourceId:
    where = target
    if "subscriptionId" in declaration or "resourceGroup" in declaration:
        subscription = evaluate_tree(declaration.get("subscriptionId"), scope) or target.subscription
        group = evaluate_tree(declaration.get("resourceGroup"), scope)
        keeps_group = group is None and "subscriptionId" not in declaration
        where = ResourceId(str(subscription), target.group if keeps_group else group)
    elif "scope" in declaration:
        where = _extended(str(evaluate_tree(declaration["scope"], scope)), target)
    try:
        return where.resource(resource_type, name)
    except ValueError as error:
        found, expected = len(name.split("/")), len(resource_type.split("/")) - 1
        message = (
            f"The template resource '{name}' of type '{resource_type}' at line '1' and column '1' has an invalid name. "
            f"The name '{name}' contains '{found}' name segment(s) separated by '/', but '{expected}' segment(s) were "
            f"expected. {_RESOURCES_HELP}"
        )
        raise invalid_template(message) from error


def _extended(scope: str, target: ResourceId) -> ResourceId:
    return ResourceId.parse(scope if scope.startswith("/") else f"{target}/providers/{scope}")


def _is_enabled(declaration: Mapping[str, Any], scope: TemplateScope, name: str) -> bool:
    condition = evaluate_tree(declaration.get("condition", True), scope)
    if isinstance(condition, str) and condition.lower() in ("true", "false"):
        return condition.lower() == "true"
    if not isinstance(condition, bool):
        message = f"The template resource '{name}' has a condition that is no Boolean. {_RESOURCES_HELP}"
        raise invalid_template(message)
    return condition


def _batch(declaration: Mapping[str, Any], loop: Mapping[str, Any], scope: TemplateScope) -> int | None:
    """The size of a serial loop's batches, None for a parallel loop."""
    mode, size = (evaluate_tree(loop.get(name), scope) for name in ("mode", "batchSize"))
    where = f"The template resource '{declaration.get('name', '')}' at line '1' and column '1' has an"
    if mode is not None and str(mode).lower() not in ("parallel", "serial"):
        raise invalid_template(
            f"{where} invalid copy mode '{mode}'. The supported values are 'Parallel,Serial'. {_LOOPS_HELP}"
        )
    is_serial = str(mode).lower() == "serial"
    is_number = isinstance(size, int) and size >= 0
    if size is not None and not (is_serial and is_number):
        raise invalid_template(
            f"{where} unexpected copy batch size value. The copy batch size is only supported for copy mode values: "
            f"'Serial'. {_LOOPS_HELP}"
        )
    return (size or 1) if is_serial else None


def _depends_on(declaration: Mapping[str, Any], scope: TemplateScope, place: _Place) -> tuple[str, ...]:
    names = place.guard(lambda: evaluate_tree(declaration.get("dependsOn") or [], scope))
    flat = [name for entry in names for name in (entry if isinstance(entry, list) else [entry])]
    return tuple(str(name) for name in flat if name)


def _check_duplicates(instances: list[Instance]) -> None:
    seen: set[str] = set()
    for instance in instances:
        if not instance.is_run:
            continue
        if instance.id.key in seen:
            message = (
                f"The resource '{instance.id.relative}' at line '1' and column '1' is defined multiple times "
                "in a template. "
                "Please see https://aka.ms/arm-syntax-resources for usage details."
            )
            raise invalid_template(message)
        seen.add(instance.id.key)


def evaluate_body(instance: Instance) -> dict[str, Any]:
    """The resource as its provider gets it; of a nested deployment without its template, which has its own scope.

    Raises ExpressionError, ExpressionSyntaxError, UnresolvedError, `ArmError`.
    """
    return _without_nulls({key: evaluate_tree(value, instance.scope) for key, value in _body(instance).items()})


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """A top-level null (`"tags": null`) is as good as nothing."""
    return {key: value for key, value in body.items() if value is not None}


def _body(instance: Instance) -> dict[str, Any]:
    body = {key: value for key, value in instance.declaration.items() if key.lower() not in _NOT_BODY}
    properties = body.get("properties")
    if instance.id.is_deployment and isinstance(properties, Mapping):
        body["properties"] = {key: value for key, value in properties.items() if key != "template"}
    return body


def check_body(instance: Instance) -> dict[str, Any]:
    """The resource as far as it can be told without a running resource; what can't stays an expression.

    Notes in the instance which resources it refers to. Raises InvalidTemplate for whatever fails already now.
    """
    references: set[str] = set()

    def visit(text: str, scope: TemplateScope) -> Any:
        if is_expression(text):
            references.update(_referenced(text, scope))
        try:
            return evaluate_leaf(text, scope)
        except UnresolvedError:
            return text

    is_outer = instance.id.is_deployment and not is_inner_scope(instance.declaration)
    try:
        told = {key: evaluate_tree(value, instance.scope, visit) for key, value in _body(instance).items()}
    except UnresolvedError as error:
        message = f"The template function '{error.what}' is not expected at this location. {FUNCTIONS_HELP}"
        raise invalid_resource(instance.name, message) from error
    except (ExpressionError, ExpressionSyntaxError) as error:
        raise invalid_resource(instance.name, error.message) from error
    if is_outer:
        references |= _outer_references(declared_properties(instance.declaration).get("template"), instance.scope)
    instance.references = frozenset(references)
    return _without_nulls(told)


def failed_body(instance: Instance, error: ExpressionError | ExpressionSyntaxError) -> ArmError:
    """A resource's body can't be evaluated now that its turn has come."""
    message = (
        f"Unable to process template language expressions for resource '{instance.id}' at line '1' and column '1'. "
        f"'{error.message}'"
    )
    place = {"lineNumber": 1, "linePosition": 1, "path": ""}
    return ArmError(400, "InvalidTemplate", message, additional_info=[{"type": "TemplateViolation", "info": place}])


def is_inner_scope(declaration: Mapping[str, Any]) -> bool:
    """True when a nested deployment's expressions are its own, which linked templates' always are."""
    properties = declared_properties(declaration)
    if properties.get("template") is None:
        return True
    options = properties.get("expressionEvaluationOptions")
    return isinstance(options, Mapping) and str(options.get("scope", "outer")).lower() == "inner"


def declared_properties(declaration: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resource's properties as they are written; none when an expression stands for them all."""
    properties = declaration.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _referenced(text: str, scope: TemplateScope) -> Iterator[str]:
    """The resources of this template that an expression waits for: named ones, and ids without an API version."""
    for node in walk(parse(text)):
        if not (isinstance(node, FunctionCall) and node.namespace is None and node.arguments):
            continue
        is_reference = node.name.lower() == "reference"
        if not is_reference and not node.name.lower().startswith("list"):
            continue
        try:
            name = evaluate(node.arguments[0], scope)
        except (UnresolvedError, ExpressionError):
            continue
        is_id = isinstance(name, str) and name.startswith("/")
        if isinstance(name, str) and not (is_id and len(node.arguments) > 1):
            yield name


def _outer_references(template: Any, scope: TemplateScope) -> set[str]:
    """What the parent must have made before an outer-scope template can start: its expressions are the parent's."""
    found: set[str] = set()
    waiting = [template]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and is_expression(value):
            try:
                found.update(_referenced(value, scope))
            except ExpressionSyntaxError:
                continue  # reported, with its place, when the nested template is expanded
    return found
