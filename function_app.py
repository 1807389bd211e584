"""The composition root: builds the app and registers its blueprints, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from activities import (
    approving,
    cancelling,
    checking,
    cleaning,
    cleaning_deletions,
    deleting,
    finish,
    looking,
    notifying,
    packages,
    prepare,
    previewing,
    removal,
    retention,
    rollback,
    root,
    showing,
    starting,
    tagging,
    traces,
    unused,
    upload,
    verifying,
)
from armature.redaction import install_redaction
from orchestrators import approving as approval_orchestrator
from orchestrators import cleanup as cleanup_orchestrator
from orchestrators import deployment as deployment_orchestrator
from orchestrators import foreseeing as foreseeing_orchestrator
from orchestrators import notifying as notice_orchestrator
from orchestrators import preview as preview_orchestrator
from orchestrators import retention as retention_orchestrator
from orchestrators import rollback as rollback_orchestrator
from orchestrators import rollout as rollout_orchestrator
from orchestrators import root_rollout as root_rollout_orchestrator
from orchestrators import upload as upload_orchestrator
from orchestrators import validation as validation_orchestrator
from triggers import bundles, checks, control, deployments, health, history, lineages, locks, queue, timer
from triggers import cleanup as cleanup_trigger
from triggers import notices as notice_trigger
from triggers import preview as preview_trigger
from triggers import retention as retention_trigger

install_redaction()

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for part in (
    bundles,
    deployments,
    checks,
    history,
    lineages,
    control,
    locks,
    health,
    queue,
    notice_trigger,
    timer,
    preview_trigger,
    cleanup_trigger,
    retention_trigger,
    deployment_orchestrator,
    approval_orchestrator,
    notice_orchestrator,
    preview_orchestrator,
    foreseeing_orchestrator,
    upload_orchestrator,
    rollout_orchestrator,
    root_rollout_orchestrator,
    rollback_orchestrator,
    cleanup_orchestrator,
    validation_orchestrator,
    retention_orchestrator,
    prepare,
    previewing,
    traces,
    approving,
    notifying,
    upload,
    starting,
    root,
    looking,
    cancelling,
    showing,
    packages,
    tagging,
    checking,
    rollback,
    deleting,
    cleaning,
    cleaning_deletions,
    verifying,
    finish,
    retention,
    removal,
    unused,
):
    app.register_functions(part.blueprint)
