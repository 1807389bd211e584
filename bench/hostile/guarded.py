"""An app that knows its callers and asks for approval. App Service, which stands in front of it, is played here."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from armature.callers import ID, NAME, PRINCIPAL
from bench.hostile.ground import Answer, Ground, Waiting
from tests.end_to_end.bundles import graph_bundle
from tests.running import services_of

GUARDS = {
    "WEBSITE_AUTH_ENABLED": "True",
    "ARMATURE_PROTECTED_TARGETS": "/subscriptions/*/resourceGroups/rg-protected-*",
    "ARMATURE_APPROVER_ROLES": "Approver",
    "ARMATURE_FORCE_ROLES": "Deployer",
    "ARMATURE_ROLLBACK_ROLES": "Operator",
    "ARMATURE_INITIATOR_MAY_APPROVE": "false",
    "ARMATURE_QUEUE_MAY_APPROVE": "true",
}


@dataclass(frozen=True)
class Person:
    """Somebody with a token of Entra: an object id, a name, app roles."""

    id: str
    name: str
    roles: tuple[str, ...] = ()

    @property
    def claims(self) -> list[dict[str, Any]]:
        """The claims of their token."""
        told = [("oid", self.id), ("name", self.name), *(("roles", role) for role in self.roles)]
        return [{"typ": kind, "val": value} for kind, value in told]


ADA = Person("0000000a-0000-0000-0000-00000000000a", "ada", ("Approver",))
BOB = Person("0000000b-0000-0000-0000-00000000000b", "bob")
CAROL = Person("0000000c-0000-0000-0000-00000000000c", "carol", ("Approver",))
DANA = Person("0000000d-0000-0000-0000-00000000000d", "dana", ("Deployer",))
"""Ada asks for deployments, Bob has no role, Carol approves, Dana may use force. All have a function key."""


def encoded(document: Any) -> str:
    """What App Service puts into `X-MS-CLIENT-PRINCIPAL`."""
    return base64.b64encode(json.dumps(document).encode()).decode()


def principal_of(person: Person) -> dict[str, str]:
    """The headers of a principal, as App Service puts them, or as somebody forges them."""
    document = {"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": person.claims}
    return {PRINCIPAL: encoded(document), NAME: person.name, ID: person.id}


def passed_on(person: Person | None, sent: Mapping[str, str]) -> dict[str, str]:
    """The headers of a call once App Service has passed it on: what a caller says of themselves is taken out."""
    kept = {name: value for name, value in sent.items() if not name.lower().startswith(PRINCIPAL)}
    return kept | (principal_of(person) if person else {})


def call_as(person: Person | None, ground: Ground, path: str, document: Any, **sent: str) -> Answer:
    """POST as that person, or as somebody unknown, with the headers they send."""
    return ground.post(path, document, passed_on(person, {name.replace("_", "-"): sent[name] for name in sent}))


def decided(person: Person | None, ground: Ground, name: str, verdict: str = "approve", **parts: Any) -> Answer:
    """The word of a person on the approval of one of the deployments that wait."""
    waiting = ground.waiting[name]
    body = {"approvalId": waiting.approval_id, **parts}
    return call_as(person, ground, f"deployments/{waiting.deployment_id}/{verdict}", body)


def wait_for_approval(ground: Ground) -> None:
    """Have deployments wait there, all asked for by Ada, but `unknown`.

    `own` and `kept` wait; `kept` would keep what it deployed if it failed. `decided` is rejected by Carol. `resumed`
    was rejected, and then resumed by her. The time of `late` is over.
    """
    for name in ("own", "kept", "decided", "resumed", "late", "unknown"):
        _asked(ground, name)
    for name in ("own", "kept", "decided", "resumed", "late", "unknown"):
        ground.waiting[name] = Waiting(f"hostile-{name}", _approval(ground, name, 1))
    for name in ("decided", "resumed"):
        _expect(decided(CAROL, ground, name, "reject"), 202)
    _over(ground, "late")
    for name in ("decided", "resumed", "late"):
        _until(ground, name, "cancelled")
    _expect(call_as(CAROL, ground, "deployments/hostile-resumed/resume", {}), 202)
    outdated = ground.waiting["resumed"].approval_id
    ground.waiting["resumed"] = Waiting("hostile-resumed", _approval(ground, "resumed", 2), outdated)


def _asked(ground: Ground, name: str) -> None:
    stored = ground.call("POST", "bundles", graph_bundle(f"protected-{name}", {"a": []}))
    request = {
        "bundle": {"id": stored.document["bundleId"]},
        "target": {"subscription": ground.stack.options.subscriptions[0]},
        "deploymentId": f"hostile-{name}",
        "options": {"rollbackOnFailure": name != "kept"},
    }
    _expect(call_as(None if name == "unknown" else ADA, ground, "deployments", request), 202)


def _approval(ground: Ground, name: str, number: int) -> str:
    state = _until(ground, name, "awaitingApproval")
    while state["approval"]["number"] != number:
        state = _until(ground, name, "awaitingApproval")
    return str(state["approval"]["approvalId"])


def _over(ground: Ground, name: str) -> None:
    """Let the time to approve be over: its deadline is moved, as a test can't wait for a day."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    with services_of(ground.stack.app_settings) as app:
        app.deployments.update_state(
            f"hostile-{name}",
            lambda state: state.model_copy(
                update={"approval": state.approval and state.approval.model_copy(update={"deadline": past})}
            ),
        )


def _until(ground: Ground, name: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = dict(ground.call("GET", f"deployments/hostile-{name}").document)
        if state["status"] == status:
            return state
        time.sleep(0.05)
    raise AssertionError(f"hostile-{name} did not come to {status}: {state}")


def _expect(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise AssertionError(f"answered {answer.status}: {answer.body[:1000]}")
