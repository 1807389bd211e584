"""Drift: whether what a lineage has deployed is still as its last completed deployment made it.

A look at it is a preview of that deployment's bundle: what would change, has drifted.
"""

from datetime import datetime

from armature.models import Model
from armature.options import Mode, Options
from armature.preview import PreviewState
from armature.request import DeploymentRequest
from armature.state import DeploymentState, Status


class DriftRecord(Model):
    """The last look at a lineage: the preview `deployment_id`, of what `of` had deployed, asked for `at`."""

    deployment_id: str
    of: str
    at: datetime


class Drift(Model):
    """What a look found. `is_drifted` is None until it has ended well; `preview` counts what would change.

    `is_other_bundle` is true when what is at the bundle's address is not what was deployed: the look tells less then.
    """

    lineage_key: str
    deployment_id: str
    of: str
    at: datetime
    status: Status
    message: str = ""
    is_drifted: bool | None = None
    is_other_bundle: bool = False
    preview: PreviewState | None = None


class LineageSummary(Model):
    """A lineage in a list: what it completed last, which deployment had its turn last, and whether it has drifted.

    `region` is told of a bundle that is for several.
    """

    lineage_key: str
    project: str | None = None
    environment: str | None = None
    region: str | None = None
    completed: str | None = None
    latest: str | None = None
    drift: DriftRecord | None = None
    is_drifted: bool | None = None


def drift_id(lineage_key: str, moment: datetime, *, is_nightly: bool) -> str:
    """The id of a look: by night one a day, so that a timer which fires twice asks once."""
    return f"drift-{lineage_key}-{moment:%Y%m%d}" if is_nightly else f"drift-{lineage_key}-{moment:%Y%m%d%H%M%S}"


def drift_request(completed: DeploymentState, deployment_id: str) -> DeploymentRequest:
    """The preview that tells whether what `completed` deployed is still so, as a request.

    Of a deployment in mode Complete it also tells what is in its resource groups and was not deployed.
    """
    is_complete = completed.options.mode is Mode.COMPLETE
    chosen = {"dry_run": is_complete, "mode": Mode.COMPLETE if is_complete else Mode.WHAT_IF}
    options: Options = completed.options.model_copy(update=chosen)
    lineage = {"project": completed.project, "environment": completed.environment}
    return completed.request.model_copy(update={"deployment_id": deployment_id, "options": options, **lineage})


def drift_of(lineage_key: str, record: DriftRecord, look: DeploymentState, *, is_other_bundle: bool) -> Drift:
    """What a look has found so far."""
    return Drift(
        lineage_key=lineage_key,
        deployment_id=record.deployment_id,
        of=record.of,
        at=record.at,
        status=look.status,
        message=look.message,
        is_drifted=has_drifted(look),
        is_other_bundle=is_other_bundle,
        preview=look.preview,
    )


def has_drifted(look: DeploymentState) -> bool | None:
    """Whether a preview found that something would change; None when it has not ended, or not well."""
    found = look.preview
    if look.status is not Status.COMPLETED or found is None:
        return None
    return bool(found.creates or found.modifies or found.deletions or found.replacements)
