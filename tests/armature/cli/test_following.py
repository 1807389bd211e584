from collections.abc import Iterator, Sequence

import pytest

from armature.cli.answers import Snapshot
from armature.cli.client import ApiClient
from armature.cli.exits import CommandError
from armature.cli.following import ATTEMPTS_TO_FOLLOW, LONGEST_PAUSE_SECONDS, Follower, Pause, View, persistently
from armature.cli.refusals import ApiError
from armature.events import NumberedEvent
from armature.state import DeploymentState, Status
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import a_completed_state, a_state, an_event

STATE = "GET /deployments/shop-1"


class Notebook:
    """A view that writes down what it is shown."""

    def __init__(self, *, wants_events: bool = False) -> None:
        self.wants_events = wants_events
        self.statuses: list[Status] = []
        self.messages: list[str] = []
        self.notices: list[str] = []

    def show(self, state: DeploymentState) -> None:
        self.statuses.append(state.status)

    def events(self, events: Sequence[NumberedEvent]) -> None:
        self.messages += [event.message for event in events]

    def notice(self, message: str) -> None:
        self.notices.append(message)


def follow(client: ApiClient, deployment_id: str, view: View, pause: Pause) -> Snapshot:
    return Follower(client, deployment_id, view, pause).to_the_end()


@pytest.fixture
def client(api: FakeApi) -> Iterator[ApiClient]:
    with ApiClient(api.address) as client:
        yield client


def test_a_deployment_is_followed_to_its_end_and_shown_as_it_changes(api: FakeApi, client: ApiClient) -> None:
    api.states = [a_state(status="uploading"), a_state(), a_state(), a_completed_state()]
    view, pauses = Notebook(), []

    last = follow(client, "shop-1", view, pauses.append)

    assert view.statuses == [Status.UPLOADING, Status.DEPLOYING, Status.COMPLETED]
    assert last.document == api.states[-1]
    assert pauses == [1.0, 1.0, 1.0]


def test_events_are_shown_once_each_and_to_the_last(api: FakeApi, client: ApiClient) -> None:
    api.states = [a_state(), a_completed_state()]
    api.event_log = [an_event(1, "one"), an_event(2, "two")]
    view = Notebook(wants_events=True)

    follow(client, "shop-1", view, lambda _: api.event_log.append(an_event(3, "three")))

    assert view.messages == ["one", "two", "three"]


def test_a_lost_connection_does_not_lose_the_deployment(api: FakeApi, client: ApiClient) -> None:
    api.states = [a_state(), a_completed_state()]
    api.troubles = {STATE: [None, 503, 429]}
    view, pauses = Notebook(), []

    last = follow(client, "shop-1", view, pauses.append)

    assert last.state.status is Status.COMPLETED
    assert len(view.notices) == 3
    assert pauses[:3] == [1.0, 2.0, 4.0]


def test_silence_for_too_long_ends_the_watching_and_says_how_to_go_on(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {STATE: [503] * ATTEMPTS_TO_FOLLOW}
    pauses: list[float] = []

    with pytest.raises(CommandError) as ended:
        follow(client, "shop-1", Notebook(), pauses.append)

    assert "goes on without being watched" in ended.value.message
    assert "armature status shop-1 --watch" in ended.value.next_step
    assert max(pauses) == LONGEST_PAUSE_SECONDS
    assert len(pauses) == ATTEMPTS_TO_FOLLOW - 1


def test_a_refusal_is_not_tried_again(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {STATE: [404]}

    with pytest.raises(ApiError):
        follow(client, "shop-1", Notebook(), lambda _: None)

    assert len(api.received) == 1


def test_a_call_is_made_as_often_as_allowed_and_no_more() -> None:
    calls: list[int] = []

    def never() -> None:
        calls.append(1)
        raise ApiError("No.", is_passing=True)

    with pytest.raises(ApiError):
        persistently(never, attempts=3, pause=lambda _: None, notice=lambda _: None)

    assert len(calls) == 3
