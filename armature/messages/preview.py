"""What is said of a preview: of one template after the other, and of all together."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from armature.messages.base import ControlAnswer, DeploymentStep
from armature.options import Options
from armature.state import StopReason


class PreviewInput(DeploymentStep):
    """The input of the orchestrator `preview`: templates `next_index` up to `total`, which the plan tells.

    `deadline` is when it is given up; None leaves that to the patience with Azure. Unless it `is_merged`, whoever
    called merges what the templates' parts tell.
    """

    options: Options
    deadline: datetime | None = None
    total: int | None = None
    next_index: int = 0
    is_merged: bool = True


class PreviewedTemplate(DeploymentStep):
    """One template of the plan to preview, by its index there."""

    index: Annotated[int, Field(ge=0)]


class TemplatePreviewAnswer(ControlAnswer):
    """What became of a template's preview: it is written down, or Azure works on it and is to be asked again."""

    is_done: bool = True
    retry_after_seconds: float | None = None


class PreviewGraphAnswer(ControlAnswer):
    """How many templates there are to preview."""

    templates: int = 0


class PreviewAnswer(ControlAnswer):
    """How a preview ended: the counts of what it told, in `message` as words.

    `failure` when there is no preview at all. `refusal_message` names what Azure refuses; the templates' own failures
    are in the document. `digest` stands for all that would change.
    """

    message: str = ""
    stop: StopReason | None = None
    templates: int = 0
    creates: int = 0
    modifies: int = 0
    deletions: int = 0
    replacements: int = 0
    unchanged: int = 0
    ignored: int = 0
    unsupported: int = 0
    refused: int = 0
    unknown: int = 0
    refusal_message: str = ""
    digest: str = ""
