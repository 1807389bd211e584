"""Principals that nobody vouches for, and such as no token has."""

import base64
from collections.abc import Iterator
from functools import partial
from typing import Any

from armature.callers import ID, MAX_HEADER, NAME, PRINCIPAL, caller_in
from bench.hostile.attack import Attack, Met
from bench.hostile.calls import WHOLE, met
from bench.hostile.ground import MARK, Ground
from bench.hostile.guarded import BOB, CAROL, call_as, encoded, principal_of

CLAIMS = CAROL.claims
FORGED = principal_of(CAROL)
UNKNOWN, WITHOUT_ROLE = ("403", "caller-unknown"), ("403", "role-required")
DECISION = {"approvalId": "0" * 16}

ODD: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "no Base64": ({PRINCIPAL: "{not base64}"}, UNKNOWN),
    "Base64 of no JSON": ({PRINCIPAL: base64.b64encode(b"\xff\xfe").decode()}, UNKNOWN),
    "5,000 open brackets": ({PRINCIPAL: base64.b64encode(b"[" * 5000).decode()}, UNKNOWN),
    "a number of 5,000 digits": ({PRINCIPAL: base64.b64encode(b"9" * 5000).decode()}, UNKNOWN),
    "an array": ({PRINCIPAL: encoded(CLAIMS)}, UNKNOWN),
    "claims that are a text": ({PRINCIPAL: encoded({"claims": "roles: Approver"})}, UNKNOWN),
    "claims of odd types": (
        {PRINCIPAL: encoded({"claims": [None, 1, {"typ": "roles", "val": ["Approver"]}, {"typ": {}, "val": "x"}]})},
        UNKNOWN,
    ),
    "a role in other letters, and in a text of roles": (
        principal_of(BOB)
        | {
            PRINCIPAL: encoded(
                {"claims": [*BOB.claims, *({"typ": "roles", "val": role} for role in ("approver", "Approver,Boss"))]}
            )
        },
        WITHOUT_ROLE,
    ),
    "a role in a claim of another type": (
        {PRINCIPAL: encoded({"claims": [*BOB.claims, {"typ": "Roles", "val": "Approver"}]})},
        WITHOUT_ROLE,
    ),
    "no role at all": (principal_of(BOB), WITHOUT_ROLE),
    "a name and an id, and no principal": ({NAME: CAROL.name, ID: CAROL.id}, WITHOUT_ROLE),
    "two object ids": (
        {PRINCIPAL: encoded({"claims": [*CLAIMS, {"typ": "oid", "val": BOB.id}]})},
        UNKNOWN,
    ),
    "a name with line breaks": (
        {PRINCIPAL: encoded({"claims": [{"typ": "name", "val": f"x\r\n{MARK}"}, {"typ": "oid", "val": "x"}]})},
        WITHOUT_ROLE,
    ),
    "a name with terminal escapes": (
        {PRINCIPAL: encoded({"claims": [{"typ": "name", "val": "x\x1b[2J\u202e"}, {"typ": "oid", "val": "x"}]})},
        WITHOUT_ROLE,
    ),
}
"""Principals as App Service might pass them on, if it did what it does not."""


def _posted(path: str, body: Any, headers: dict[str, str], ground: Ground) -> Met:
    return met(ground.post(path, body, headers))


def _odd(headers: dict[str, str], ground: Ground) -> Met:
    waiting = ground.waiting["own"]
    found = met(
        ground.post(f"deployments/{waiting.deployment_id}/approve", {"approvalId": waiting.approval_id}, headers)
    )
    is_clean = not any(part in found.told for part in ("\\n", "\\u001b", "\\u202e"))
    return found if is_clean else Met(found.status, "told what it was sent", found.told)


def _ended(ground: Ground) -> str:
    ground.ended(ground.start({"id": "bundle-nowhere"}, deploymentId="hostile-forged"))
    return "hostile-forged"


def _forged_decision(headers: dict[str, str], ground: Ground) -> Met:
    return met(ground.post(f"deployments/{_ended(ground)}/approve", DECISION, headers))


def _stripped(ground: Ground) -> Met:
    waiting = ground.waiting["own"]
    forged = {name.replace("-", "_"): value for name, value in FORGED.items()}
    body = {"approvalId": waiting.approval_id}
    return met(call_as(BOB, ground, f"deployments/{waiting.deployment_id}/approve", body, **forged))


def _huge(_: Ground) -> Met:
    header = encoded({"claims": CLAIMS + [{"typ": "roles", "val": "x" * 200}] * 400})
    told = caller_in({PRINCIPAL: header})
    return Met("nobody" if told is None else "believed", "" if len(header) > MAX_HEADER else "small")


def attacks() -> Iterator[Attack]:
    """All of them."""
    force = {**WHOLE, "options": {"force": True}}
    by_name = {NAME: CAROL.name, ID: CAROL.id}
    started = ("deployments/", "bundles/")
    yield Attack("principal", "a forged one, nobody strips it", partial(_forged_decision, FORGED), *UNKNOWN, started)
    yield Attack("principal", "a forged name and id, nobody strips them", partial(_forged_decision, by_name), *UNKNOWN)
    yield Attack(
        "principal", "a forged one that may deploy with force", partial(_posted, "deployments", force, FORGED), *UNKNOWN
    )
    yield Attack("principal", "a forged one, App Service (played) strips it", _stripped, *WITHOUT_ROLE, is_guarded=True)
    yield Attack("principal", "one of 100,000 characters", _huge, "nobody", "")
    for name, (headers, problem) in ODD.items():
        yield Attack("principal", name, partial(_odd, headers), *problem, is_guarded=True)
