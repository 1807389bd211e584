"""Asking for approval, and looking how it stands: each twice, late, and beside what others do meanwhile."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from activities.approving import ask_for_approval, look_at_approval, open_gate
from activities.notifying import note_unsent, notifying, send_notice
from armature.approval import ApprovalStatus, Findings
from armature.azure.deployments import DeploymentStore
from armature.control import CancelRequest, ControlRequest, Decision
from armature.errors import FailureError
from armature.messages import AskingInput, DeploymentStep, LookInput
from armature.notices import NoticeInput, NoticeKind, Receiver, asked_notice
from armature.options import Options
from armature.outbound import OutboundAnswer, OutboundError, OutboundFault
from armature.plan import DeploymentScopeTarget
from armature.preview import Preview, ResourceChange
from armature.state import Status
from tests.armature.deployments import NOW, SUBSCRIPTION, deployment
from tests.memory import MemoryDocuments
from tests.running import NOTIFICATION_KEY
from tests.triggers.calling import settings

PROTECTED = ("/subscriptions/*/resourcegroups/rg-prod*",)
URL = "https://hooks.example/x"


class World:
    """An app with one deployment into a resource group, and what it had to tell."""

    def __init__(self, mode: str = "Incremental", group: str = "rg-prod", **chosen) -> None:
        self.store = DeploymentStore(MemoryDocuments())
        options = Options.model_validate({"mode": mode})
        self.store.create_state(deployment(Status.QUEUED, options=options, notification_url=URL))
        scope = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group)
        plan = SimpleNamespace(templates=(SimpleNamespace(scope=scope),), resource_groups_to_ensure=())
        self.preview = None
        self.app = SimpleNamespace(
            deployments=self.store,
            settings=settings(protected_targets=PROTECTED, **chosen),
            previews=SimpleNamespace(preview=lambda _: self.preview and (self.preview, "etag")),
        )
        self.store.plan = lambda _: plan
        self.told = []

    def notify(self, _, notice) -> None:
        self.told.append(notice)

    def ask(self, findings: Findings | None = None, **parts):
        work = AskingInput(deployment_id="d-01", findings=findings or Findings(), **parts)
        return ask_for_approval(self.app, work, self.notify)

    def look(self, asked):
        work = LookInput(deployment_id="d-01", run=1, number=asked.number, approval_id=asked.approval_id)
        return look_at_approval(self.app, work, self.notify)

    def decide(self, asked, status: ApprovalStatus, by: str = "ada", comment: str = "") -> None:
        word = Decision(
            run=1, at=NOW, by=by, comment=comment, number=asked.number, approval_id=asked.approval_id, status=status
        )
        self.store.ask("d-01", lambda control: control.with_decision(word))

    def change(self, **parts) -> None:
        self.store.update_state("d-01", lambda state: state.model_copy(update=parts))

    @property
    def approval(self):
        return self.store.state("d-01").approval

    def codes(self) -> list[str]:
        return [event.code for event in self.store.events("d-01")]


def test_what_calls_for_nothing_is_not_asked():
    world = World()
    world.app.settings = settings()

    assert world.ask().approval_id is None
    assert world.approval is None
    assert not world.told


def test_a_protected_target_is_asked_for_once_however_often_the_activity_runs():
    world = World(approval_timeout_minutes=60)

    first, again = world.ask(), world.ask()

    assert first == again
    assert first.number == 1
    assert world.approval.deadline - world.approval.asked_at == timedelta(hours=1)
    assert world.codes() == ["ApprovalAsked"]
    assert {notice.id for notice in world.told} == {"d-01.asked-1"}


@pytest.mark.parametrize(
    ("group", "kind", "run", "is_asked"),
    [
        ("rg-prod-2", "create", 1, True),
        ("RG-PROD-2", "modify", 1, True),
        ("rg-prod-2", "noChange", 1, False),
        ("rg-prod-2", "ignore", 1, False),
        ("rg-prod-2", "create", 2, False),
        ("rg-dev-2", "create", 1, False),
    ],
)
def test_a_deployment_within_a_template_reaches_no_protected_target_unasked(group, kind, run, is_asked):
    world = World(group="rg-dev")
    written = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
    change = ResourceChange(id=f"{written}/providers/x/y/z", type="x/y", name="z", kind=kind)
    world.preview = Preview(deployment_id="d-01", run=run, at=NOW, resources=(change,))

    asked = world.ask()

    assert (asked.approval_id is not None) is is_asked
    assert not is_asked or asked.message == f"The target is protected, or holds what is: {written}."


def test_mode_complete_asks_even_when_it_finds_nothing_to_delete_but_afterwards_only_for_what_was_not_approved():
    world = World("Complete")
    world.app.settings = settings()

    assert world.ask().message == "Mode Complete finds nothing to delete."
    assert world.ask(is_second=True).approval_id is None
    assert world.ask(Findings(doomed=1, list_id="l-2"), is_second=True).number == 2


def test_what_was_approved_is_not_asked_again_and_what_has_changed_is():
    world = World()
    asked = world.ask(Findings(deletions=1, digest="x"))
    world.decide(asked, ApprovalStatus.APPROVED)
    assert world.look(asked).status is ApprovalStatus.APPROVED

    same = world.ask(Findings(deletions=1, digest="x"))
    other = world.ask(Findings(deletions=1, digest="y"))

    assert same.approval_id is None
    assert other.number == 2
    assert world.approval.status is ApprovalStatus.WAITING


def test_one_that_is_cancelled_asks_for_nothing():
    world = World()
    world.store.ask("d-01", lambda control: control.with_cancel(CancelRequest(run=1, at=NOW)))

    assert world.ask().is_cancelled
    assert open_gate(world.app, DeploymentStep(deployment_id="d-01")).is_cancelled
    assert world.approval is None


def test_the_gate_tells_what_the_settings_want_looked_at():
    step = DeploymentStep(deployment_id="d-01")

    assert open_gate(World().app, step).is_previewed
    assert not open_gate(World(preview_before_deploying=False).app, step).is_previewed


@pytest.mark.parametrize(
    ("status", "code"),
    [(ApprovalStatus.APPROVED, "ApprovalGiven"), (ApprovalStatus.REJECTED, "ApprovalRefused")],
)
def test_a_decision_is_read_even_if_it_was_made_before_the_wait_began_and_told_once(status, code):
    world = World()
    asked = world.ask()
    world.decide(asked, status, comment="why")

    looks = [world.look(asked), world.look(asked)]

    assert looks[0] == looks[1]
    assert (looks[0].status, looks[0].by, looks[0].comment) == (status, "ada", "why")
    assert (world.approval.status, world.approval.decided_by) == (status, "ada")
    assert world.codes() == ["ApprovalAsked", code]
    assert {notice.id for notice in world.told} == {"d-01.asked-1", "d-01.decided-1"}


def test_nothing_is_decided_before_somebody_decides():
    world = World()
    asked = world.ask()

    assert world.look(asked).status is ApprovalStatus.WAITING
    assert world.codes() == ["ApprovalAsked"]


def test_once_the_time_is_over_nobodys_word_counts_any_more():
    world = World()
    asked = world.ask()
    world.change(approval=world.approval.model_copy(update={"deadline": datetime.now(UTC)}))

    look = world.look(asked)
    world.decide(asked, ApprovalStatus.APPROVED)

    assert look.status is ApprovalStatus.EXPIRED
    assert world.look(asked).status is ApprovalStatus.EXPIRED
    assert world.codes() == ["ApprovalAsked", "ApprovalExpired"]


def test_a_word_that_was_faster_than_the_deadline_counts_however_late_it_is_read():
    world = World()
    asked = world.ask()
    world.decide(asked, ApprovalStatus.APPROVED)
    world.change(approval=world.approval.model_copy(update={"deadline": datetime.now(UTC)}))

    assert world.look(asked).status is ApprovalStatus.APPROVED


def test_a_cancellation_withdraws_it_even_when_it_is_approved_too():
    world = World()
    asked = world.ask()
    world.decide(asked, ApprovalStatus.APPROVED)
    world.store.ask("d-01", lambda control: control.with_cancel(CancelRequest(run=1, at=NOW, by="bob")))

    look = world.look(asked)

    assert look.is_cancelled
    assert (world.approval.status, world.approval.decided_by) == (ApprovalStatus.WITHDRAWN, "bob")


def test_a_broken_lock_ends_the_wait():
    world = World()
    asked = world.ask()
    world.store.ask("d-01", lambda control: control.with_lock_broken(ControlRequest(run=1, at=NOW)))

    assert world.look(asked).is_lock_broken
    assert world.approval.status is ApprovalStatus.WITHDRAWN


@pytest.mark.parametrize("parts", [{"status": Status.FAILED}, {"run": 2}, {"approval": None}])
def test_a_wait_whose_deployment_has_gone_on_without_it_is_over(parts):
    world = World()
    asked = world.ask()
    world.change(**parts)

    assert world.look(asked).status is ApprovalStatus.WITHDRAWN


class Queue:
    def __init__(self) -> None:
        self.put: list[str] = []

    def set(self, text: str) -> None:
        self.put.append(text)


def test_notices_are_put_on_the_queue_only_if_somebody_is_to_be_told():
    world, queue = World(), Queue()
    world.ask()
    state = world.store.state("d-01")
    notice = asked_notice(state, state.approval, None)

    notifying(world.app, queue)(state, notice)
    notifying(world.app, queue)(state.model_copy(update={"notification_url": None}), notice)

    assert len(queue.put) == 1


def a_notice(world: World, receiver: Receiver = Receiver.REQUEST) -> NoticeInput:
    world.ask()
    state = world.store.state("d-01")
    return NoticeInput(notice=asked_notice(state, state.approval, None), receiver=receiver)


def answering(monkeypatch, answer):
    sent = []

    def send(request, policy):
        sent.append((request, policy))
        if isinstance(answer, Exception):
            raise answer
        return OutboundAnswer(answer, b"", False, 0.1, NOW, 0)

    monkeypatch.setattr("activities.notifying.send", send)
    return sent


HOSTS = {"notification_hosts": ("hooks.example",), "notification_key": NOTIFICATION_KEY}


def test_a_notice_sent_twice_bears_the_same_id(monkeypatch):
    world = World(**HOSTS)
    work, sent = a_notice(world), answering(monkeypatch, 204)

    send_notice(world.app, work)
    send_notice(world.app, work)

    assert [request.headers["webhook-id"] for request, _ in sent] == ["d-01.asked-1"] * 2
    assert {request.uri for request, _ in sent} == {URL}
    assert sent[0][1].hosts == ("hooks.example",)


@pytest.mark.parametrize(
    ("answer", "is_retried"),
    [
        (500, True),
        (503, True),
        (429, True),
        (408, True),
        (400, False),
        (404, False),
        (302, False),
        (OutboundError(OutboundFault.NOT_REACHED, "No connection."), True),
        (OutboundError(OutboundFault.CERTIFICATE_INVALID, "It has expired."), True),
        (OutboundError(OutboundFault.ADDRESS_REFUSED, "It is private."), False),
        (OutboundError(OutboundFault.HOST_REFUSED, "It is not allowed."), False),
    ],
)
def test_what_may_be_taken_later_is_tried_again_and_all_else_is_not(monkeypatch, answer, is_retried):
    world = World(**HOSTS)
    work = a_notice(world)
    answering(monkeypatch, answer)

    with pytest.raises(FailureError) as failed:
        send_notice(world.app, work)

    assert failed.value.failure.is_retried is is_retried


@pytest.mark.parametrize("key", [None, "not-a-key"])
def test_nothing_is_sent_that_can_not_be_signed(monkeypatch, key):
    world = World(notification_hosts=("hooks.example",), notification_key=key)
    work, sent = a_notice(world), answering(monkeypatch, 204)

    with pytest.raises(FailureError, match="ARMATURE_NOTIFICATION_KEY"):
        send_notice(world.app, work)

    assert not sent


def test_a_receiver_that_is_told_no_more_is_not_told(monkeypatch):
    world = World(**HOSTS)
    work, sent = a_notice(world, Receiver.APP), answering(monkeypatch, 204)

    assert send_notice(world.app, work).failure is None
    assert not sent


def test_that_a_notice_was_given_up_is_one_warning_however_often_it_is_told():
    world = World()
    work = a_notice(world).model_copy(update={"why": "hooks.example answered 404."})

    note_unsent(world.app, work)
    note_unsent(world.app, work)

    (warning,) = world.store.state("d-01").warnings
    assert warning.code == "NoticeNotSent"
    assert NoticeKind.APPROVAL_ASKED in warning.message
    assert warning.message.endswith("the request's address: hooks.example answered 404.")
