"""The HTTP API of lineages: what they hold, and whether it has drifted; asked for, or looked at every night."""

import asyncio
from types import SimpleNamespace

import pytest

from armature.audit import AuditAction, AuditFilter
from armature.azure.deployments import DeploymentStore
from armature.control import LineageRecord
from armature.drift import DriftRecord, drift_request
from armature.options import Mode, Options
from armature.plan import BundleVersion
from armature.preview import PreviewState
from armature.settings import Settings
from armature.state import Status
from tests.armature.deployments import KEY, NOW, REQUEST, deployment
from tests.armature.test_comparing import plan, template
from tests.memory import memory_store
from tests.triggers.calling import answer_of, request, user_function
from tests.triggers.durable import Client
from triggers import lineages

OTHER = "fedcba9876543210"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> DeploymentStore:
    """A lineage that has completed d-01 and then failed with d-02."""
    found = memory_store()
    found.create_state(deployment(Status.COMPLETED, "d-01", project="shop", environment="test"))
    found.create_state(deployment(Status.FAILED, "d-02"))
    found.update_lineage(KEY, lambda _: LineageRecord(completed=("d-01",), latest="d-02"))
    monkeypatch.setattr(lineages, "services", lambda: app_of(found))
    return found


def app_of(store: DeploymentStore, **settings: object) -> SimpleNamespace:
    given = {"ARMATURE_STORAGE_BLOB_ENDPOINT": "https://a.example/app", **settings}
    return SimpleNamespace(deployments=store, settings=Settings.model_validate(given))


def look(client: Client, key: str = KEY):
    headers = {"x-ms-client-principal-name": "ada"}
    return answer_of(
        lineages, "look_for_drift", request("POST", f"lineages/{key}/drift", None, headers, lineageKey=key), client
    )


def seen(key: str = KEY):
    return answer_of(lineages, "get_drift", request("GET", f"lineages/{key}/drift", lineageKey=key))


def ended(store: DeploymentStore, deployment_id: str, **counts: int) -> None:
    """The preview that looks has ended, and found so much."""
    preview = PreviewState(at=NOW, templates=1, **counts)
    store.update_state(
        deployment_id, lambda state: state.model_copy(update={"status": Status.COMPLETED, "preview": preview})
    )


def test_a_look_previews_the_bundle_that_was_deployed_last(store: DeploymentStore) -> None:
    client = Client()

    status, body, headers = look(client)

    assert (status, body["of"]) == (202, "d-01")
    assert headers["Location"].endswith(f"/lineages/{KEY}/drift")
    assert client.names_started() == [("deployment", body["deploymentId"])]
    started = store.state(body["deploymentId"])
    assert started is not None
    assert (started.bundle, started.target) == (REQUEST.bundle, REQUEST.target)
    assert started.options.mode is Mode.WHAT_IF
    assert (started.project, started.environment) == ("shop", "test")


def test_of_mode_complete_what_was_not_deployed_is_drift_too() -> None:
    completed = deployment(Status.COMPLETED, options=Options(mode=Mode.COMPLETE, max_concurrency=9))

    options = drift_request(completed, "drift-1").options

    assert (options.mode, options.dry_run, options.is_preview) == (Mode.COMPLETE, True, True)
    assert options.max_concurrency == 9


@pytest.mark.parametrize(
    ("counts", "is_drifted"),
    [({}, False), ({"unchanged": 9}, False), ({"modifies": 1}, True), ({"creates": 1}, True), ({"deletions": 1}, True)],
)
def test_what_would_change_has_drifted(store: DeploymentStore, counts, is_drifted) -> None:
    deployment_id = look(Client())[1]["deploymentId"]
    assert (seen()[0], seen()[1].get("isDrifted")) == (202, None)

    ended(store, deployment_id, **counts)

    status, body, _ = seen()
    assert (status, body["isDrifted"], body["of"]) == (200, is_drifted, "d-01")


