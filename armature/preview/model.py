"""A preview as data: what would become of each resource, what each template's part in it is, and how much was told."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from armature.errors import Failure
from armature.models import Model


class ChangeKind(StrEnum):
    """What would become of a resource, in the order in which changes are listed.

    `replace`: a property would change that can't be changed in place, so that the resource has to be deleted and made
    anew. `ignore`: it is there, no template names it, and it stays. `unsupported`: Azure can't tell.
    """

    DELETE = "delete"
    REPLACE = "replace"
    CREATE = "create"
    MODIFY = "modify"
    UNSUPPORTED = "unsupported"
    NO_CHANGE = "noChange"
    IGNORE = "ignore"

    @property
    def is_written(self) -> bool:
        """True when the template of which it is told deploys the resource, whether or not that changes it."""
        return self not in (ChangeKind.DELETE, ChangeKind.IGNORE)


class PropertyChangeKind(StrEnum):
    """What would become of a property."""

    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"


class Untold(StrEnum):
    """Why nobody can tell whether a property would change: its value is known only when something is deployed, or Azure
    never shows the value that it has."""

    WHEN_DEPLOYED = "whenDeployed"
    NOT_SHOWN = "notShown"


class PropertyChange(Model):
    """A property that would change: `path` is dotted, with `[n]` for the nth element of an array.

    `before` and `after` are its values (None: it has none), hidden where they may be secret, and cut where they are
    long. `folded` names the rule (armature.preview.noise) by which the change is none; `untold` says that it may be
    none. `replaces` says that the resource can't take it in place.
    """

    path: str
    kind: PropertyChangeKind
    before: Any = None
    after: Any = None
    folded: str | None = None
    untold: Untold | None = None
    replaces: bool = False


class ResourceChange(Model):
    """What would become of one resource, by all the `templates` that name it.

    `properties` tell which of its properties would change; of what is created, those that it is created with.
    `more_properties` counts those that are left out. `reasons` are Azure's, and ours, in words.
    """

    id: str
    type: str
    name: str
    kind: ChangeKind
    templates: tuple[str, ...] = ()
    properties: tuple[PropertyChange, ...] = ()
    more_properties: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[PropertyChange, ...]:
        """The properties that would change, or may."""
        return tuple(change for change in self.properties if change.folded is None)

    @property
    def certain(self) -> tuple[PropertyChange, ...]:
        """Those of them of which nobody doubts it."""
        return tuple(change for change in self.told if change.untold is None)

    @property
    def folded(self) -> int:
        """How many differences are none."""
        return len(self.properties) - len(self.told)


class TemplateVerdict(StrEnum):
    """What a preview could tell of a template.

    `accepted`: Azure would take it, and what it would change is told. `refused`: Azure would not take it. `unknown`:
    that can't be told now, or not here.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class TemplatePreview(Model):
    """What was told of one template of the run `run`.

    `from_predecessor`, `foreseen` and `needs` are its parameters that are bound to outputs which do not exist yet
    (`parameter` = `template.output`): previewed with the predecessor's output, with what the output will be, or without
    a value. `in_new_groups` are the resource groups that it goes to and that are not there yet. `diagnostics` are
    Azure's own words on what it could not look into. `changes` are kept until all templates are merged.
    """

    template: str
    run: int = 1
    verdict: TemplateVerdict
    from_predecessor: tuple[str, ...] = ()
    foreseen: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    in_new_groups: tuple[str, ...] = ()
    diagnostics: tuple[str, ...] = ()
    failure: Failure | None = None
    changes: tuple[ResourceChange, ...] = ()


class PreviewMode(StrEnum):
    """What Azure was asked: what would change, or only whether it would accept the templates."""

    WHAT_IF = "whatIf"
    VALIDATE = "validate"


class Counts(Model):
    """How many resources a preview found, by what would become of them; how much noise was folded.

    `property_changes` are those of the resources that are modified or replaced. `folded` counts differences that are
    none, `folded_resources` the resources of which nothing else was left.
    """

    creates: int = 0
    modifies: int = 0
    deletions: int = 0
    replacements: int = 0
    unchanged: int = 0
    ignored: int = 0
    unsupported: int = 0
    property_changes: int = 0
    folded: int = 0
    folded_resources: int = 0

    @property
    def changes(self) -> int:
        """How many resources would not stay as they are."""
        return self.creates + self.modifies + self.deletions + self.replacements


class Preview(Model):
    """The whole preview of a deployment: the templates in the plan's order, the resources by kind and id.

    `digest` stands for all that would change: two previews of the same digest tell the same.
    """

    deployment_id: str
    run: int = 1
    mode: PreviewMode = PreviewMode.WHAT_IF
    at: datetime
    message: str = ""
    counts: Counts = Counts()
    templates: tuple[TemplatePreview, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    digest: str = ""


class PreviewState(Counts):
    """The summary of a preview in the state; the whole preview is a document of its own.

    `deletions` and `replacements` count what is lost when it is carried out. `refused` are the templates that Azure
    would not accept, `unknown` those that could not be looked at, or only in part.
    """

    at: datetime
    mode: PreviewMode = PreviewMode.WHAT_IF
    templates: int = 0
    from_predecessor: int = 0
    refused: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    digest: str = ""
