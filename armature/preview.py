"""What a deployment would change: the summary of a preview in the state. The whole preview is a document of its own."""

from datetime import datetime

from armature.models import Model


class PreviewState(Model):
    """How many resources a preview found, by what would become of them, and how much of it could be told.

    `deletions` and `replacements` count what is lost when it is carried out. `refused` are the templates that Azure
    would not accept, `unknown` those that could not be looked at, or only in part.
    """

    at: datetime
    creates: int = 0
    modifies: int = 0
    deletions: int = 0
    replacements: int = 0
    unchanged: int = 0
    ignored: int = 0
    unsupported: int = 0
    templates: int = 0
    refused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
