"""Approving and rejecting: over HTTP and the queue, by whom, twice, too late, and beside others who decide."""

import asyncio
import base64
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.approval import ApprovalState, ApprovalStatus
from armature.audit import AuditFilter
from armature.azure.deployments import DeploymentStore
from armature.control import CancelRequest, Decision
from armature.errors import FailureError
from armature.notices import Notice, NoticeKind
from armature.state import Status
from tests.armature.deployments import KEY, NOW, deployment
from tests.memory import BUSY, MemoryDocuments
from tests.running import NOTIFICATION_KEY
from tests.triggers.calling import answer_of, request, settings, user_function, with_store
from tests.triggers.durable import Client
from triggers import control, deployments, notices, queue

ID = "a" * 16
FUNCTIONS = {"approve": "approve_deployment", "reject": "reject_deployment", "rollback": "roll_back_deployment"}
ADA = {"x-ms-client-principal-name": "ada", "x-ms-client-principal-id": "id-ada"}
BOB = {"x-ms-client-principal-name": "bob", "x-ms-client-principal-id": "id-bob"}


def roles_header(*roles: str) -> dict[str, str]:
    claims = [{"typ": "roles", "val": role} for role in roles]
    return {"x-ms-client-principal": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}


class World:
    """A deployment that waits for approval, asked for by ada."""

    def __init__(self, monkeypatch, **chosen) -> None:
        self.monkeypatch = monkeypatch
        self.store = DeploymentStore(MemoryDocuments())
        approval = ApprovalState(
            approval_id=ID, number=2, message="m", asked_at=NOW, deadline=NOW + timedelta(days=36500)
        )
        state = deployment(Status.AWAITING_APPROVAL, approval=approval, initiated_by="ada", initiated_by_id="id-ada")
        self.store.create_state(state)
        self.client = Client({"d-01": Runtime.Running, "d-01:approval-2": Runtime.Running})
        with_store(monkeypatch, control, self.store, **chosen)
        app = SimpleNamespace(deployments=self.store, settings=settings(**chosen))
        monkeypatch.setattr(queue, "services", lambda: app)

    def calls(self, action: str, headers=ADA, approval_id: str = ID, **body) -> tuple[int, dict]:
        asked = request(
            "POST", f"deployments/d-01/{action}", {"approvalId": approval_id, **body}, headers, deploymentId="d-01"
        )
        status, answer, _ = answer_of(control, FUNCTIONS[action], asked, self.client)
        return status, answer

    def sends(self, message: dict) -> list[dict]:
        told: list[dict] = []
        results = SimpleNamespace(set=lambda text: told.append(json.loads(text)))
        given = SimpleNamespace(id="M-1", get_body=lambda: json.dumps(message).encode())
        asyncio.run(user_function(queue, "start_from_queue")(given, results, self.client))
        return told

    @property
    def approval(self) -> ApprovalState:
        return self.store.state("d-01").approval

    def change(self, **parts) -> None:
        self.store.update_state("d-01", lambda state: state.model_copy(update=parts))


@pytest.fixture
def world(monkeypatch) -> World:
    return World(monkeypatch)


def slug(answer: dict) -> str:
    return answer["type"].rpartition("/")[2]


def test_an_approval_is_written_down_told_and_heard_by_what_waits_for_it(world):
    status, answer = world.calls("approve", comment="reviewed")

    decision = world.store.control("d-01").decision_of(ID)
    assert (status, answer["deploymentId"]) == (202, "d-01")
    assert decision is not None
    assert (decision.status, decision.by, decision.by_id, decision.comment) == (
        "approved",
        "ada",
        "id-ada",
        "reviewed",
    )
    assert (world.approval.status, world.approval.decided_by_id) == (ApprovalStatus.APPROVED, "id-ada")
    assert world.client.raised == [("d-01", "control"), ("d-01:approval-2", "control")]
    assert [event.message for event in world.store.events("d-01")] == ['Approved by ada: "reviewed".']


@pytest.mark.parametrize(("first", "other"), [("approve", "reject"), ("reject", "approve")])
def test_the_first_word_counts_twice_the_same_is_the_same_and_the_other_way_is_refused(world, first, other):
    again = [world.calls(first), world.calls(first, BOB)]
    otherwise = world.calls(other, BOB)

    assert [status for status, _ in again] == [202, 202]
    assert (otherwise[0], slug(otherwise[1])) == (409, "already-decided")
    assert "already by ada" in otherwise[1]["detail"]
    assert world.approval.decided_by == "ada"
    assert len(world.store.events("d-01")) == 1


def test_who_is_overtaken_between_the_look_and_the_word_is_told_so(world):
    ask = world.store.ask

    def overtaken(deployment_id, change):
        word = Decision(run=1, at=NOW, by="bob", number=2, approval_id=ID, status=ApprovalStatus.REJECTED)
        ask(deployment_id, lambda found: found.with_decision(word))
        return ask(deployment_id, change)

    world.store.ask = overtaken
    status, answer = world.calls("approve")

    assert (status, slug(answer)) == (409, "already-decided")


