"""Everything that happens before a deployment runs: fetching, checking, expanding, nested templates included."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.keyvault import read_secret
from emulator.arm.engine.context import DeploymentContext
from emulator.arm.engine.expansion import (
    FUNCTIONS_HELP,
    NotYetToldError,
    check_body,
    declared_properties,
    empty_loops,
    evaluate_body,
    expand,
    failed_body,
    is_inner_scope,
    is_whole,
)
from emulator.arm.engine.graph import edges_of
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.links import Downloader, Downloads
from emulator.arm.engine.names import Names
from emulator.arm.engine.outputs import check_outputs
from emulator.arm.engine.parameters import check_names, check_value, unwrap
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest, nested_request, read_link
from emulator.arm.engine.scope import TemplateScope, variable_names
from emulator.arm.engine.shape import check_shape
from emulator.arm.engine.tree import evaluate_tree
from emulator.arm.errors import ArmError, invalid_template

MAX_LEVELS = 5  # ARM limits: levels of nested deployments


class Preparation:
    """Prepares deployments; one for the whole server."""

    def __init__(self, surroundings: Surroundings, downloader: Downloader) -> None:
        self._surroundings = surroundings
        self._downloader = downloader
        self._thread = ThreadPoolExecutor(1, "expansion")  # one: the event loop must get its share of the processor

    async def prepare_root(self, request: DeploymentRequest, documents: Mapping[str, str] | None = None) -> Prepared:
        """Fetch, check and expand what a client asked for; raises `ArmError` for what can be found without running.

        `documents` are what the links of the same request led to before: with them, the same request gives the same
        resources.
        """
        try:
            return await self.prepare(request, Downloads(self._downloader, documents))
        except NotYetToldError as error:
            raise error.refusal from error
        except UnresolvedError as error:
            raise invalid_template(f"The template function '{error.what}' is not expected at this location") from error

    async def prepare(
        self,
        request: DeploymentRequest,
        downloads: Downloads,
        *,
        outer: TemplateScope | None = None,
        level: int = 0,
    ) -> Prepared:
        """Prepare any deployment; `outer` is the parent's scope for an outer-scope nested template.

        Raises `ArmError`; UnresolvedError when a nested
        template can't be expanded before resources of its parent run.
        """
        if level > MAX_LEVELS:
            message = (
                f"The nested deployment '{request.id.last_name}' exceeds the nesting limit of '{MAX_LEVELS}' levels"
            )
            raise invalid_template(message)
        template = request.template
        if template is None and request.template_link:
            template = (await downloads.fetch(request.template_link)).value
        if template is None:
            raise invalid_template("there is no template")
        given: Mapping[str, Any] = request.parameters
        if request.parameters_link:
            document = (await downloads.fetch(request.parameters_link)).value
            given = document.get("parameters", document)
        loop = asyncio.get_running_loop()
        prepared = await loop.run_in_executor(self._thread, self._expand, request, downloads, template, given, outer)
        await self._prepare_nested(prepared, level)
        return prepared

    # The template itself

    def _expand(
        self,
        request: DeploymentRequest,
        downloads: Downloads,
        template: Mapping[str, Any],
        given: Mapping[str, Any],
        outer: TemplateScope | None,
    ) -> Prepared:
        check_shape(template)
        names = Names(outer.names if outer else None)
        context = DeploymentContext(self._surroundings, request, template, request.template_link, names)
        scope = self._scope(context, template, given, outer, names)
        instances = expand(template, scope, request.id.scope)
        names.add(instances, empty_loops(template, scope, instances))
        for instance in instances:
            if instance.is_run:
                check_body(instance)
        prepared = Prepared(request, downloads, template, scope, instances)
        prepared.edges = edges_of(instances, names)
        check_outputs(template, scope)
        return prepared

    def _scope(
        self,
        context: DeploymentContext,
        template: Mapping[str, Any],
        given: Mapping[str, Any],
        outer: TemplateScope | None,
        names: Names,
    ) -> TemplateScope:
        if outer is not None:
            return TemplateScope(outer.context, outer.template, names, outer.parameters, outer.variables, outer.frames)
        declared = template.get("parameters") or {}
        found = check_names(declared, given)
        values = {name.lower(): self._value(name, entry) for name, entry in found.items()}
        scope = TemplateScope(context, template, names, values)
        for name, declaration in declared.items():
            check_value(name, declaration, _evaluated_parameter(scope, name))
        for name in variable_names(template):
            _check_variable(scope, name)
        return scope

    def _value(self, name: str, entry: Any) -> Any:
        reference = entry.get("reference") if isinstance(entry, Mapping) else None
        if isinstance(reference, Mapping):
            return read_secret(
                self._surroundings.state,
                str((reference.get("keyVault") or {}).get("id", "")),
                str(reference.get("secretName", "")),
            )
        return unwrap(name, entry)

    # Nested and linked templates

    async def _prepare_nested(self, prepared: Prepared, level: int) -> None:
        """Prepare every nested deployment that can be; the others wait for their turn.

        All refusals are collected: one is raised as it is, several as MultipleErrorsOccurred.
        """
        nested = [instance for instance in prepared.instances if instance.is_run and instance.id.is_deployment]
        results = await asyncio.gather(
            *(self.prepare_child(prepared, instance, level) for instance in nested), return_exceptions=True
        )
        refusals: list[ArmError] = []
        for instance, result in zip(nested, results, strict=True):
            if isinstance(result, ArmError):
                refusals.append(result)
            elif isinstance(result, Prepared):
                instance.child = result
            elif not isinstance(result, UnresolvedError):
                raise result
        if len(refusals) == 1:
            raise refusals[0]
        if refusals:
            message = f"Multiple error occurred: {','.join(e.status_code_name for e in refusals)}. Please see details."
            raise ArmError(400, "MultipleErrorsOccurred", message, details=[error.as_dict() for error in refusals])

    async def prepare_child(self, prepared: Prepared, instance: Instance, level: int = 0) -> Prepared:
        """The expansion of one nested deployment; raises like `prepare`.

        A linked template whose parameters can't be told yet is fetched all the same: a broken link is found early.
        """
        try:
            body = evaluate_body(instance)
        except UnresolvedError:
            await self._fetch_early(prepared, instance)
            raise
        except (ExpressionError, ExpressionSyntaxError) as error:
            raise failed_body(instance, error) from error
        declared = declared_properties(instance.declaration)
        link = prepared.scope.context.link
        content = body
        if "template" in declared:
            content = body | {"properties": body.get("properties", {}) | {"template": declared["template"]}}
        request = nested_request(prepared.request, instance.id, content, link)
        outer = None if is_inner_scope(instance.declaration) else instance.scope
        return await self.prepare(request, prepared.downloads, outer=outer, level=level + 1)

    async def _fetch_early(self, prepared: Prepared, instance: Instance) -> None:
        link = declared_properties(instance.declaration).get("templateLink")
        if link is None:
            return
        evaluated = evaluate_tree(link, instance.scope)
        await prepared.downloads.fetch(read_link(evaluated, prepared.scope.context.link))


def _evaluated_parameter(scope: TemplateScope, name: str) -> Any:
    try:
        return scope.parameter(name)
    except (ExpressionError, ExpressionSyntaxError) as error:
        message = f"The template expression in parameter '{name}' is not valid: {error.message}"
        raise invalid_template(error.message if is_whole(error.message) else message) from error


def _check_variable(scope: TemplateScope, name: str) -> None:
    """Raise InvalidTemplate for a variable that ARM can't evaluate, also for one that nothing uses."""
    try:
        scope.variable(name)
    except (ExpressionError, ExpressionSyntaxError) as error:
        reason = error.message
    except UnresolvedError as error:
        if error.what not in ("reference", "list"):
            return  # a function that isn't evaluated here, or a group that is yet to be made: told when it is used
        reason = f"The template function '{error.what}' is not expected at this location. {FUNCTIONS_HELP}"
    else:
        return
    message = f"The template variable '{name}' is not valid: {reason}. {FUNCTIONS_HELP}"
    raise invalid_template(reason if is_whole(reason) else message)
