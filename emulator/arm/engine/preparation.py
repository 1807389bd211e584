"""Everything that happens before a deployment runs: fetching, checking, expanding, nested templates included."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from armature.templates.reading import JsonSyntaxError
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.bodies import check_body, declared_properties, evaluate_body, failed_body
from emulator.arm.engine.children import child_request, child_template
from emulator.arm.engine.expansion import absent_names, check_duplicates, expand
from emulator.arm.engine.graph import edges_of
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.known import Known
from emulator.arm.engine.links import Downloader, Downloads
from emulator.arm.engine.opening import open_scope
from emulator.arm.engine.outputs import check_outputs
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.refusals import invalid_resource
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.engine.rules import check_rules
from emulator.arm.engine.secrets import SECRET_REFUSALS
from emulator.arm.engine.shape import check_shape
from emulator.arm.engine.sizes import JobSize
from emulator.arm.engine.source import Source
from emulator.arm.engine.specs import spec_template
from emulator.arm.engine.template_link import TemplateLink, read_link
from emulator.arm.engine.tree import evaluate_tree
from emulator.arm.errors import ArmError, invalid_template

MAX_LEVELS = 5  # ARM limits: levels of nested deployments; the words of the refusal are documented nowhere


@dataclass(frozen=True)
class Content:
    """A template with where it stands, and the parameters that are given to it."""

    template: Mapping[str, Any]
    source: Source
    given: Mapping[str, Any]


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
        except UnresolvedError as error:
            raise invalid_template(f"The template function '{error.what}' is not expected at this location") from error

    async def prepare(
        self, request: DeploymentRequest, downloads: Downloads, *, level: int = 0, known: Known | None = None
    ) -> Prepared:
        """Prepare any deployment, with `known` in a prediction.

        Raises `ArmError`; UnresolvedError when a nested template can't be expanded before resources of its parent run.
        """
        if level > MAX_LEVELS:
            message = (
                f"The nested deployment '{request.id.last_name}' exceeds the nesting limit of '{MAX_LEVELS}' levels"
            )
            raise invalid_template(message)
        content = await self._content(request, downloads)
        loop = asyncio.get_running_loop()
        prepared = await loop.run_in_executor(self._thread, self._expand, request, downloads, content, level, known)
        if known is None:
            await self._prepare_nested(prepared)
        return prepared

    async def _content(self, request: DeploymentRequest, downloads: Downloads) -> Content:
        template, source = request.template, request.source
        if template is None and request.template_link:
            source = await self._linked(request.template_link, downloads)
            template = source.value
        if template is None:
            raise invalid_template("there is no template")
        given: Mapping[str, Any] = request.parameters
        if request.parameters_link:
            document = (await downloads.fetch(request.parameters_link)).value
            given = document.get("parameters", document)
        try:
            return Content(template, source or Source.of(template), given)
        except JsonSyntaxError as wrong:
            raise invalid_template(str(wrong)) from wrong

    async def _linked(self, link: TemplateLink, downloads: Downloads) -> Source:
        return spec_template(self._surroundings.state, link) if link.spec else await downloads.fetch(link)

    def _expand(
        self, request: DeploymentRequest, downloads: Downloads, content: Content, level: int, known: Known | None
    ) -> Prepared:
        template = content.template
        is_inline = level > 0 and request.template is not None
        check_shape(template, content.source, is_inline=is_inline)
        check_rules(template, content.source, is_inside=level > 0)
        scope, declared = open_scope(self._surroundings, request, template, content.source, content.given, known)
        instances = expand(template, scope, request.id.scope)
        scope.names.add(instances, absent_names(template, scope, instances))
        size = JobSize(request.id.last_name, content.given)
        for instance in instances:
            if instance.is_checked and not instance.is_pending:
                body = check_body(instance)
                if instance.is_run:
                    size.add(instance, body)
        check_duplicates(instances)
        prepared = Prepared(request, downloads, template, scope, instances, declared, level)
        prepared.edges = edges_of(instances, scope.names)
        check_outputs(template, scope)
        return prepared

    # Nested and linked templates

    async def _prepare_nested(self, prepared: Prepared) -> None:
        """Prepare every nested deployment that can be; the others wait for their turn.

        The first fault of a template is raised as it is; links that lead nowhere are all told, several as
        MultipleErrorsOccurred.
        """
        nested = [instance for instance in prepared.instances if instance.is_run and instance.id.is_deployment]
        results = await asyncio.gather(
            *(self.prepare_child(prepared, instance) for instance in nested), return_exceptions=True
        )
        refusals: list[ArmError] = []
        for instance, result in zip(nested, results, strict=True):
            if isinstance(result, ArmError):
                refusals.append(result)
            elif isinstance(result, Prepared):
                instance.child = result
            elif not isinstance(result, UnresolvedError):
                raise result
        faults = [refusal for refusal in refusals if refusal.code != "InvalidContentLink"]
        if faults or len(refusals) == 1:
            raise (faults or refusals)[0]
        if refusals:
            message = f"Multiple error occurred: {','.join(e.status_code_name for e in refusals)}. Please see details."
            raise ArmError(400, "MultipleErrorsOccurred", message, details=[error.as_dict() for error in refusals])

    async def prepare_child(self, prepared: Prepared, instance: Instance) -> Prepared:
        """The expansion of one nested deployment; raises like `prepare`.

        A linked template whose parameters can't be told yet is fetched all the same: a broken link is found early.
        """
        try:
            body, template = evaluate_body(instance), child_template(instance)
        except UnresolvedError:
            await self._fetch_early(prepared, instance)
            raise
        except (ExpressionError, ExpressionSyntaxError) as error:
            if prepared.scope.context.is_running:
                raise failed_body(instance, error) from error
            raise invalid_resource(instance.title, instance.place, error.message) from error
        request = child_request(prepared, instance, body, template)
        try:
            return await self.prepare(request, prepared.downloads, level=prepared.level + 1)
        except ArmError as refusal:
            if refusal.code.startswith(SECRET_REFUSALS) and not prepared.scope.context.is_running:
                raise UnresolvedError("the secret of a key vault") from refusal  # it may be deployed before its turn
            raise

    async def _fetch_early(self, prepared: Prepared, instance: Instance) -> None:
        link = declared_properties(instance.declaration).get("templateLink")
        if link is None:
            return
        evaluated = evaluate_tree(link, instance.scope)
        await self._linked(read_link(evaluated, prepared.scope.context.link, instance.id), prepared.downloads)