@pytest.mark.parametrize("approval_id", ["b" * 16])
def test_a_replayed_approval_approves_nothing_that_is_asked_now(world, approval_id):
    status, answer = world.calls("approve", approval_id=approval_id)

    assert (status, slug(answer)) == (409, "approval-outdated")
    assert world.store.control("d-01").decision is None


def test_after_the_deadline_nobody_approves_even_before_the_deployment_has_noticed(world):
    world.change(approval=world.approval.model_copy(update={"deadline": NOW}))

    status, answer = world.calls("approve")

    assert (status, slug(answer)) == (409, "approval-expired")
    assert world.store.control("d-01").decision is None


def test_what_is_being_cancelled_is_not_approved(world):
    world.store.ask("d-01", lambda found: found.with_cancel(CancelRequest(run=1, at=NOW)))

    assert slug(world.calls("approve")[1]) == "already-cancelled"


@pytest.mark.parametrize("parts", [{"approval": None}, {"status": Status.FAILED}])
def test_what_asks_for_nothing_is_not_approved(world, parts):
    world.change(**parts)

    status, answer = world.calls("approve")

    assert status == 409
    assert slug(answer) in ("approval-outdated", "not-running")


@pytest.mark.parametrize(
    "body", [{}, {"approvalId": "x"}, {"approvalId": ID.upper()}, {"approvalId": ID, "rollback": True}]
)
def test_a_decision_names_exactly_what_it_is_on(world, body):
    asked = request("POST", "deployments/d-01/approve", body, ADA, deploymentId="d-01")

    status, answer, _ = answer_of(control, "approve_deployment", asked, world.client)

    assert (status, slug(answer)) == (400, "invalid-request")


def test_a_decision_stands_once_it_is_written_down_even_if_nobody_can_be_told(world):
    def refuses(*_: object) -> None:
        raise FailureError(BUSY)

    world.store.append_events, world.client.is_away = refuses, True

    status, _ = world.calls("approve")

    assert status == 202
    assert world.store.control("d-01").decision_of(ID) is not None


def test_who_may_not_is_refused_before_anything_is_written(monkeypatch):
    world = World(monkeypatch, approver_roles=("Approver",), initiator_may_approve=False)

    role = world.calls("approve", BOB)
    nobody = world.calls("approve", {})

    assert (role[0], slug(role[1])) == (403, "role-required")
    assert (nobody[0], slug(nobody[1])) == (403, "caller-unknown")
    assert world.store.control("d-01").decision is None


def test_nobody_approves_their_own_where_that_is_configured(monkeypatch):
    world = World(monkeypatch, initiator_may_approve=False)

    own = world.calls("approve", ADA)
    other = world.calls("approve", BOB)

    assert (own[0], slug(own[1])) == (403, "own-deployment")
    assert other[0] == 202


def test_the_audit_trail_tells_who_asked_and_what_was_refused_and_without_it_nothing_is_done(monkeypatch):
    world = World(monkeypatch, initiator_may_approve=False)
    world.calls("approve", ADA, comment="mine")
    world.calls("approve", BOB)
    world.store._documents.breaks = {"append"}

    status, _ = world.calls("reject", BOB)

    world.store._documents.breaks = set()
    told = world.store.audit.page(AuditFilter(), size=10).entries
    assert [(entry.action, entry.outcome, entry.by_id) for entry in reversed(told)] == [
        ("approve", "asked", "id-ada"),
        ("approve", "refused", "id-ada"),
        ("approve", "asked", "id-bob"),
    ]
    assert (told[-1].comment, told[-1].lineage_key) == ("mine", KEY)
    assert status == 503


def test_a_forged_header_is_nobody_where_the_platform_does_not_strip_it(monkeypatch, platform):
    platform.setenv("WEBSITE_AUTH_ENABLED", "False")
    world = World(monkeypatch, initiator_may_approve=False)

    status, answer = world.calls("approve", BOB)

    assert (status, slug(answer)) == (403, "caller-unknown")


def test_a_rollback_needs_its_role_over_http_and_the_queue(monkeypatch):
    world = World(monkeypatch, rollback_roles=("Operator",))
    asked = request("POST", "deployments/d-01/rollback", {}, ADA, deploymentId="d-01")

    status, answer, _ = answer_of(control, "roll_back_deployment", asked, world.client)
    (rejection,) = world.sends({"action": "rollback", "deploymentId": "d-01"})

    assert (status, slug(answer)) == (403, "role-required")
    assert "Operator" in rejection["errors"][0]


def test_the_queue_decides_nothing_unless_it_is_told_that_it_may(monkeypatch):
    refusing, allowing = World(monkeypatch), None
    (rejection,) = refusing.sends({"action": "approve", "deploymentId": "d-01", "approvalId": ID})
    allowing = World(monkeypatch, queue_may_approve=True)
    told = allowing.sends({"action": "approve", "deploymentId": "d-01", "approvalId": ID})

    assert "Queue messages may not approve" in rejection["errors"][0]
    assert refusing.approval.status is ApprovalStatus.WAITING
    assert told == []
    assert allowing.approval.decided_by == "queue message M-1"


