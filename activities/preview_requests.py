"""What Azure is asked about a template before anything is uploaded: its body, with what is not there yet on paper."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from activities.inlining import check_size, inline_body_from_bundle
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount, templates_container
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.bundle import Bundle
from armature.plan import DeploymentScopeTarget, OutputReference, Plan, PlannedTemplate
from armature.preview.foresight import UNFORESEEN, foreseen
from armature.preview.wrapping import GroupOnPaper, OpenParameter, wrapped
from armature.templates.inlining import LOCATION
from armature.templates.limits import MAX_TEMPLATE_BYTES
from armature.templates.template import Template

AROUND = "armature-preview"
"""The name of the deployment of a template around another one. Nothing of that name is ever deployed."""


@dataclass
class PreviewRequest:
    """What is asked: the deployment `name` at `scope` with `body`. It goes to ARM and nowhere else.

    `from_predecessor`, `foreseen` and `needs` are parameters as TemplatePreview has them. `group` is the resource group
    that is only on paper; `is_wrapped` says that the template is inside of another one.
    """

    scope: DeploymentScopeTarget
    name: str
    body: DeploymentBody
    from_predecessor: tuple[str, ...] = ()
    foreseen: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    group: GroupOnPaper | None = None

    @property
    def is_wrapped(self) -> bool:
        """True when the places that Azure tells are those of a template around the user's."""
        return self.name == AROUND


@dataclass
class _Arguments:
    """The values that a template is previewed with, and where those come from that are outputs."""

    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    open: list[OpenParameter] = field(default_factory=list)
    from_predecessor: list[str] = field(default_factory=list)
    foreseen: list[str] = field(default_factory=list)


def request_for(
    services: Services, plan: Plan, template: PlannedTemplate, bundle: Bundle, *, is_on_paper: bool
) -> PreviewRequest:
    """The request about a template. `is_on_paper`: its resource group is not there, and is made around it.

    Raises:
        FailureError: the template can't be sent in a request, or storage could not be asked.
    """
    account = _account(services, plan, template)
    arguments = _arguments(services, plan, template, bundle, account)
    body = inline_body_from_bundle(
        bundle,
        template,
        arguments.given,
        location=_location(services, plan, account),
        unknown=[parameter.name for parameter in arguments.open],
    )
    request = PreviewRequest(
        scope=template.scope,
        name=template.deployment_name,
        body=body,
        from_predecessor=tuple(arguments.from_predecessor),
        foreseen=tuple(arguments.foreseen),
        needs=tuple(_bound(template, parameter.name) for parameter in arguments.open),
    )
    group = _group_on_paper(plan, template) if is_on_paper else None
    if group is not None or arguments.open:
        _wrap(request, template, group, arguments.open)
        check_size(template.name, request.body)
    return request


def _wrap(
    request: PreviewRequest, template: PlannedTemplate, group: GroupOnPaper | None, open_: list[OpenParameter]
) -> None:
    around = wrapped(
        request.body.template or {},
        request.body.parameters,
        template.scope,
        template.location,
        template.deployment_name,
        group=group,
        open_parameters=open_,
    )
    request.body = DeploymentBody(template=around.template, location=around.location)
    request.scope, request.name, request.group = around.scope, AROUND, group


def _group_on_paper(plan: Plan, template: PlannedTemplate) -> GroupOnPaper:
    """The template's resource group as Armature would make it, or a template of the bundle may."""
    group_id = template.scope.resource_id.lower()
    location = next(
        (group.location for group in plan.resource_groups_to_ensure if plan.group_id(group).lower() == group_id),
        plan.location,
    )
    return GroupOnPaper(name=template.scope.resource_group or "", location=location)


def _arguments(
    services: Services, plan: Plan, template: PlannedTemplate, bundle: Bundle, account: ArtifactAccount | None
) -> _Arguments:
    found = _Arguments()
    for name, binding in template.parameters.items():
        if binding.reference is not None:
            found.given[name] = {"reference": binding.reference}
        elif binding.package is not None:
            found.given[name] = {"value": _package_uri(services, plan, account, binding.package)}
        elif binding.output is not None:
            _add_output(services, plan, bundle, found, name, binding.output)
        else:
            found.given[name] = {"value": binding.value}
    return found


def _add_output(
    services: Services, plan: Plan, bundle: Bundle, found: _Arguments, name: str, wanted: OutputReference
) -> None:
    """The value that an output has, had in the predecessor, or will have; else the parameter stays open."""
    bound = f"{name} = {wanted.template}.{wanted.output}"
    value = _stored(services, plan.deployment_id, wanted)
    if value is UNFORESEEN:
        predecessor = services.deployments.lineage(plan.lineage.key).predecessor_of(plan.deployment_id)
        value = _stored(services, predecessor, wanted) if predecessor is not None else UNFORESEEN
        if value is not UNFORESEEN:
            found.from_predecessor.append(bound)
    if value is UNFORESEEN:
        value = _foreseen(plan.template(wanted.template), bundle, wanted.output)
        if value is not UNFORESEEN:
            found.foreseen.append(bound)
    if value is not UNFORESEEN:
        found.given[name] = {"value": value}
        return
    source = plan.template(wanted.template)
    deployment_id = source.scope.deployment_id(source.deployment_name)
    found.open.append(OpenParameter(name=name, deployment_id=deployment_id, output=wanted.output))


def _stored(services: Services, deployment_id: str, wanted: OutputReference) -> Any:
    try:
        outputs: Mapping[str, Any] = services.deployments.outputs(deployment_id, wanted.template)
    except KeyError:
        return UNFORESEEN
    return next((value for name, value in outputs.items() if name.lower() == wanted.output.lower()), UNFORESEEN)


def _foreseen(source: PlannedTemplate, bundle: Bundle, output: str) -> Any:
    template = Template.read(bundle.read(source.path, MAX_TEMPLATE_BYTES), file=source.path)
    values = {name: binding.value for name, binding in source.parameters.items() if binding.kind == "value"}
    unknown = [*(source.parameters.keys() - values.keys()), "_artifactsLocation", "_artifactsLocationSasToken"]
    return foreseen(template, output, values, unknown, source.scope.resource_id or None)


def _bound(template: PlannedTemplate, parameter: str) -> str:
    output = template.parameters[parameter].output
    return f"{parameter} = {output.template}.{output.output}" if output else parameter


def _account(services: Services, plan: Plan, template: PlannedTemplate) -> ArtifactAccount | None:
    """The artifact storage account, if it is there, of a template that is told where something lies."""
    is_told = template.artifacts_location is not None or bool(template.linked_paths)
    if not is_told and all(binding.package is None for binding in template.parameters.values()):
        return None
    return services.artifacts.find(services.arm(plan.subscription), plan.location)


def _location(services: Services, plan: Plan, account: ArtifactAccount | None) -> str:
    """Where the templates would lie, with a slash at the end."""
    if account is None:
        return LOCATION
    return f"{services.artifacts.blob_uri(account, templates_container(plan.deployment_id), '').rstrip('/')}/"


def _package_uri(services: Services, plan: Plan, account: ArtifactAccount | None, name: str) -> str:
    """Where a package would lie, without a SAS."""
    blob = plan.package(name).blob_name
    if account is None:
        return f"{LOCATION}{PACKAGES_CONTAINER}/{blob}"
    return services.artifacts.blob_uri(account, PACKAGES_CONTAINER, blob)
