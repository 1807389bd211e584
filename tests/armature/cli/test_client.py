import io
from collections.abc import Iterator

import pytest

from armature.cli.client import ApiClient, checked_address
from armature.cli.exits import CommandError, ExitCode
from armature.cli.refusals import ApiError
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import a_state


@pytest.fixture
def client(api: FakeApi) -> Iterator[ApiClient]:
    with ApiClient(api.address, "the-key") as client:
        yield client


def test_every_call_carries_the_function_key(api: FakeApi, client: ApiClient) -> None:
    client.store_bundle(io.BytesIO(b"zip"))
    client.state("shop-1")

    assert {request.headers["x-functions-key"] for request in api.received} == {"the-key"}


def test_a_small_bundle_goes_along_with_the_request(api: FakeApi, client: ApiClient) -> None:
    stored = client.store_bundle(io.BytesIO(b"zip"))

    assert stored.bundle_id == "bundle-1"
    assert api.received[0].body == b"zip"
    assert api.received[0].headers["Content-Type"] == "application/zip"


def test_a_state_that_has_not_changed_is_not_sent_again(api: FakeApi, client: ApiClient) -> None:
    first = client.state("shop-1")

    assert first is not None
    assert first.etag is not None
    assert client.state("shop-1", first.etag) is None


def test_a_list_goes_on_over_its_pages(api: FakeApi, client: ApiClient) -> None:
    api.listed = [
        [{"deploymentId": "one-1", "status": "completed"}],
        [{"deploymentId": "two-2", "status": "failed"}],
    ]

    found = [each.deployment_id for each in client.deployments({"project": "shop"})]

    assert found == ["one-1", "two-2"]
    assert [request.query["project"] for request in api.received] == ["shop", "shop"]


@pytest.mark.parametrize(("status", "is_passing"), [(400, False), (429, True), (503, True)])
def test_a_refusal_tells_the_api_s_reason(api: FakeApi, client: ApiClient, status: int, is_passing: bool) -> None:
    api.troubles = {"POST /deployments": [status]}
    api.refusal = {"title": "Not so", "detail": "The id is used. Choose another."}

    with pytest.raises(ApiError) as refused:
        client.start({"deploymentId": "shop-1"})

    assert refused.value.message == (f"The API refused the request ({status}): Not so: The id is used. Choose another.")
    assert refused.value.is_passing is is_passing
    assert refused.value.next_step == ""
    assert refused.value.exit_code is ExitCode.API


def test_what_is_in_conflict_is_told_in_the_api_s_own_sentences(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {"POST /deployments": [409]}
    api.refusal = {"title": "The deployment id is used", "detail": "The id is used. Choose another."}

    with pytest.raises(ApiError) as refused:
        client.start({"deploymentId": "shop-1"})

    assert refused.value.message == "The id is used. Choose another."
    assert not refused.value.is_passing


@pytest.mark.parametrize(("status", "next_step"), [(401, "ARMATURE_FUNCTION_KEY"), (404, "ends in /api")])
def test_a_refusal_without_a_reason_comes_with_what_to_try(
    api: FakeApi, client: ApiClient, status: int, next_step: str
) -> None:
    api.troubles = {"GET /deployments/shop-1": [status]}

    with pytest.raises(ApiError) as refused:
        client.state("shop-1")

    assert next_step in refused.value.next_step


def test_a_bundle_that_the_api_refuses_is_told_with_its_problems(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {"POST /bundles": [400]}
    problem = {"file": "../a", "message": "The name leaves the bundle.", "nextStep": "Rename it."}
    api.refusal = {"title": "The bundle is refused", "problems": [problem]}

    with pytest.raises(ApiError) as refused:
        client.store_bundle(io.BytesIO(b"zip"))

    assert "../a: The name leaves the bundle. Rename it." in refused.value.message
    assert refused.value.exit_code is ExitCode.REFUSED


def test_a_cut_connection_may_pass(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {"GET /deployments/shop-1": [None]}

    with pytest.raises(ApiError) as cut:
        client.state("shop-1")

    assert cut.value.is_passing


def test_a_refused_connection_asks_whether_the_emulator_runs(unused_tcp_port: int) -> None:
    with ApiClient(f"http://127.0.0.1:{unused_tcp_port}/api") as client, pytest.raises(ApiError) as refused:
        client.state("shop-1")

    assert "Nothing answers" in refused.value.message
    assert "make up" in refused.value.next_step


def test_an_answer_that_is_no_state_is_not_taken_for_one(api: FakeApi, client: ApiClient) -> None:
    api.states = [a_state(surprise=True)]

    with pytest.raises(ApiError, match="does not understand"):
        client.state("shop-1")


def test_a_redirect_is_refused_because_the_key_would_follow_it(api: FakeApi, client: ApiClient) -> None:
    api.troubles = {"GET /deployments/shop-1": [302]}

    with pytest.raises(ApiError, match="302"):
        client.state("shop-1")


@pytest.mark.parametrize(
    "address", ["https://app.azurewebsites.net/api/", "http://localhost:7071/api", "http://[::1]/api"]
)
def test_https_and_this_machine_are_good_addresses(address: str) -> None:
    assert checked_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://app.azurewebsites.net/api", "ftp://127.0.0.1", "127.0.0.1:7071", "https://"]
)
def test_other_addresses_are_refused_before_a_key_is_sent(address: str) -> None:
    with pytest.raises(CommandError) as refused:
        checked_address(address)

    assert refused.value.exit_code is ExitCode.USAGE
