"""Expanding a template: loops unrolled, children flattened, every resource with its id, condition and dependencies."""

from collections.abc import Iterator, Mapping
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from emulator.arm.engine.bodies import check_body
from emulator.arm.engine.declarations import Declaration, declared
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.placement import place_resource
from emulator.arm.engine.refusals import LOOPS_HELP, RESOURCES_HELP, as_shown, invalid_resource, violation
from emulator.arm.engine.scope import TemplateScope
from emulator.arm.engine.tree import MAX_COPIES, copy_count, evaluate_tree
from emulator.arm.errors import ArmError, invalid_template
from emulator.arm.identifiers import ResourceId


class CountPendingError(UnresolvedError):
    """How often a loop runs depends on what is not deployed yet, so that not even a prediction can unroll it."""


def expand(template: Mapping[str, Any], scope: TemplateScope, target: ResourceId) -> list[Instance]:
    """Every resource of the template, parents before their children.

    Raises InvalidTemplate (400) for what ARM refuses before anything runs; UnresolvedError when a place depends on what
    is not deployed yet, in a prediction CountPendingError for loops alone.
    """
    instances: list[Instance] = []
    try:
        for declaration in declared(template.get("resources")):
            instances.extend(_expand(declaration, scope, target))
    except ArmError:
        for instance in instances:
            if instance.is_checked and not instance.is_pending:
                check_body(instance)  # what is wrong with an earlier resource is told first
        raise
    if len(instances) > MAX_COPIES:
        message = (
            f"The number of template resources limit exceeded. Limit: '{MAX_COPIES}' and actual: '{len(instances)}'. "
            f"{RESOURCES_HELP}"
        )
        raise invalid_template(message)
    return instances


def absent_names(template: Mapping[str, Any], scope: TemplateScope, instances: list[Instance]) -> set[str]:
    """The names of loops without an iteration and of what is not deployed: `dependsOn` may name them."""
    present = {instance.path for instance in instances}
    names: set[str] = set()
    for declaration in declared(template.get("resources")):
        if declaration.path not in present:
            name = evaluate_tree(declaration.loop.get("name"), scope) if declaration.loop else declaration.name
            names |= {str(name), *([declaration.symbol] if declaration.symbol else [])}
    return names


def _expand(declaration: Declaration, scope: TemplateScope, target: ResourceId) -> Iterator[Instance]:
    loop, at_rest = declaration.loop, scope.at_rest()
    if loop is None:
        yield from _expand_one(declaration, scope, target, None)
        return
    try:
        name = evaluate_tree(loop.get("name"), at_rest)
        if not isinstance(name, str) or not name:
            raise invalid_template(f"The template 'copy' definition has no valid 'name'. {RESOURCES_HELP}")
        count = copy_count(loop, at_rest, (*declaration.path, "copy"))
        batch = _batch(declaration, loop, at_rest) if count else None
    except (ExpressionError, ExpressionSyntaxError) as error:
        raise _invalid(declaration, scope, error) from error
    except UnresolvedError as error:
        raise CountPendingError(error.what) from error
    for index in range(count):
        inside = scope.in_resource_loop(name, index)
        yield from _expand_one(declaration, inside, target, None, name, index, batch)


def _expand_one(
    declaration: Declaration,
    scope: TemplateScope,
    target: ResourceId,
    parent: Instance | None,
    loop_name: str | None = None,
    index: int = 0,
    batch: int | None = None,
) -> Iterator[Instance]:
    """One resource and its children, which have no loops of their own (ARM ignores a `copy` there)."""
    at_rest, symbol = scope.at_rest(), declaration.symbol
    title = f"{symbol}[{index}]" if symbol and loop_name else declaration.title
    place = scope.source.place(*declaration.path)
    try:
        is_enabled = _is_enabled(declaration, at_rest)
    except (ExpressionError, ExpressionSyntaxError) as error:
        # of a loop's condition ARM tells the reason only
        raise violation(error.message, place) if loop_name else invalid_resource(title, place, error.message) from error
    is_checked = is_enabled is not False or _has_enabled_child(declaration, at_rest)
    if not is_checked and "apiVersion" not in declaration.body:
        _api_version(declaration, at_rest, title, str(declaration.body.get("type")))  # all that is wanted of it
    try:
        placement = place_resource(declaration, at_rest, target, parent)
    except ArmError:
        if not is_checked:
            return
        raise
    except (ExpressionError, ExpressionSyntaxError) as error:
        if not is_checked:
            return
        raise invalid_resource(title, place, error.message) from error
    try:
        title = title if symbol else placement.own_name
        instance = Instance(
            id=placement.id,
            type=placement.type,
            name=placement.name,
            api_version=_api_version(declaration, at_rest, title, placement.type),
            declaration=declaration.body,
            scope=scope,
            path=declaration.path,
            own_name=placement.own_name,
            symbol=symbol,
            loop_name=loop_name,
            loop_index=index,
            batch=batch,
            is_enabled=is_enabled is not False,
            is_checked=is_checked and not declaration.body.get("existing"),
            is_existing=bool(declaration.body.get("existing")),
            is_pending=placement.is_pending,
            is_uncertain=is_enabled is None,
            depends_on=_depends_on(declaration, at_rest),
        )
    except (ExpressionError, ExpressionSyntaxError) as error:
        if not is_checked:
            return
        raise invalid_resource(title, place, error.message) from error
    yield instance
    for child in declaration.children:
        yield from _expand_one(child, scope, target, instance)


