"""What a caller may choose about a deployment: mode, concurrency, order, retries, timeout, rollback."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from armature.models import Model


class Mode(StrEnum):
    """How resources that a template does not name are treated."""

    INCREMENTAL = "Incremental"


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

    @property
    def concurrency(self) -> int:
        """How many may be in flight: `max_concurrency`, or one when `parallel` is false."""
        return self.max_concurrency if self.parallel else 1
