"""Azure Resource Manager: resource groups, deployments and resources of one subscription.

    gateway = ArmGateway(cloud, credential, subscription)
    gateway.put_deployment(template.scope, template.deployment_name, body)

    access             clients, what a request passes on its way, requests without an SDK method
    resource_groups    deployments    resources    providers    tags    soft_deletion    roles    locks    function_apps
    health    releases
    causes             why a deployment failed, over all that it links to
    documents, ids     ARM's documents as models; what resource ids say

Each method is one request (a list: one a page; `deployment_failure` a few) and raises FailureError when ARM refuses or
can't be reached. What fails for a moment is tried again within seconds (armature.azure.brief_retries); what lasts is
left to the orchestrator's durable timer, since a worker thread that sleeps is lost to everybody else.
"""

from armature.azure.arm.causes import MAX_LINKED_DEPTH, Causes
from armature.azure.arm.function_apps import FunctionApps
from armature.azure.arm.health import Health
from armature.azure.arm.ids import split_deployment_id
from armature.azure.arm.locks import Locks
from armature.azure.arm.releases import Releases
from armature.azure.arm.resource_groups import ResourceGroups
from armature.azure.arm.roles import Roles
from armature.azure.arm.soft_deletion import SoftDeletion
from armature.azure.arm.tags import Tags
from armature.azure.arm.what_ifs import WhatIfs

__all__ = ["MAX_LINKED_DEPTH", "ArmGateway", "split_deployment_id"]


class ArmGateway(ResourceGroups, Causes, FunctionApps, SoftDeletion, Roles, Locks, WhatIfs, Tags, Health, Releases):
    """ARM as the app's identity sees it, in one subscription; safe to share between threads."""
