"""Upload: one artifact of the bundle into the artifact storage account, and how far the upload is."""

import io
from contextlib import closing
from datetime import UTC, datetime
from typing import BinaryIO

import azure.durable_functions as df

from activities.border import register
from activities.standing import artifact_account, asked_of
from armature.azure.artifacts import PACKAGES_CONTAINER, templates_container
from armature.azure.services import Services
from armature.bundle import BundleLimits
from armature.events import Event, EventCode
from armature.messages import ArtifactAnswer, ArtifactInput, UploadAnswer, UploadCounts
from armature.numbers import count_of
from armature.plan import Artifact, ArtifactKind
from armature.state import Artifacts
from armature.templates.limits import MAX_TEMPLATE_BYTES
from armature.templates.relative_links import rewritten
from armature.templates.template import Template
from armature.transitions import with_artifacts
from armature.zip_bundle import ZipBundle

blueprint = df.Blueprint()


def upload_artifact(services: Services, work: ArtifactInput) -> ArtifactAnswer:
    """Stream one file of the bundle to its blob, verifying its checksum on the way.

    Twice: packages are content-addressed, templates have a name of this deployment's own; what is there is not written
    again, and nothing is visible before all of it has arrived.
    """
    plan = services.deployments.plan(work.deployment_id)
    artifact = plan.artifacts[work.index]
    account = artifact_account(services, plan)
    if plan.source is None:
        raise KeyError(work.deployment_id)
    with (
        services.bundles.open(plan.source.reference, plan.source.etag) as file,
        closing(ZipBundle(file, BundleLimits.of(services.settings))) as bundle,
    ):
        stream, size = _content(bundle, artifact)
        with stream:
            result = services.artifacts.upload(
                account, _container(artifact, work.deployment_id), artifact.blob_name, stream, size, artifact.sha256
            )
    return ArtifactAnswer(bytes_written=result.bytes_written, is_skipped=result.is_skipped)


def record_upload(services: Services, work: UploadCounts) -> UploadAnswer:
    """Show how far the upload is, and tell what is asked for. Twice: counts never go back; the event has one key per
    count."""
    now = datetime.now(UTC)
    files = count_of(work.total, "file")
    counts = Artifacts.load(work.model_dump(exclude={"deployment_id"}))
    services.deployments.append_events(
        work.deployment_id,
        [
            Event(
                key=f"upload:{work.uploaded}:{work.failed}",
                time=now,
                code=EventCode.UPLOAD_PROGRESS,
                message=f"{work.uploaded} of {files} uploaded, {work.bytes_written} bytes written.",
            )
        ],
    )
    state = services.deployments.update_state(work.deployment_id, lambda found: with_artifacts(found, counts, now))
    return UploadAnswer(**dict(asked_of(services, state)))


def _container(artifact: Artifact, deployment_id: str) -> str:
    return PACKAGES_CONTAINER if artifact.kind is ArtifactKind.PACKAGE else templates_container(deployment_id)


def _content(bundle: ZipBundle, artifact: Artifact) -> tuple[BinaryIO, int]:
    """The bytes to store and their number: the file as it is, or a template's copy with relative links."""
    if artifact.rewrites:
        original = Template.read(bundle.read(artifact.path, MAX_TEMPLATE_BYTES), file=artifact.path)
        copy = rewritten(original, artifact.rewrites)
        return io.BytesIO(copy), len(copy)
    return bundle.open(artifact.path), artifact.size


register(blueprint, upload_artifact, ArtifactInput)
register(blueprint, record_upload, UploadCounts)
