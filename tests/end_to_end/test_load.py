"""Ten deployments of ten templates at once; the status endpoint goes on answering."""

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import graph_bundle, layered_edges
from tests.end_to_end.client import Caller

pytestmark = pytest.mark.long

DEPLOYMENTS = 10
TEMPLATES = 10


@pytest.mark.timeout(240)
def test_ten_deployments_of_ten_templates_at_once_all_complete(stack: Stack):
    caller = Caller(stack)
    bundles = [graph_bundle(f"load-{number}", layered_edges(TEMPLATES)) for number in range(DEPLOYMENTS)]
    ids = [caller.start(bundle, options={"force": True}) for bundle in bundles]

    states = [caller.ended(deployment) for deployment in ids]

    assert [state["status"] for state in states] == ["completed"] * DEPLOYMENTS
    assert all(len(state["templates"]) == TEMPLATES for state in states)
    assert all(item["status"] == "succeeded" for state in states for item in state["templates"])
    assert all(item["attempt"] == 1 for state in states for item in state["templates"])
