"""Approvals that are not for who gives them to give, or not any more; and what goes around them."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench.hostile.attack import Attack, Met
from bench.hostile.calls import WHOLE, met
from bench.hostile.ground import MARK, Ground
from bench.hostile.guarded import ADA, BOB, CAROL, DANA, Person, call_as, decided
from bench.hostile.messages import rejected

SHOUTING = Person(ADA.id.upper(), "not ada", ADA.roles)

DECISIONS: dict[str, tuple[Person | None, str, dict[str, Any], tuple[str, str]]] = {
    "one's own": (ADA, "own", {}, ("403", "own-deployment")),
    "one's own, under another name": (SHOUTING, "own", {}, ("403", "own-deployment")),
    "what one has resumed": (CAROL, "resumed", {}, ("403", "own-deployment")),
    "what nobody knows who asked for": (CAROL, "unknown", {}, ("403", "initiator-unknown")),
    "by somebody unknown": (None, "own", {}, ("403", "caller-unknown")),
    "after it was rejected": (CAROL, "decided", {}, ("409", "already-decided")),
    "after its time": (CAROL, "late", {}, ("409", "approval-expired")),
    "an approval id that was guessed": (CAROL, "own", {"approvalId": "0" * 16}, ("409", "approval-outdated")),
    "an approval id that climbs": (CAROL, "own", {"approvalId": "../../control/x"}, ("400", "invalid-request")),
    "no approval id": (CAROL, "own", {"approvalId": None}, ("400", "invalid-request")),
    "a comment of 1,001 characters": (CAROL, "own", {"comment": "x" * 1001}, ("400", "invalid-request")),
    "a field that says who": (CAROL, "own", {"by": "the boss"}, ("400", "invalid-request")),
    "a comment that forges a line": (ADA, "own", {"comment": f"x\r\n{MARK}: approved"}, ("403", "own-deployment")),
}


def _decided(person: Person | None, name: str, parts: dict[str, Any], ground: Ground) -> Met:
    return met(decided(person, ground, name, **parts))


def _replayed(ground: Ground) -> Met:
    """What was asked before the deployment was resumed, and by somebody who may."""
    return met(
        decided(Person("d", "dave", ("Approver",)), ground, "resumed", approvalId=ground.waiting["resumed"].outdated)
    )


def _of_another(ground: Ground) -> Met:
    return met(decided(CAROL, ground, "own", approvalId=ground.waiting["kept"].approval_id))


def _asked(person: Person, action: str, name: str, body: dict[str, Any], ground: Ground) -> Met:
    return met(call_as(person, ground, f"deployments/{ground.waiting[name].deployment_id}/{action}", body))


def _resumed_with_force(ground: Ground) -> Met:
    """What Dana began with force, and what came to nothing."""
    forced = {**WHOLE, "bundle": {"id": "bundle-nowhere"}, "deploymentId": "hostile-forced", "options": {"force": True}}
    ground.ended(call_as(DANA, ground, "deployments", forced))
    return met(call_as(BOB, ground, "deployments/hostile-forced/resume", {}))


def _started(person: Person, ground: Ground) -> Met:
    return met(call_as(person, ground, "deployments", {**WHOLE, "options": {"force": True}}))


def _queued(words: str, build: Callable[[Ground], dict[str, Any]], ground: Ground) -> Met:
    return rejected(json.dumps(build(ground)), words, ground)


def _approval(ground: Ground) -> dict[str, Any]:
    waiting = ground.waiting["own"]
    return {"action": "approve", "deploymentId": waiting.deployment_id, "approvalId": waiting.approval_id}


def _rollback(ground: Ground) -> dict[str, Any]:
    return {"action": "cancel", "deploymentId": ground.waiting["kept"].deployment_id, "rollback": True}


def attacks() -> Iterator[Attack]:
    """All of them."""
    guarded = partial(Attack, "approval", is_guarded=True)
    for name, (person, of, parts, problem) in DECISIONS.items():
        yield guarded(name, partial(_decided, person, of, parts), *problem)
    yield guarded("one that was given to an earlier run, replayed", _replayed, "409", "approval-outdated")
    yield guarded("the approval id of another deployment", _of_another, "409", "approval-outdated")
    role = ("403", "role-required")
    yield guarded("force, which asks nobody, without its role", partial(_started, ADA), *role)
    records = ("deployments/",)
    yield guarded("to resume what was begun with force, without its role", _resumed_with_force, *role, records)
    yield guarded("a rollback without its role", partial(_asked, BOB, "rollback", "decided", {}), *role)
    undoing = partial(_asked, BOB, "cancel", "kept", {"rollback": True})
    yield guarded("a rollback by way of a cancellation", undoing, *role)
    forced = {**WHOLE, "options": {"force": True}}
    for name, words, build in (
        ("on the queue", "Refused: approve.", _approval),
        ("force on the queue", "Refused: start.", lambda _: forced),
        ("a rollback by way of a cancellation on the queue", "Refused: cancel.", _rollback),
    ):
        yield guarded(name, partial(_queued, words, build), "rejection", words)
