"""What is kept for a rollback: the first word stands, and no name of a template leads to another's."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.documents import DocumentStore
from armature.azure.rollbacks import RollbackStore
from armature.deletions import DeletionState, DeletionStatus
from armature.messages import DeploymentStep
from armature.rollback import Deletion, TemplateWrites, Undoing, Write
from armature.settings import Settings
from armature.surveying import GroupSurvey, Sighting, TargetSurvey, TemplateSurvey

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SITE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/shop"
GROUP = "/subscriptions/s/resourceGroups/rg"


@pytest.fixture
def store(settings: Settings, credential: TokenCredential) -> RollbackStore:
    return RollbackStore(DocumentStore(settings.storage_blob_endpoint, "deployments", credential))


@pytest.fixture
def step(fresh_name: Callable[[], str]) -> DeploymentStep:
    return DeploymentStep(deployment_id=fresh_name(), rollback=1)


def survey(template: str, *, existed: bool) -> TemplateSurvey:
    return TemplateSurvey(template=template, ids=(SITE,), sightings=(Sighting(id=SITE, existed=existed, at=NOW),))


def test_what_was_seen_first_of_a_resource_stands(store, step):
    store.add_sightings(step.deployment_id, survey("web", existed=False))
    store.add_sightings(step.deployment_id, survey("web", existed=True))

    assert store.proofs(step.deployment_id).existed(SITE) is False


@pytest.mark.parametrize("other", ["../other/web", "web/../../x", "x" * 300, "x" * 301, "Wëb 🙂", "web."])
def test_each_template_has_a_survey_of_its_own_whatever_its_name(store, step, other):
    store.add_sightings(step.deployment_id, survey("web", existed=False))
    store.add_sightings(step.deployment_id, survey(other, existed=True))

    assert store.template_survey(step.deployment_id, other) == survey(other, existed=True)
    assert store.surveyed(step.deployment_id, ["web", other, "third"]) == {"web", other}
    assert store.template_survey(f"{step.deployment_id}x", "web") is None


def test_the_target_and_what_is_to_be_undone_are_written_once(store, step):
    first, second = (TargetSurvey(at=NOW, groups=(GroupSurvey(id=GROUP, existed=e),)) for e in (True, False))
    store.save_target_survey(step.deployment_id, first)
    store.save_target_survey(step.deployment_id, second)
    undoing = Undoing(deletions=(Deletion(id=SITE, level=0),))

    assert store.save_undoing(step, undoing) == undoing
    assert store.save_undoing(step, Undoing()) == undoing
    assert store.target_survey(step.deployment_id) == first
    assert store.undoing(step.model_copy(update={"rollback": 2})) is None


def test_what_a_template_wrote_and_what_its_previous_version_wrote_are_kept_apart(store, step):
    wrote = TemplateWrites(template="web", writes=(Write(id=SITE, at=NOW, by="/d"),))
    store.save_writes(step, wrote, is_again=False)
    store.save_writes(step, TemplateWrites(template="web"), is_again=False)

    assert store.writes(step, "web", is_again=False) == wrote
    assert store.writes(step, "web", is_again=True) is None


def test_what_is_gone_stays_gone_whoever_saves_later(store, step):
    store.update_deletions(step, [DeletionState(id=SITE, status=DeletionStatus.GONE)])
    store.update_deletions(step, [DeletionState(id=SITE, status=DeletionStatus.DELETING)])

    assert store.deletions(step).gone([Deletion(id=SITE, level=0)]) == (SITE,)