def test_a_look_at_another_bundle_than_was_deployed_says_so(store: DeploymentStore) -> None:
    deployment_id = look(Client())[1]["deploymentId"]
    for name, etag in (("d-01", "1"), (deployment_id, "2")):
        source = BundleVersion(reference=REQUEST.bundle, etag=etag)
        store.save_plan(plan(template(), id_=name).model_copy(update={"source": source}))

    assert seen()[1]["isOtherBundle"] is True


def test_the_list_tells_what_each_lineage_holds_and_whether_it_has_drifted(store: DeploymentStore) -> None:
    ended(store, look(Client())[1]["deploymentId"], modifies=1)

    (found,) = answer_of(lineages, "list_lineages", request("GET", "lineages"))[1]["value"]

    assert (found["lineageKey"], found["project"], found["environment"]) == (KEY, "shop", "test")
    assert (found["completed"], found["latest"], found["isDrifted"]) == ("d-01", "d-02", True)


def test_the_list_tells_the_region_of_a_bundle_for_several(store: DeploymentStore) -> None:
    def moved(state):
        return state.model_copy(update={"lineage": state.lineage.model_copy(update={"region": "westus3"})})

    store.update_state("d-01", moved)

    (found,) = answer_of(lineages, "list_lineages", request("GET", "lineages"))[1]["value"]

    assert found["region"] == "westus3"


def test_who_looked_is_in_the_audit_trail(store: DeploymentStore) -> None:

    look(Client())

    (entry,) = store.audit.page(AuditFilter(action=AuditAction.DRIFT), size=9).entries
    assert (entry.by, entry.deployment_id, entry.lineage_key) == ("ada", "d-01", KEY)


def test_a_lineage_that_has_completed_nothing_can_not_have_drifted(store: DeploymentStore) -> None:
    store.update_lineage(OTHER, lambda record: record.begun_by("d-02"))

    status, body, _ = look(Client(), OTHER)

    assert (status, body["type"].rpartition("/")[2]) == (409, "nothing-completed")


def test_a_look_that_nobody_took_is_not_found(store: DeploymentStore) -> None:
    assert seen()[0] == 404
    assert seen("not-a-key")[0] == 404


def nightly(client: Client, app: SimpleNamespace) -> None:
    asyncio.run(lineages.begin_all(client, app))  # type: ignore[arg-type]


def test_every_night_each_lineage_is_looked_at_once(store: DeploymentStore) -> None:
    store.update_lineage(OTHER, lambda record: record.begun_by("d-02"))
    client = Client()

    for _ in range(2):
        nightly(client, app_of(store))

    assert len(client.names_started()) == 1
    assert store.drift(KEY) is not None
    assert store.drift(OTHER) is None


def test_a_lineage_that_can_not_be_looked_at_does_not_keep_the_others_from_it(store, monkeypatch, caplog) -> None:
    store.update_lineage("0" * 16, lambda _: LineageRecord(completed=("d-01",), latest="d-01"))
    whole = store.lineage

    def broken(key: str) -> LineageRecord:
        if key == "0" * 16:
            raise ValueError("not readable")
        return whole(key)

    monkeypatch.setattr(store, "lineage", broken)
    client = Client()

    nightly(client, app_of(store))

    assert len(client.names_started()) == 1
    assert "0" * 16 in caplog.text


@pytest.mark.parametrize("is_on", [True, False])
def test_the_settings_say_whether_the_app_looks_by_night(store: DeploymentStore, monkeypatch, is_on) -> None:

    app = app_of(store, ARMATURE_DRIFT_NIGHTLY=is_on)
    monkeypatch.setattr(lineages, "services", lambda: app)
    client = Client()

    asyncio.run(user_function(lineages, "look_for_drift_nightly")(None, client))

    assert bool(client.names_started()) is is_on


def test_a_later_look_is_not_put_back_by_an_earlier_one(store: DeploymentStore) -> None:
    later = DriftRecord(deployment_id="drift-2", of="d-01", at=NOW.replace(year=2027))
    store.save_drift(KEY, later)

    store.save_drift(KEY, DriftRecord(deployment_id="drift-1", of="d-01", at=NOW))

    assert store.drift(KEY) == later
