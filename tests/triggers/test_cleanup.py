"""The list of mode Complete over HTTP: all of it, page by page, with what became of each resource."""

from types import SimpleNamespace

import azure.functions as func
import pytest

from armature.approval import ApprovalState, ApprovalStatus
from armature.azure.cleaning import CleanUpStore
from armature.azure.deployments import DeploymentStore
from armature.cleaning import Lock, Owner
from armature.deletions import DeletionState, DeletionStatus
from armature.options import Mode, Options
from armature.state import Status
from tests.armature.cleaning.world import ACCOUNT, PLAN, SERVER, SITE, found, listed
from tests.armature.deployments import NOW, deployment
from tests.memory import MemoryDocuments
from tests.triggers.calling import answer_of
from triggers import cleanup

LOCK = Lock(id="/locks/keep", scope=SERVER, level="CanNotDelete")
KEPT = {ACCOUNT.lower(): Owner(deployment_id="o-1")}
LISTED = listed(found(SITE), found(PLAN), found(SERVER), found(ACCOUNT), locks=(LOCK,), others=KEPT)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    documents = MemoryDocuments()
    found_app = SimpleNamespace(deployments=DeploymentStore(documents), clean_ups=CleanUpStore(documents))
    monkeypatch.setattr(cleanup, "services", lambda: found_app)
    return found_app


def accepted(app, mode: Mode = Mode.COMPLETE, *, force: bool = False) -> None:
    state = deployment(Status.AWAITING_APPROVAL, "d-01").model_copy(update={"options": Options(mode=mode, force=force)})
    assert app.deployments.create_state(state)


def get(query: str = "", deployment_id: str = "d-01"):
    request = func.HttpRequest(
        "GET",
        "https://app.example/api/cleanup",
        params=dict(part.split("=") for part in query.split("&") if part),
        route_params={"deploymentId": deployment_id},
        body=b"",
    )
    return answer_of(cleanup, "get_clean_up", request)


def test_the_list_is_told_with_what_became_of_each(app):
    accepted(app)
    app.clean_ups.save_list(LISTED)
    app.clean_ups.update_deletions("d-01", 1, LISTED.list_id, [DeletionState(id=SITE, status=DeletionStatus.GONE)])

    status, body, _ = get()

    assert status == 200
    assert {each["id"]: each["status"] for each in body["value"]} == {
        SITE: "deleted",
        PLAN: "waiting",
        SERVER: "locked",
    }
    assert (body["total"], body["listId"], body["isApproved"]) == (3, LISTED.list_id, False)
    assert [each["id"] for each in body["kept"]] == [ACCOUNT]
    assert "next" not in body


def test_it_comes_page_by_page_and_what_is_kept_with_the_first(app):
    accepted(app)
    app.clean_ups.save_list(LISTED)

    first, second = get("limit=2")[1], get("limit=2&after=2")[1]

    assert (len(first["value"]), first["next"], len(first["kept"])) == (2, 2, 1)
    assert (len(second["value"]), second.get("next"), second["kept"]) == (1, None, [])


@pytest.mark.parametrize("query", ["limit=0", "limit=5001", "after=-1", "limit=many"])
def test_a_page_that_can_not_be_is_refused(app, query):
    accepted(app)

    assert get(query)[0] == 400


def test_it_is_approved_once_somebody_has_approved_it_or_when_nobody_need(app):
    accepted(app)
    app.clean_ups.save_list(LISTED)
    approval = ApprovalState(
        approval_id="a" * 16, status=ApprovalStatus.APPROVED, list_id=LISTED.list_id, asked_at=NOW, deadline=NOW
    )

    app.deployments.update_state("d-01", lambda state: state.model_copy(update={"approval": approval}))

    assert get()[1]["isApproved"]


def test_with_force_nobody_need_approve(app):
    accepted(app, force=True)
    app.clean_ups.save_list(LISTED)

    assert get()[1]["isApproved"]


@pytest.mark.parametrize(("mode", "words"), [(Mode.COMPLETE, "Ask again"), (Mode.INCREMENTAL, "Only mode Complete")])
def test_where_nothing_is_listed_it_says_why(app, mode, words):
    accepted(app, mode)

    status, body, _ = get()

    assert status == 404
    assert body["type"].endswith("nothing-listed")
    assert words in body["detail"]


@pytest.mark.parametrize("deployment_id", ["nobody-1", "../d-1"])
def test_of_a_deployment_that_there_is_not_nothing_is_told(app, deployment_id):
    assert get(deployment_id=deployment_id)[0] == 404
