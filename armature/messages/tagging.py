"""What is said of the tags that are put once a template has succeeded."""

from armature.errors import Failure
from armature.messages.base import Answer, DeploymentStep


class TagsInput(DeploymentStep):
    """A template whose resources get the deployment's tags, from the one at `position` on.

    `given_up` is why those that are left do not get them.
    """

    template: str
    position: int = 0
    given_up: Failure | None = None


class TagsAnswer(Answer):
    """How far the tags are put: `position` is the first resource that is left (None: none is), which is gone on with
    after `retry_after_seconds`."""

    position: int | None = None
    retry_after_seconds: float | None = None
