"""What a template is handed to ARM with: its link, its parameters, and fresh SAS tokens made on the spot."""

from typing import Any

from activities.inlining import artifact_reader, inline_body
from activities.standing import artifact_account
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount, templates_container
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.delivery import artifacts_location, delivery_of, private_refusal
from armature.errors import FailureClass, FailureError, failure
from armature.options import Delivery
from armature.plan import Artifact, OutputReference, ParameterBinding, Plan, PlannedTemplate


def deployment_body(
    services: Services,
    plan: Plan,
    plan_id: str,
    template: PlannedTemplate,
    tags: dict[str, str],
    delivery: Delivery = Delivery.AUTOMATIC,
) -> DeploymentBody:
    """The body to put for a template: with a link to it, or with the template in it (see `armature.delivery`).

    Holds SAS tokens: it goes to ARM and nowhere else. What a rollback deploys again comes from the plan's predecessor:
    its templates, its packages, and the outputs of those of its templates that are left as they are. `plan_id` is what
    the plan's own outputs are kept under.

    Raises:
        FailureError: an output that a parameter needs does not exist, or the storage could not be asked; a link is
            asked for to what ARM can't reach, or the template can't be sent in the body.
    """
    account = artifact_account(services, plan)
    container = templates_container(plan.predecessor or plan.deployment_id)
    chosen = delivery_of(delivery, is_private=account.is_private, is_rollback=plan.predecessor is not None)
    if chosen is Delivery.SAS and account.is_private:
        raise FailureError(private_refusal(account.name))
    location = services.artifacts.blob_uri(account, container, "")
    sas = services.artifacts.read_sas(account, container)
    parameters = {
        name: argument(services, plan, plan_id, account, binding, is_secure=name in template.secure_parameters)
        for name, binding in template.parameters.items()
    }
    told = artifacts_location(template, location, f"?{sas}")
    parameters |= {name: {"value": value} for name, value in told.items()}
    if chosen is Delivery.INLINE:
        read = artifact_reader(services, account, container)
        return inline_body(template, read, parameters, location=location, tags=tags)
    return DeploymentBody(
        template_uri=services.artifacts.blob_uri(account, container, template.path),
        query_string=sas,
        parameters=parameters,
        tags=tags,
        location=template.location,
    )


def package_uri(services: Services, account: ArtifactAccount, plan: Plan, package: str) -> str:
    """Where a package lies, without a SAS: for what reads it by managed identity, as long as it needs to."""
    return services.artifacts.blob_uri(account, PACKAGES_CONTAINER, package_of(services, plan, package).blob_name)


def signed_package_uri(services: Services, account: ArtifactAccount, plan: Plan, package: str) -> str:
    """The same with a SAS of an hour: for what reads the package once. It goes to ARM and nowhere else."""
    blob = package_of(services, plan, package).blob_name
    sas = services.artifacts.read_sas(account, PACKAGES_CONTAINER, blob)
    return f"{services.artifacts.blob_uri(account, PACKAGES_CONTAINER, blob)}?{sas}"


def package_of(services: Services, plan: Plan, name: str) -> Artifact:
    """The package of that name, of the plan or of the deployment that it goes back to."""
    source = plan if plan.predecessor is None else services.deployments.plan(plan.predecessor)
    return source.package(name)


def argument(
    services: Services,
    plan: Plan,
    plan_id: str,
    account: ArtifactAccount,
    binding: ParameterBinding,
    *,
    is_secure: bool,
) -> dict[str, Any]:
    """What a parameter is given, as in a parameter file.

    Raises:
        FailureError: an output that it needs does not exist, or the storage could not be asked.
    """
    if binding.reference is not None:
        return {"reference": binding.reference}
    if binding.output is not None:
        return {"value": _output(services, plan, plan_id, binding.output)}
    if binding.package is not None:
        # A secure parameter is for what reads the package once, with a SAS that ARM keeps out of its history.
        address = signed_package_uri if is_secure else package_uri
        return {"value": address(services, account, plan, binding.package)}
    return {"value": binding.value}


def _output(services: Services, plan: Plan, plan_id: str, wanted: OutputReference) -> Any:
    is_planned = any(template.name == wanted.template for template in plan.templates)
    source = plan_id if is_planned or plan.predecessor is None else plan.predecessor
    outputs = services.deployments.outputs(source, wanted.template)
    for name, value in outputs.items():
        if name.lower() == wanted.output.lower():
            return value
    message = f"{wanted.template} has finished without the output {wanted.output}, which a parameter needs."
    suggestion = f"See that {wanted.template} gives {wanted.output} a value under every condition."
    raise FailureError(failure(FailureClass.TEMPLATE, "OutputMissing", message, suggestion))
