"""Two hosts and ARM are killed every two seconds while deployments run; `bench.endurance` does it for longer."""

import pytest

from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD
from tests.end_to_end.endurance import deploy_all, evidence_of, under_fire
from tests.figures import Figures
from tests.running import ROOT

pytestmark = pytest.mark.long

DEPLOYMENTS, TEMPLATES, SEED = 6, 4, 20261124


@pytest.mark.timeout(300)
def test_every_deployment_completes_and_nothing_is_doubled(tmp_path, figures: Figures):
    options = StackOptions(
        state=tmp_path,
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.02,
        hosts=2,
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
    )
    names = [f"fire-{number}" for number in range(DEPLOYMENTS)]
    with Stack(options) as stack:
        with under_fire(stack, every_seconds=2, seed=SEED) as kills:
            states = deploy_all(stack, names, TEMPLATES)
        evidence = evidence_of(stack, names)

    figures(f"{len(states)} deployments of {TEMPLATES} templates, kills: {dict(kills.counts)}")
    assert [state["failures"] for state in states if state["status"] != "completed"] == []
    assert evidence.deployments == {"Succeeded": DEPLOYMENTS * TEMPLATES}
    assert evidence.resources == DEPLOYMENTS * TEMPLATES
    assert evidence.taken_twice == {}
