"""What can go wrong in the Functions host and its task hub."""

from emulator.faults import operations as op
from emulator.faults import parameters as given
from emulator.faults.catalogue.kind import FaultKind

FUNCTIONS_HOST = (
    FaultKind(
        "functionsHost",
        "slowStart",
        "The host waits before it runs anything.",
        (op.START_HOST,),
        given.Delay,
        example={"parameters": {"delaySeconds": 2}},
    ),
    FaultKind(
        "functionsHost",
        "activityTwice",
        "An activity runs, its result gets lost, and it runs again; the second result counts.",
        (op.RUN_ACTIVITY,),
        example={"attempts": [1]},
    ),
    FaultKind(
        "functionsHost",
        "activityResultLost",
        "The host is killed (SIGKILL) when an activity has run, before its result is kept: it runs again.",
        (op.RUN_ACTIVITY,),
        example={"times": 1},
    ),
    FaultKind(
        "functionsHost",
        "slowActivity",
        "An activity waits before it runs.",
        (op.RUN_ACTIVITY,),
        given.Delay,
        example={"attempts": [1], "parameters": {"delaySeconds": 1}},
    ),
    FaultKind(
        "functionsHost",
        "killedBeforeCheckpoint",
        "The host is killed (SIGKILL) when an orchestrator has run, before anything of it is kept: it is replayed.",
        (op.COMMIT_EPISODE,),
        example={"attempts": [2], "times": 1},
    ),
    FaultKind(
        "functionsHost",
        "killedAfterCheckpoint",
        "The host is killed (SIGKILL) when an orchestrator's step is kept, before anything that it asked for begins.",
        (op.COMMIT_EPISODE,),
        example={"attempts": [2], "times": 1},
    ),
    FaultKind(
        "functionsHost",
        "messageTwice",
        "A queue message is handled and comes once more, as when its deletion fails.",
        (op.HANDLE_MESSAGE,),
        example={"attempts": [1]},
    ),
    FaultKind(
        "functionsHost",
        "messageLate",
        "A queue message is held back before it is handled.",
        (op.HANDLE_MESSAGE,),
        given.Delay,
        example={"parameters": {"delaySeconds": 2}},
    ),
    FaultKind(
        "functionsHost",
        "messagesOutOfOrder",
        "A queue message is held back until later ones have been handled.",
        (op.HANDLE_MESSAGE,),
        given.Order,
        example={"times": 1, "parameters": {"overtakenBy": 1, "atMostSeconds": 5}},
    ),
)
