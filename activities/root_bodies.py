"""What a root deployment is handed to ARM with: its template, its parameters, and fresh SAS tokens made on the spot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from activities.inlining import artifact_reader, check_size, inline_body
from activities.parallel import in_parallel
from activities.parameters import argument
from activities.standing import artifact_account
from armature.azure.artifacts import ArtifactAccount, templates_container
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.delivery import artifacts_location, delivery_of, private_refusal
from armature.errors import FailureError
from armature.options import Delivery
from armature.plan import OutputReference, Plan, PlannedTemplate
from armature.root_template import Child, order_within, root_of, root_scope
from armature.state import DeploymentState

_SAS_ARGUMENT = "_artifactsLocationSasToken"


@dataclass(frozen=True)
class RootParts:
    """What a root is made of: its children, and the SAS of their links. It goes to ARM and nowhere else."""

    children: Sequence[Child]
    sas: str
    delivery: Delivery

    def body(self, plan: Plan, tags: Mapping[str, str]) -> DeploymentBody:
        """The body of the root.

        Raises:
            FailureError: RequestContentTooLarge.
        """
        scope = root_scope(plan)
        root = root_of(scope, self.children, self.sas)
        location = None if scope.resource_group else plan.location
        body = DeploymentBody(template=root.template, parameters=root.parameters, tags=dict(tags), location=location)
        check_size("The root template", body)
        return body

    def body_of(self, child: Child, known: Mapping[str, Any]) -> DeploymentBody:
        """The body of a child by itself, with the values of its outputs' parameters, to be validated."""
        arguments = {name: dict(given) for name, given in child.arguments.items()}
        parameters = arguments | {name: {"value": value} for name, value in known.items()}
        is_linked = child.content is None
        return DeploymentBody(
            template_uri=child.link if is_linked else None,
            query_string=self.sas if is_linked else None,
            template=None if child.content is None else dict(child.content),
            parameters=parameters,
            tags=dict(child.tags),
            location=child.template.location,
        )


def root_parts(
    services: Services, plan: Plan, state: DeploymentState, tags: Mapping[str, Mapping[str, str]]
) -> RootParts:
    """The parts of a root with the templates that are named in `tags`, each with these tags.

    What they need of templates that are not in the root is their outputs, which are kept.

    Raises:
        FailureError: an output that a parameter needs does not exist, or the storage could not be asked; a link is
            asked for to what ARM can't reach, or a template can't be sent in the body.
    """
    account = artifact_account(services, plan)
    container = templates_container(plan.deployment_id)
    delivery = delivery_of(state.options.delivery, is_private=account.is_private, is_rollback=False)
    if delivery is Delivery.SAS and account.is_private:
        raise FailureError(private_refusal(account.name))
    options = state.options
    order = order_within(plan, tags, options.scheduling, is_parallel=options.parallel)
    sas = services.artifacts.read_sas(account, container)
    making = _Making(services, plan, account, container, sas, delivery, order, tags)
    chosen = [template for template in plan.templates if template.name in tags]
    return RootParts(in_parallel(making.child, chosen), sas, delivery)


@dataclass(frozen=True)
class _Making:
    services: Services
    plan: Plan
    account: ArtifactAccount
    container: str
    sas: str
    delivery: Delivery
    order: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, Mapping[str, str]]

    def child(self, template: PlannedTemplate) -> Child:
        services, account = self.services, self.account
        location = services.artifacts.blob_uri(account, self.container, "")
        outputs = {
            name: binding.output
            for name, binding in template.parameters.items()
            if binding.output is not None and binding.output.template in self.tags
        }
        given = partial(argument, services, self.plan, self.plan.deployment_id, account)
        arguments = {
            name: given(binding, is_secure=name in template.secure_parameters)
            for name, binding in template.parameters.items()
            if name not in outputs
        }
        told = artifacts_location(template, location, f"?{self.sas}")
        arguments |= {name: {"value": value} for name, value in told.items()}
        content = None
        if self.delivery is Delivery.INLINE:
            read = artifact_reader(services, account, self.container)
            content = inline_body(template, read, arguments, location=location, unknown=outputs).template
        return Child(
            template=template,
            depends_on=self.order[template.name],
            tags=self.tags[template.name],
            arguments=arguments,
            secrets=frozenset(name for name in template.secure_parameters if "value" in arguments.get(name, {})),
            sas_arguments=frozenset(name for name in told if name == _SAS_ARGUMENT),
            outputs=outputs,
            link=services.artifacts.blob_uri(account, self.container, template.path),
            content=content,
        )


def outputs_before(
    services: Services, state: DeploymentState, wanted: Mapping[str, OutputReference]
) -> dict[str, Any] | None:
    """What the previous deployment's outputs were, by the parameters that want them; None when one is not known.

    Raises:
        FailureError: storage could not be asked.
    """
    before = state.rollback.previous_deployment_id
    found: dict[str, Any] = {}
    for parameter, output in wanted.items():
        value = _named(_outputs(services, before, output.template) if before else {}, output.output)
        if value is None:
            return None
        found[parameter] = value
    return found


def _outputs(services: Services, deployment_id: str, template: str) -> Mapping[str, Any]:
    try:
        return services.deployments.outputs(deployment_id, template)
    except KeyError:
        return {}


def _named(outputs: Mapping[str, Any], name: str) -> Any:
    matching: Iterable[Any] = (value for key, value in outputs.items() if key.lower() == name.lower())
    return next(iter(matching), None)
