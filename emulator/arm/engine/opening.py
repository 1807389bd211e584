"""Opening a template: its parameters are taken and checked, its variables are evaluated once."""

from collections.abc import Mapping
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from armature.templates.scope import Pending
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.context import DeploymentContext
from emulator.arm.engine.known import Known
from emulator.arm.engine.names import Names
from emulator.arm.engine.parameters import check_names, check_value, followed, is_secure, unwrap
from emulator.arm.engine.refusals import invalid_default, invalid_variable
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.engine.scope import TemplateScope, variable_names
from emulator.arm.engine.secrets import secret_of
from emulator.arm.engine.source import Source

Declared = Mapping[str, Mapping[str, Any]]


def open_scope(
    surroundings: Surroundings,
    request: DeploymentRequest,
    template: Mapping[str, Any],
    source: Source,
    given: Mapping[str, Any],
    known: Known | None,
) -> tuple[TemplateScope, Declared]:
    """The scope of a template's expressions, and its parameters as they are declared, `$ref` followed.

    Raises `ArmError`: InvalidTemplate, and what the reading of a key vault's secret raises.
    """
    declared = followed(template, "parameters", source)
    found = check_names(declared, given, source)
    values = {name.lower(): _value(surroundings, request, name, entry, known) for name, entry in found.items()}
    context = DeploymentContext(surroundings, request, template, source, request.template_link)
    secrets = frozenset(name.lower() for name in found if is_secure(declared[name]))
    scope = TemplateScope(context, template, Names(), values, given=frozenset(values), secrets=secrets)
    scope = scope.predicting(known) if known is not None else scope
    for name, declaration in declared.items():
        value = _evaluated_parameter(scope, name)
        check_value(name, declaration, value, source, scope.types, what="parameter")
    for name in variable_names(template):
        _check_variable(scope, name)
    return scope, declared


def _value(surroundings: Surroundings, request: DeploymentRequest, name: str, entry: Any, known: Known | None) -> Any:
    reference = entry.get("reference") if isinstance(entry, Mapping) else None
    if isinstance(reference, Mapping):
        if known is not None:
            return Pending("the secret of a key vault")
        return secret_of(surroundings.state, request.caller, name, reference)
    return unwrap(name, entry)


def _evaluated_parameter(scope: TemplateScope, name: str) -> Any:
    try:
        return scope.parameter(name)
    except (ExpressionError, ExpressionSyntaxError) as error:
        raise invalid_default(name, scope.source, error.message) from error
    except UnresolvedError as error:
        return Pending(error.what)


def _check_variable(scope: TemplateScope, name: str) -> None:
    """Raise InvalidTemplate for a variable that ARM can't evaluate, also for one that nothing uses."""
    try:
        scope.variable(name)
    except (ExpressionError, ExpressionSyntaxError) as error:
        raise invalid_variable(name, scope.source, error.message) from error
    except UnresolvedError:
        return  # a group that is yet to be made: told when it is used
