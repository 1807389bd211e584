"""Bad bundles over the API: refused before ARM or the artifact storage is touched, every problem at once."""

import pytest

from emulator.stack import Stack
from tests.armature.bad_bundles import BAD_BUNDLES, BadBundle
from tests.builders import request
from tests.end_to_end.client import Caller
from tests.end_to_end.evidence import arm_writes, blobs_written


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    return Caller(stack)


@pytest.mark.parametrize("bad", BAD_BUNDLES, ids=lambda bad: bad.name)
def test_a_bad_bundle_is_refused_with_all_its_problems_and_nothing_is_left_behind(
    stack: Stack, caller: Caller, bad: BadBundle
):
    arm_before, blobs_before = len(arm_writes(stack.state)), sum(blobs_written(stack.state).values())

    found = refusal(caller, bad)

    assert bad.codes <= {problem["code"] for problem in found if problem["severity"] == "error"}
    assert all(problem["nextStep"] for problem in found)
    assert len(arm_writes(stack.state)) == arm_before
    assert sum(blobs_written(stack.state).values()) == blobs_before


def refusal(caller: Caller, bad: BadBundle) -> list[dict]:
    """The problems of a bundle that is refused: at once when its zip is bad, else by the deployment."""
    stored = caller.session.post(f"{caller.api}/bundles", data=bad.build(), timeout=30)
    if stored.status_code == 400:
        assert stored.headers["Content-Type"].startswith("application/problem+json")
        return stored.json()["problems"]
    asked = request(target=dict(bad.target)).model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
    )
    started = caller.post({**asked, "bundle": {"id": stored.json()["bundleId"]}})
    state = caller.ended(started.json()["deploymentId"])
    assert state["status"] == "failed"
    assert state["failures"][0]["code"] == "BundleRefused"
    return state["problems"]
