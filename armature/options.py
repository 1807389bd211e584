"""What a caller may choose about a deployment: mode, concurrency, order, retries, timeout, rollback."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from armature.models import Form, Model


class Mode(StrEnum):
    """What is done, and how resources that no template names are treated.

    `Incremental` leaves them. `Complete` deletes what the target resource groups hold and no template names, after
    approval of that list. `WhatIf` only tells what would change, `Validate` only whether Azure would accept it.
    """

    INCREMENTAL = "Incremental"
    COMPLETE = "Complete"
    VALIDATE = "Validate"
    WHAT_IF = "WhatIf"


class Strategy(StrEnum):
    """Who schedules the templates: Armature, along the graph, or Azure Resource Manager, out of one root template."""

    GRAPH = "graph"
    ROOT = "root"


class Delivery(StrEnum):
    """How Azure Resource Manager gets a template: by a link that it downloads, or in the body of the request.

    `automatic`: in the body when the artifact storage can't be reached from outside, else by link.
    """

    AUTOMATIC = "automatic"
    SAS = "sas"
    INLINE = "inline"


class Scheduling(StrEnum):
    """`graph` starts a template as soon as its own dependencies are done, `tier` when all earlier tiers are."""

    GRAPH = "graph"
    TIER = "tier"


class AssemblyOrder(StrEnum):
    """How the stacks of a cloud assembly, which nothing orders, are ordered.

    `inferred`: by the resource groups they create and the resources they name; the rest runs in parallel.
    `listed`: one by one, in the order of the manifest's keys.
    """

    INFERRED = "inferred"
    LISTED = "listed"


MAX_TAGS = 45
"""Azure takes 50 a resource (Azure Resource Manager limits, 2025-11); some are for Armature and the templates."""

MAX_TAG_NAME = 128
MAX_TAG_VALUE = 256
"""Characters. Most resources take names of 512, storage accounts 128 (Azure tag limits, 2025-11)."""

_FORBIDDEN_IN_TAGS = set("<>%&\\?/")
_RESERVED_TAGS = ("microsoft", "azure", "windows", "armature", "hidden-")


def _tags(tags: dict[str, str]) -> dict[str, str]:
    for name, value in tags.items():
        if not name.strip() or len(name) > MAX_TAG_NAME or _FORBIDDEN_IN_TAGS & set(name) or not name.isprintable():
            forbidden = " ".join(sorted(_FORBIDDEN_IN_TAGS))
            raise ValueError(f"the tag name {name!r} must have 1 to {MAX_TAG_NAME} characters and none of {forbidden}")
        if name.lower().startswith(_RESERVED_TAGS):
            raise ValueError(f"the tag name {name!r} begins with a word that is reserved: {', '.join(_RESERVED_TAGS)}")
        if len(value) > MAX_TAG_VALUE or not value.isprintable():
            raise ValueError(f"the value of the tag {name!r} must have at most {MAX_TAG_VALUE} printable characters")
    if len({name.lower() for name in tags}) < len(tags):
        raise ValueError("letter case does not tell two tags apart")
    return tags


Tags = Annotated[dict[str, str], Field(max_length=MAX_TAGS), AfterValidator(_tags)]


NAME_PREFIX = Form(r"^[A-Za-z0-9][-A-Za-z0-9_]{0,15}$", "1 to 16 letters, digits, - and _, a letter or digit first")


class RetryPolicy(Model):
    """How often and how patiently a transient failure is tried again.

    The wait before attempt n+1 is `first_interval_seconds * backoff_multiplier ** (n - 1)`, or what `Retry-After` says
    when that is longer.
    """

    max_attempts: Annotated[int, Field(ge=1, le=10, description="Attempts in all, the first included.")] = 3
    backoff_multiplier: Annotated[float, Field(ge=1, le=10, description="Factor between one wait and the next.")] = 2
    first_interval_seconds: Annotated[float, Field(gt=0, le=300, description="The wait before the second attempt.")] = 5


class Options(Model):
    """The options of one deployment; what is left out takes the app's settings' defaults."""

    mode: Mode = Mode.INCREMENTAL
    parallel: Annotated[bool, Field(description="False deploys one template at a time.")] = True
    max_concurrency: Annotated[int, Field(ge=1, le=50, description="Templates, or uploads, in flight at once.")] = 5
    scheduling: Scheduling = Scheduling.GRAPH
    assembly_order: AssemblyOrder = AssemblyOrder.INFERRED
    poll_interval_seconds: Annotated[float, Field(ge=0.1, le=300, description="Between two looks at ARM.")] = 5
    retry_policy: RetryPolicy = RetryPolicy()
    timeout: Annotated[
        float, Field(gt=0, le=10080, description="Minutes until it is given up, counted from when its turn has come.")
    ] = 240
    rollback_on_failure: Annotated[
        bool, Field(description="Put everything back as it was when the deployment fails, is cancelled or times out.")
    ] = True
    cancel_on_failure: Annotated[
        bool, Field(description="Cancel what is in flight when a template has failed, instead of letting it finish.")
    ] = False

    force: Annotated[bool, Field(description="Deploy without asking for approval, whatever would call for it.")] = False
    strategy: Strategy = Strategy.GRAPH
    delivery: Delivery = Delivery.AUTOMATIC
    dry_run: Annotated[
        bool, Field(description="Tell only what would change, also what mode Complete would delete; change nothing.")
    ] = False
    tags: Annotated[Tags, Field(description="Put on all that is deployed, beside the templates' own tags.")] = {}
    deployment_name_prefix: Annotated[
        Annotated[str, NAME_PREFIX] | None, Field(description="Begins the names of the ARM deployments.")
    ] = None

    @property
    def is_preview(self) -> bool:
        """True when nothing is to be changed: only told, or validated."""
        return self.dry_run or self.mode in (Mode.WHAT_IF, Mode.VALIDATE)

    @property
    def concurrency(self) -> int:
        """How many may be in flight: `max_concurrency`, or one when `parallel` is false."""
        return self.max_concurrency if self.parallel else 1
