"""What is said of mode Complete: the list of what would go, and its deletions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from armature.messages.base import ControlAnswer, DeploymentStep
from armature.options import Options


class ForeseeingInput(DeploymentStep):
    """The input of the orchestrator `foreseeing`: of `total` templates, those from `next_index` on are left."""

    options: Options
    total: int
    next_index: int = 0


class ForesightInput(DeploymentStep):
    """A template of the plan, by its index there, of which is to be foreseen what it writes."""

    index: Annotated[int, Field(ge=0)]


class ForesightAnswer(ControlAnswer):
    """That it is written down what a template writes, or why that can't be told; a failure when it is to be asked
    again."""


class ListingInput(DeploymentStep):
    """The list that is to be made: before anything is touched, or (`is_after_rollout`) of what really was deployed.

    `takes_what_there_is` when no more is foreseen of the templates.
    """

    is_after_rollout: bool = False
    takes_what_there_is: bool = False


class DoomedAnswer(ControlAnswer):
    """The list of what mode Complete would delete, in numbers; the list itself is a document.

    `to_delete` of `total` are kept by no lock. `unapproved` are to be approved: all of them; after the rollout, those
    that nobody has approved exactly so. Of these `holding_data` lose data, and no rollback brings the `irreversible`
    back. `unforeseen` counts templates of which is not known what they write. When it `is_made` not, what the
    `templates` of the plan write is to be foreseen first.
    """

    is_made: bool = True
    list_id: str = ""
    total: int = 0
    to_delete: int = 0
    locked: int = 0
    holding_data: int = 0
    irreversible: int = 0
    unapproved: int = 0
    unforeseen: int = 0
    templates: int = 0


class CleanUpInput(DeploymentStep):
    """The input of the orchestrator `cleanup`: the approved list to delete in a run, until the `deadline`.

    When it continues as new, `deleting_since` is when a deletion was last settled, or under way.
    """

    run: int = 1
    list_id: str
    options: Options
    deadline: datetime | None = None
    deleting_since: datetime | None = None


class CleaningInput(DeploymentStep):
    """A pass of deletions of a list in a run; `is_stuck` when the pass before changed nothing."""

    run: int = 1
    list_id: str
    is_stuck: bool = False


class CleanUpEndInput(DeploymentStep):
    """The end of the deletions of a run, to be recorded; `why` is why they ended before all was done, empty when they
    did not."""

    run: int = 1
    list_id: str
    why: str = ""


class CleanUpEnding(ControlAnswer):
    """How the deletions ended: `deleted` are gone, `kept` are locked or changed, `left` could not be deleted."""

    message: str = ""
    deleted: int = 0
    kept: int = 0
    left: int = 0
