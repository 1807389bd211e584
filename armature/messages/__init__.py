"""What orchestrators and activities say to each other: references and small summaries, a few hundred bytes each.

Everything here ends up in the Durable history, so nothing here may hold a template, a parameter, an output, a SAS token
or a secret.
"""

from armature.messages.approval import ApprovalInput, AskingAnswer, AskingInput, GateAnswer, LookAnswer, LookInput
from armature.messages.base import (
    CHILDREN,
    Answer,
    ControlAnswer,
    DeploymentStep,
    Outcome,
    approval_instance,
    plan_id_of,
)
from armature.messages.finishing import ClosingInput, FinishAnswer, FinishInput
from armature.messages.preparing import (
    PRESENT_GENERATION,
    BundleAnswer,
    DeploymentInput,
    PhaseInput,
    ReadyAnswer,
    TracesAnswer,
    TurnAnswer,
)
from armature.messages.preview import (
    PreviewAnswer,
    PreviewedTemplate,
    PreviewGraphAnswer,
    PreviewInput,
    TemplatePreviewAnswer,
)
from armature.messages.rollback import (
    BegunAnswer,
    DeletionAnswer,
    DeletionInput,
    EndInput,
    RollbackInput,
    RollbackOutcome,
    UndoingAnswer,
)
from armature.messages.rollout import (
    DecisionsInput,
    GraphAnswer,
    PackagesInput,
    PollAnswer,
    PollInput,
    RolloutInput,
    StartAnswer,
    StartInput,
)
from armature.messages.root import (
    RootGraphAnswer,
    RootPollAnswer,
    RootPollInput,
    RootRolloutInput,
    RootStartAnswer,
    RootStartInput,
)
from armature.messages.tagging import TagsAnswer, TagsInput
from armature.messages.uploading import ArtifactAnswer, ArtifactInput, UploadAnswer, UploadCounts, UploadInput
from armature.messages.validation import (
    BatchAnswer,
    BatchInput,
    ChecksAnswer,
    ChecksInput,
    TallyAnswer,
    TallyInput,
    ValidationInput,
)

__all__ = [
    "CHILDREN",
    "PRESENT_GENERATION",
    "Answer",
    "ApprovalInput",
    "ArtifactAnswer",
    "ArtifactInput",
    "AskingAnswer",
    "AskingInput",
    "BatchAnswer",
    "BatchInput",
    "BegunAnswer",
    "BundleAnswer",
    "ChecksAnswer",
    "ChecksInput",
    "ClosingInput",
    "ControlAnswer",
    "DecisionsInput",
    "DeletionAnswer",
    "DeletionInput",
    "DeploymentInput",
    "DeploymentStep",
    "EndInput",
    "FinishAnswer",
    "FinishInput",
    "GateAnswer",
    "GraphAnswer",
    "LookAnswer",
    "LookInput",
    "Outcome",
    "PackagesInput",
    "PhaseInput",
    "PollAnswer",
    "PollInput",
    "PreviewAnswer",
    "PreviewGraphAnswer",
    "PreviewInput",
    "PreviewedTemplate",
    "ReadyAnswer",
    "RollbackInput",
    "RollbackOutcome",
    "RolloutInput",
    "RootGraphAnswer",
    "RootPollAnswer",
    "RootPollInput",
    "RootRolloutInput",
    "RootStartAnswer",
    "RootStartInput",
    "StartAnswer",
    "StartInput",
    "TagsAnswer",
    "TagsInput",
    "TallyAnswer",
    "TallyInput",
    "TemplatePreviewAnswer",
    "TracesAnswer",
    "TurnAnswer",
    "UndoingAnswer",
    "UploadAnswer",
    "UploadCounts",
    "UploadInput",
    "ValidationInput",
    "approval_instance",
    "plan_id_of",
]
