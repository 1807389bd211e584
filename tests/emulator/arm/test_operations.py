"""What providers work on goes on after a restart for what is left of its time, and its result is kept for a while."""

from datetime import timedelta
from pathlib import Path

import pytest

from emulator.arm.behaviours import Surroundings
from emulator.arm.behaviours.storage import AccountsFile
from emulator.arm.clock import SimulatedTime, now
from emulator.arm.identifiers import ResourceId
from emulator.arm.journal import Journal
from emulator.arm.models import Deployment, Operation, ProviderOperation, Resource, ResourceGroup
from emulator.arm.operations import ProviderOperations
from emulator.arm.settings import DEFAULT_TENANT
from emulator.arm.state import CloudState
from emulator.certificates import Certificates
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, running_arm

GROUP = ResourceId("s", "rg")
THING = GROUP.resource("Microsoft.Contoso/things", "t")
HOUR = 3600.0


@pytest.fixture
def state() -> CloudState:
    state = CloudState("t", ("s",))
    state.put_group(ResourceGroup(GROUP, "eastus2"))
    return state


def operations_of(state: CloudState, folder: Path, scale: float = 1) -> ProviderOperations:
    time, accounts = SimulatedTime(scale), AccountsFile(folder / "accounts.json")
    return ProviderOperations(Surroundings(state, "t", "https://127.0.0.1:1", accounts, time=time), time)


def write(state: CloudState, began: timedelta) -> ProviderOperation:
    document = {"id": str(THING), "properties": {"x": 1}}
    state.put_resource(Resource(THING, "v", {"properties": {"provisioningState": "Creating"}}, {"key": "kept"}))
    work = ProviderOperation("write", THING, HOUR, document, "v", started=now() - began)
    state.put_work(work)
    return work


async def test_what_had_its_time_while_nobody_ran_ends_at_once(state: CloudState, tmp_path: Path) -> None:
    work, operations = write(state, timedelta(hours=2)), operations_of(state, tmp_path)

    operations.resume()
    await operations.ended(work)

    made = state.resource(THING)
    assert (work.status, work.status_code) == ("Succeeded", "Created")
    assert made.properties == {"x": 1, "provisioningState": "Succeeded"}
    assert made.secrets == {"key": "kept"}


async def test_what_has_time_left_is_left_alone(state: CloudState, tmp_path: Path) -> None:
    work, operations = write(state, timedelta(minutes=59)), operations_of(state, tmp_path)

    operations.resume()
    await operations.stop()

    assert (work.status, state.resource(THING).provisioning_state) == ("Running", "Creating")


async def test_what_cannot_be_finished_is_told_and_leaves_nothing(state: CloudState, tmp_path: Path) -> None:
    work, operations = write(state, timedelta(hours=2)), operations_of(state, tmp_path)
    state.drop_group(state.group("s", "rg"))

    operations.resume()
    await operations.ended(work)

    assert (work.status, work.status_code) == ("Failed", "NotFound")
    assert work.error is not None
    assert work.error["code"] == "ResourceGroupNotFound"


async def test_results_are_forgotten_after_a_day(state: CloudState, tmp_path: Path) -> None:
    old, new = (
        ProviderOperation("delete", THING, 1, status="Succeeded", ended=now() - age)
        for age in (timedelta(minutes=80), timedelta(minutes=60))
    )
    state.put_work(old)
    state.put_work(new)

    operations_of(state, tmp_path, scale=0.05).resume()

    assert state.all_work() == [new]


async def test_an_operation_nobody_knows_is_not_found(arm: Arm) -> None:
    subscription = GROUP_PATH.partition("/resourceGroups")[0]

    status, answer = await arm.request("GET", f"{subscription}/operationresults/unknown")

    assert (status, answer["error"]["code"]) == (404, "OperationNotFound")


async def test_results_are_forgotten_while_arm_runs_but_not_what_a_deployment_waits_for(
    state: CloudState, tmp_path: Path
) -> None:
    operations = operations_of(state, tmp_path, scale=0.05)
    day_ago = now() - timedelta(minutes=80)
    forgotten, awaited = (ProviderOperation("delete", THING, 1, status="Succeeded", ended=day_ago) for _ in range(2))
    run = Deployment(GROUP.resource("Microsoft.Resources/deployments", "main"), "Complete", "c")
    run.operations.append(Operation("Delete", THING, work=awaited.id))
    state.put_deployment(run)
    for work in (forgotten, awaited):
        state.put_work(work)
    operations._tidied = day_ago

    begun = operations.begin_what_if(run.id, {})

    assert state.all_work() == [awaited, begun]
    await operations.stop()


async def test_a_child_that_was_deleted_with_its_parent_does_not_come_back(state: CloudState, tmp_path: Path) -> None:
    work, operations = write(state, timedelta(hours=2)), operations_of(state, tmp_path)
    state.drop_resource(THING)

    operations.resume()
    await operations.ended(work)

    assert (work.status, work.status_code) == ("Failed", "NotFound")
    assert state.find_resource(THING) is None


async def test_the_result_of_a_failed_operation_has_its_status(certificates: Certificates, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "arm.sqlite")
    failed = ProviderOperation("write", THING, 1, status="Failed", status_code="TooManyRequests", ended=now())
    failed.error = {"code": "ResourceRequestsThrottled", "message": "Later."}
    CloudState(DEFAULT_TENANT, (), journal).put_work(failed)
    journal.flush()
    journal.close()

    async with running_arm(certificates, tmp_path) as arm:
        status, answer = await arm.request("GET", f"/subscriptions/{SUBSCRIPTION}/operationresults/{failed.id}")

    assert (status, answer["error"]) == (429, failed.error)
