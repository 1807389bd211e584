"""What is said of the upload."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from armature.messages.base import Answer, ControlAnswer
from armature.models import Model
from armature.options import RetryPolicy


class UploadInput(Model):
    """The input of the orchestrator `upload`: artifacts `next_index` up to `total`, and what was done before."""

    deployment_id: str
    total: int
    concurrency: Annotated[int, Field(ge=1)]
    retry_policy: RetryPolicy
    poll_interval_seconds: float
    deadline: datetime | None = None
    next_index: int = 0
    uploaded: int = 0
    skipped: int = 0
    bytes_written: int = 0


class ArtifactInput(Model):
    """One artifact of the plan to upload, by its index there."""

    deployment_id: str
    index: int


class ArtifactAnswer(Answer):
    """What an upload did; `is_skipped` when the same bytes were there already."""

    bytes_written: int = 0
    is_skipped: bool = False


class UploadCounts(Model):
    """How far the upload is, for the state document."""

    deployment_id: str
    total: int
    uploaded: int
    skipped: int
    failed: int
    bytes_written: int


class UploadAnswer(ControlAnswer):
    """What became of a record of the upload."""
