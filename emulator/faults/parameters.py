"""What can be said about each fault: one model for each shape of parameters, with defaults that hurt a little.

Seconds are real seconds, whatever the emulator's time scale is.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Seconds = Annotated[float, Field(ge=0, le=3600)]
ErrorStatus = Annotated[int, Field(ge=400, le=599)]
Shape = Literal["plain", "nested", "jsonInMessage", "string", "html", "capitals"]


class Parameters(BaseModel):
    """Parameters of a fault that has none; the base of all others."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Delay(Parameters):
    """How long something takes longer."""

    delay_seconds: Seconds = 2.0


class Throttle(Parameters):
    """A 429, and when its `Retry-After` says to come again."""

    retry_after_seconds: Annotated[int, Field(ge=0, le=3600)] = 1
    code: str | None = None
    message: str | None = None


class ServerFailure(Parameters):
    """A 5xx and what its body is: the service's own error, a gateway's HTML page, or nothing."""

    status: Literal[500, 502, 503, 504] = 503
    body: Literal["json", "html", "empty"] = "json"
    code: str | None = None
    message: str | None = None


class Refusal(Parameters):
    """Any refusal, word for word."""

    status: ErrorStatus = 400
    code: str = "BadRequest"
    message: str = "The request was refused by a fault."


class Wording(Parameters):
    """Another code or message than the usual ones of that refusal."""

    code: str | None = None
    message: str | None = None


class Capacity(Parameters):
    """Which way the region is full."""

    code: Literal[
        "SkuNotAvailable", "AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest"
    ] = "SkuNotAvailable"
    message: str | None = None


class ResourceFailure(Parameters):
    """When a resource fails and how its provider tells.

    `after` is the part of its provisioning time that has passed by then; 0 is a refusal before anything was begun.
    """

    after: Annotated[float, Field(ge=0, le=1)] = 0.5
    status: ErrorStatus = 409
    code: str = "InternalOperationError"
    message: str = "An internal error occurred while the resource was provisioned."
    shape: Shape = "plain"


class Lag(Parameters):
    """For how long after a write something is not seen yet."""

    lag_seconds: Seconds = 2.0


class Death(Parameters):
    """Whether the process dies before the work is done, or after it and before the answer."""

    moment: Literal["beforeWork", "afterWork"] = "beforeWork"


class Outage(Parameters):
    """For how long nothing listens, counted from the request that the outage begins with."""

    seconds: Seconds = 2.0


class Cut(Parameters):
    """How many bytes of the body go through."""

    after_bytes: Annotated[int, Field(ge=0)] = 16


class Skew(Parameters):
    """How far the service's clock is from the real one; below zero it is late, and fresh tokens are not valid yet."""

    skew_seconds: Annotated[float, Field(ge=-86400, le=86400)] = -3600.0


class StoragePermission(Parameters):
    """Which of storage's two refusals: of the role, or of the network rule."""

    code: Literal["AuthorizationPermissionMismatch", "AuthorizationFailure"] = "AuthorizationPermissionMismatch"


class ExpiredToken(Parameters):
    """How long ago the token ended, and whether the answer beside it tells so."""

    expired_seconds_ago: Annotated[int, Field(ge=1, le=86400)] = 300
    is_told: bool = False


class Audience(Parameters):
    """The audience that the token is for instead of the right one."""

    audience: str = "https://graph.microsoft.com"


class Order(Parameters):
    """How many later messages overtake this one, and how long it waits for them at most."""

    overtaken_by: Annotated[int, Field(ge=1, le=100)] = 1
    at_most_seconds: Seconds = 20.0
