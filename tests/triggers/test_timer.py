"""What nothing carries on any more is started, or closed; what something carries on is left alone."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import OrchestrationRuntimeStatus as Runtime

from armature.azure.deployments import DeploymentSummary
from armature.request import DeploymentRequest
from armature.state import DeploymentState, Phase, Status
from armature.transitions import accepted, with_phase
from triggers.timer import GRACE, tend

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = NOW - 2 * GRACE


@dataclass
class Instance:
    """What the client tells of an orchestration."""

    runtime_status: Runtime | None


@dataclass
class Client:
    """A durable client of a host with these orchestrations."""

    instances: dict[str, Runtime] = field(default_factory=dict)
    breaks_at: str = ""
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def get_status(self, instance_id: str) -> Instance:
        if instance_id == self.breaks_at:
            raise RuntimeError("The host does not answer.")
        return Instance(self.instances.get(instance_id))

    async def start_new(self, name: str, instance_id: str, work: dict[str, Any]) -> str:
        self.started.append((name, instance_id, work))
        self.instances[instance_id] = Runtime.Running
        return instance_id


class Store:
    """A store that holds these deployments."""

    def __init__(self, *states: DeploymentState) -> None:
        self._states = {state.deployment_id: state for state in states}

    def state(self, deployment_id: str) -> DeploymentState | None:
        return self._states.get(deployment_id)

    def summaries(self) -> list[DeploymentSummary]:
        names = ("deployment_id", "status", "phase", "created_at", "updated_at", "message")
        return [
            DeploymentSummary(percent=0, **{name: getattr(state, name) for name in names})
            for state in self._states.values()
        ]


def deploying(deployment_id: str = "d-01", status: Status = Status.DEPLOYING) -> DeploymentState:
    body = {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
    state = accepted(DeploymentRequest.model_validate(body), deployment_id, None, LONG_AGO)
    phase = Phase.FINISHED if status.is_final else Phase.DEPLOYING
    return with_phase(state, sequence=4, status=status, phase=phase, message="m", now=LONG_AGO)


def tended(client: Client, *states: DeploymentState, now: datetime = NOW) -> list[tuple[str, str]]:
    asyncio.run(tend(client, Store(*states), now))
    return [(name, instance_id) for name, instance_id, _ in client.started]


def test_what_was_accepted_but_never_started_is_started():
    assert tended(Client(), deploying()) == [("deployment", "d-01")]


def test_an_orchestration_that_runs_is_left_alone():
    for runtime in (Runtime.Running, Runtime.Pending, Runtime.ContinuedAsNew, Runtime.Suspended):
        assert tended(Client({"d-01": runtime}), deploying()) == []


def test_what_is_final_or_has_just_changed_is_left_alone():
    assert tended(Client(), deploying(status=Status.COMPLETED)) == []
    assert tended(Client(), deploying(), now=LONG_AGO + timedelta(seconds=5)) == []


@pytest.mark.parametrize("runtime", [Runtime.Failed, Runtime.Terminated, Runtime.Canceled])
def test_a_deployment_whose_orchestration_died_is_closed_as_failed(runtime):
    client = Client({"d-01": runtime})

    assert tended(client, deploying()) == [("closing", "d-01:closing")]
    end = client.started[0][2]
    assert end["deploymentId"] == "d-01"
    assert end["outcome"]["failure"]["code"] == "OrchestrationEnded"
    assert runtime.name.lower() in end["outcome"]["message"]


def test_a_closing_that_is_under_way_is_not_started_again():
    assert tended(Client({"d-01": Runtime.Failed, "d-01:closing": Runtime.Running}), deploying()) == []


def test_nothing_is_closed_while_a_child_of_it_goes_on():
    assert tended(Client({"d-01": Runtime.Terminated, "d-01:rollout": Runtime.Running}), deploying()) == []


def test_an_end_that_could_not_be_recorded_is_found_again_by_running_anew():
    client = Client({"d-01": Runtime.Completed, "d-01:rollout": Runtime.Completed})

    assert tended(client, deploying()) == [("deployment", "d-01")]
    assert client.started[0][2]["sequence"] == 4


def test_one_that_can_not_be_tended_does_not_keep_the_others_from_it():
    assert tended(Client(breaks_at="d-01"), deploying("d-01"), deploying("d-02")) == [("deployment", "d-02")]