def _has_enabled_child(declaration: Declaration, scope: TemplateScope) -> bool:
    """Whether something inside of a resource is deployed, so that the resource is looked at all the same.

    Raises like the conditions; what can't be told counts as deployed.
    """
    return any(
        _is_enabled(child, scope) is not False or _has_enabled_child(child, scope) for child in declaration.children
    )


def _invalid(
    declaration: Declaration, scope: TemplateScope, error: ExpressionError | ExpressionSyntaxError
) -> Exception:
    return invalid_resource(declaration.title, scope.source.place(*declaration.path), error.message)


def _api_version(declaration: Declaration, scope: TemplateScope, name: str, resource_type: str) -> str:
    version = evaluate_tree(declaration.body.get("apiVersion"), scope)
    if isinstance(version, str) and version:
        return version
    place = scope.source.place(*declaration.path)
    profile = scope.template.get("apiProfile") or ("<null>" if version is None else "")
    message = (
        f"The template resource '{name}' is not valid. The api-version property at {place} is not defined. The "
        f"api-profile '{profile}' for the template does not match any valid api-version for the resource type "
        f"'{resource_type}'.  Either explicitly specify the api-version for the resource or specify the correct "
        f"api-profile for the template.. {RESOURCES_HELP}"
    )
    raise violation(message, place)


def _is_enabled(declaration: Declaration, scope: TemplateScope) -> bool | None:
    """The condition; None when it can't be told yet."""
    try:
        condition = evaluate_tree(declaration.body.get("condition", True), scope)
    except UnresolvedError:
        if not scope.is_partial:
            raise
        return None
    if isinstance(condition, str) and condition.lower() in ("true", "false"):
        return condition.lower() == "true"
    if condition is None:
        return True
    if not isinstance(condition, bool):
        place = scope.source.place(*declaration.path)
        message = f"The template resource '{declaration.name}' at {place} has a condition that is no Boolean. "
        raise violation(message + RESOURCES_HELP, place)
    return condition


def _batch(declaration: Declaration, loop: Mapping[str, Any], scope: TemplateScope) -> int | None:
    """The size of a serial loop's batches, None for a parallel loop."""
    mode, size = (evaluate_tree(loop.get(name), scope) for name in ("mode", "batchSize"))
    place = scope.source.place(*declaration.path)
    where = f"The template resource '{as_shown(declaration.title)}' at {place} has an"
    if mode is not None and str(mode).lower() not in ("parallel", "serial"):
        reason = f"{where} invalid copy mode '{mode}'. The supported values are 'Parallel,Serial'. {LOOPS_HELP}"
        raise violation(reason, place)
    is_serial = str(mode).lower() == "serial"
    is_number = isinstance(size, int) and size >= 0
    if size is not None and not (is_serial and is_number):
        reason = (
            f"{where} unexpected copy batch size value. The copy batch size is only supported for copy mode values: "
            f"'Serial'. {LOOPS_HELP}"
        )
        raise violation(reason, place)
    return (size or 1) if is_serial else None


def _depends_on(declaration: Declaration, scope: TemplateScope) -> tuple[str, ...]:
    names: list[str] = []
    for written in declaration.body.get("dependsOn") or []:
        try:
            entry = evaluate_tree(written, scope)
        except UnresolvedError:
            if not scope.is_partial:
                raise
            continue
        names += [str(name) for name in (entry if isinstance(entry, list) else [entry]) if name]
    return tuple(names)


def check_duplicates(instances: list[Instance]) -> None:
    """Raise InvalidTemplate for a resource that is there twice."""
    seen: set[str] = set()
    for instance in instances:
        if not instance.is_run or instance.is_pending:
            continue
        if instance.id.key in seen:
            message = (
                f"The resource '{instance.id.relative}' at {instance.place} is defined multiple times in a template. "
                f"{RESOURCES_HELP}"
            )
            raise violation(message, instance.place)
        seen.add(instance.id.key)
