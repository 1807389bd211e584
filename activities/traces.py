"""What a deployment has left whose target could not be prepared."""

import azure.durable_functions as df

from activities.border import register
from activities.survey import groups_of_others
from activities.undoing import made_groups
from armature.azure.services import Services
from armature.messages import DeploymentStep, TracesAnswer

blueprint = df.Blueprint()


def look_for_traces(services: Services, work: DeploymentStep) -> TracesAnswer:
    """Whether a resource group is there that only this deployment can have made. Changes nothing.

    Before it makes one it surveys the target: without a survey nothing was touched, and ARM need not be asked.
    """
    if services.rollbacks.target_survey(work.deployment_id) is None:
        return TracesAnswer()
    plan = services.deployments.plan(work.deployment_id)
    proofs = services.rollbacks.proofs(work.deployment_id, groups_of_others(services, plan))
    return TracesAnswer(are_found=bool(made_groups(services, plan, proofs)))


register(blueprint, look_for_traces, DeploymentStep)