@pytest.mark.parametrize(
    "message",
    [
        {"action": "approve", "deploymentId": "d-01"},
        {"action": "cancel", "deploymentId": "d-01", "approvalId": ID},
        {"action": "approve", "deploymentId": "d-01", "approvalId": "x"},
    ],
)
def test_a_message_names_an_approval_where_it_decides_and_nowhere_else(world, message):
    (rejection,) = world.sends(message)

    assert any("approvalId" in error for error in rejection["errors"])


NOTICE = Notice(
    id="d-01.asked-2",
    kind=NoticeKind.APPROVAL_ASKED,
    at=NOW,
    deployment_id="d-01",
    run=1,
    status=Status.AWAITING_APPROVAL,
    message="m",
)


def test_a_notice_is_passed_on_once_to_each_who_is_told_however_often_it_comes(world, monkeypatch):
    world.change(notification_url="https://hooks.example/x")
    app = SimpleNamespace(deployments=world.store, settings=settings(notification_url="https://a.example/y"))
    monkeypatch.setattr(notices, "services", lambda: app)
    message = SimpleNamespace(get_body=lambda: NOTICE.model_dump_json(by_alias=True).encode())

    for _ in range(2):
        asyncio.run(user_function(notices, "pass_on_notice")(message, world.client))

    assert world.client.names_started() == [
        ("notice", "d-01:notice-asked-2-app"),
        ("notice", "d-01:notice-asked-2-request"),
    ]


def test_a_notice_of_a_deployment_that_is_gone_is_told_nobody(world):
    app = SimpleNamespace(deployments=world.store, settings=settings(notification_url="https://a.example/y"))

    asyncio.run(notices.pass_on(world.client, app, NOTICE.model_copy(update={"deployment_id": "d-99"})))

    assert not world.client.started


BODY = {
    "bundle": {"id": "bundle-1"},
    "target": {"subscription": "00000000-0000-0000-0000-000000000001"},
    "deploymentId": "d-02",
}


@pytest.mark.parametrize(
    ("options", "headers", "is_taken"),
    [
        ({}, BOB, True),
        ({"force": True}, BOB, False),
        ({"force": True}, {}, False),
        ({"force": True, "mode": "WhatIf"}, BOB, True),
        ({"force": True}, {**BOB, **roles_header("Releaser")}, True),
    ],
)
def test_force_goes_around_every_approval_so_it_may_need_a_role(world, monkeypatch, options, headers, is_taken):
    with_store(monkeypatch, deployments, world.store, force_roles=("Releaser",))
    body = {**BODY, "options": options}

    status, answer, _ = answer_of(
        deployments, "start_deployment", request("POST", "deployments", body, headers), world.client
    )

    assert status == (202 if is_taken else 403)
    assert is_taken or slug(answer) in ("role-required", "caller-unknown")
    assert (world.store.state("d-02") is not None) is is_taken
    assert world.store.audit.page(AuditFilter(), size=1).entries[0].outcome == ("asked" if is_taken else "refused")


def test_a_message_may_not_force_where_that_needs_a_role(world, monkeypatch):
    with_store(monkeypatch, queue, world.store, force_roles=("Releaser",))

    (rejection,) = world.sends({**BODY, "options": {"force": True}})

    assert "Releaser" in rejection["errors"][0]
    assert world.store.state("d-02") is None


@pytest.mark.parametrize(
    ("url", "hosts", "is_taken"),
    [
        ("https://hooks.example/x", ("hooks.example",), True),
        ("https://other.example/x", ("hooks.example",), False),
        ("https://hooks.example/x?sig=s3cr3t", ("hooks.example",), False),
        ("http://hooks.example/x", ("hooks.example",), False),
        ("https://u:p@hooks.example/x", ("hooks.example",), False),
        ("https://127.0.0.1/x", (), False),
    ],
)
def test_a_request_names_whom_to_tell_only_where_the_app_allows_it(world, monkeypatch, url, hosts, is_taken):
    chosen = {"notification_hosts": hosts, "notification_key": NOTIFICATION_KEY}
    with_store(monkeypatch, deployments, world.store, **chosen)
    with_store(monkeypatch, queue, world.store, **chosen)
    body = {**BODY, "notificationUrl": url}

    status, answer, _ = answer_of(deployments, "start_deployment", request("POST", "deployments", body), world.client)
    told = world.sends(body)

    assert (status == 202) is is_taken
    assert (told == []) is is_taken
    assert (world.store.state("d-02") is not None) is is_taken
    if not is_taken:
        assert "/notificationUrl" in [error["pointer"] for error in answer["errors"]]
        assert "s3cr3t" not in json.dumps([answer, told])
