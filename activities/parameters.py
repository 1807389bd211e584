"""What a template is handed to ARM with: its link, its parameters, and fresh SAS tokens made on the spot."""

from typing import Any

from activities.standing import artifact_account
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount, templates_container
from armature.azure.models import DeploymentBody
from armature.azure.services import Services
from armature.errors import FailureClass, FailureError, failure
from armature.plan import OutputReference, ParameterBinding, Plan, PlannedTemplate


def deployment_body(services: Services, plan: Plan, template: PlannedTemplate, tags: dict[str, str]) -> DeploymentBody:
    """The body to put for a template. Holds SAS tokens: it goes to ARM and nowhere else.

    Raises:
        FailureError: an output that a parameter needs does not exist, or the storage could not be asked.
    """
    account = artifact_account(services, plan)
    container = templates_container(plan.deployment_id)
    sas = services.artifacts.read_sas(account, container)
    parameters = {
        name: _argument(services, plan, account, binding, is_secure=name in template.secure_parameters)
        for name, binding in template.parameters.items()
    }
    if template.artifacts_location is not None:
        folder = template.path.rpartition("/")[0]
        base = services.artifacts.blob_uri(account, container, folder).rstrip("/")
        parameters["_artifactsLocation"] = {"value": f"{base}/" if template.artifacts_location == "slash" else base}
        parameters["_artifactsLocationSasToken"] = {"value": f"?{sas}"}
    return DeploymentBody(
        template_uri=services.artifacts.blob_uri(account, container, template.path),
        query_string=sas,
        parameters=parameters,
        tags=tags,
        location=template.location,
    )


def package_uri(services: Services, account: ArtifactAccount, plan: Plan, package: str) -> str:
    """Where a package lies, without a SAS: for what reads it by managed identity, as long as it needs to."""
    return services.artifacts.blob_uri(account, PACKAGES_CONTAINER, plan.package(package).blob_name)


def _argument(
    services: Services, plan: Plan, account: ArtifactAccount, binding: ParameterBinding, *, is_secure: bool
) -> dict[str, Any]:
    if binding.reference is not None:
        return {"reference": binding.reference}
    if binding.output is not None:
        return {"value": _output(services, plan, binding.output)}
    if binding.package is not None:
        uri = package_uri(services, account, plan, binding.package)
        # A secure parameter is for what reads the package once, with a SAS that ARM keeps out of its history.
        blob = plan.package(binding.package).blob_name
        sas = services.artifacts.read_sas(account, PACKAGES_CONTAINER, blob) if is_secure else ""
        return {"value": f"{uri}?{sas}" if sas else uri}
    return {"value": binding.value}


def _output(services: Services, plan: Plan, wanted: OutputReference) -> Any:
    outputs = services.deployments.outputs(plan.deployment_id, wanted.template)
    for name, value in outputs.items():
        if name.lower() == wanted.output.lower():
            return value
    message = f"{wanted.template} has finished without the output {wanted.output}, which a parameter needs."
    suggestion = f"See that {wanted.template} gives {wanted.output} a value under every condition."
    raise FailureError(failure(FailureClass.TEMPLATE, "OutputMissing", message, suggestion))
