"""What can go wrong at the managed identity endpoint."""

from emulator.faults import operations as op
from emulator.faults import parameters as given
from emulator.faults.catalogue.kind import FaultKind

IDENTITY = (
    FaultKind(
        "identity",
        "down",
        "The request is cut, and for some seconds connections are refused: nothing listens.",
        (op.GET_TOKEN,),
        given.Outage,
        example={"times": 1, "parameters": {"seconds": 3}},
    ),
    FaultKind(
        "identity",
        "slow",
        "The request waits before it is answered.",
        (op.GET_TOKEN,),
        given.Delay,
        example={"attempts": [1], "parameters": {"delaySeconds": 2}},
    ),
    FaultKind(
        "identity",
        "serverError",
        "500, 502, 503 or 504 with the endpoint's error, an HTML page or an empty body.",
        (op.GET_TOKEN,),
        given.ServerFailure,
        example={"attempts": [1], "parameters": {"status": 500}},
    ),
    FaultKind(
        "identity",
        "throttled",
        "429 with `Retry-After`.",
        (op.GET_TOKEN,),
        given.Throttle,
        example={"attempts": [1], "parameters": {"retryAfterSeconds": 1}},
    ),
    FaultKind(
        "identity",
        "expiredToken",
        "The token has ended already; unless told otherwise the answer says that it is good for an hour.",
        (op.GET_TOKEN,),
        given.ExpiredToken,
        example={"match": {"name": "https://management.*"}, "attempts": [1]},
    ),
    FaultKind(
        "identity",
        "wrongAudience",
        "The token is for another audience than was asked for.",
        (op.GET_TOKEN,),
        given.Audience,
        example={"match": {"name": "https://management.*"}, "attempts": [1]},
    ),
)
