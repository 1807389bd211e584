"""What could not be undone, or deleted."""

from armature.models import Model


class Leftover(Model):
    """What a rollback could not undo: the resource's id, why, and what a person can do about it."""

    id: str
    reason: str
    suggestion: str = ""
