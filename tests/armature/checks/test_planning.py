"""Which checks a deployment gets, and in which batches."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from armature.checks import CheckKind
from armature.checks.declared import ValidationSection
from armature.checks.planning import (
    MAX_BATCHES,
    PATIENCE_WITH_ARM,
    Check,
    ChecksDocument,
    in_batches,
    is_of_deployment,
    planned_checks,
)
from armature.plan import (
    DeploymentScopeTarget,
    Lineage,
    PackageAttachment,
    Plan,
    PlannedTemplate,
)

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-shop"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/func-shop"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"


def plan(*attachments: PackageAttachment, **section: Any) -> Plan:
    """A plan of the template `web`, with these declared checks."""
    template = PlannedTemplate(
        name="web",
        path="web.json",
        tier=0,
        scope=DeploymentScopeTarget(subscription=SUBSCRIPTION.rpartition("/")[2], resource_group="rg-shop"),
        deployment_name="web.d-1",
        attachments=attachments,
    )
    return Plan(
        deployment_id="d-1",
        lineage=Lineage(project="shop", environment="test", key="k"),
        subscription=SUBSCRIPTION.rpartition("/")[2],
        location="eastus2",
        templates=(template,),
        validation=ValidationSection.model_validate(section) if section else None,
    )


def checks(*resources: str, at: Plan | None = None, **outputs: Any) -> dict[str, Check]:
    """The checks of a deployment of these resources, by key."""
    named = {name.replace("_", "."): value for name, value in outputs.items()}
    return {check.key: check for check in planned_checks(at or plan(), {"web": resources}, named, 300)}


def test_without_a_declaration_resources_apps_and_health_are_checked() -> None:
    found = checks(SITE, VAULT)

    assert list(found) == [
        f"resource:{SITE}".lower(),
        f"resource:{VAULT}".lower(),
        f"functionApp:{SITE.lower()}",
        f"health:{GROUP.lower()}",
    ]
    assert found[f"functionApp:{SITE.lower()}"].subject == "func-shop"
    assert [check.warm_up_seconds for check in found.values()] == [PATIENCE_WITH_ARM, PATIENCE_WITH_ARM, 300, 300]


def test_each_resource_is_checked_once_whatever_its_letter_case() -> None:
    found = planned_checks(plan(), {"web": (VAULT,), "again": (VAULT.upper(),)}, {}, 0)

    assert [check.template for check in found if check.kind is CheckKind.RESOURCE] == ["web"]


def test_what_nobody_can_read_under_its_id_is_not_checked_itself() -> None:
    found = checks(
        f"{SITE}/config/appsettings",
        f"{SITE}/slots/blue/config/web",
        f"{SITE}/extensions/onedeploy",
        f"{VAULT}/accessPolicies/add",
        f"{GROUP}/providers/Microsoft.Resources/deployments/inner",
        f"{SITE}/functions/hello",
    )

    assert [key for key in found if key.startswith("resource:")] == [f"resource:{SITE}/functions/hello".lower()]


def test_an_app_is_expected_to_run_when_content_was_deployed_to_it() -> None:
    key = f"functionApp:{SITE.lower()}"
    attached = plan(PackageAttachment(function_app="FUNC-shop", package="api"))

    assert not checks(SITE)[key].expects_content
    assert checks(SITE, f"{SITE}/extensions/onedeploy")[key].expects_content
    assert checks(SITE, at=attached)[key].expects_content


def test_declared_functions_belong_to_the_app_by_name_slot_or_output() -> None:
    slot = f"{SITE}/slots/blue"
    apps = [
        {"output": "web.siteId", "functions": ["hello"]},
        {"name": "func-shop/blue", "functions": ["tick"], "warmUpSeconds": 7},
        {"name": "func-lost", "functions": ["x"]},
    ]

    found = checks(SITE, slot, at=plan(functionApps=apps), web_siteId=SITE)

    assert found[f"functionApp:{SITE.lower()}"].functions == ("hello",)
    assert found[f"functionApp:{slot.lower()}"].functions == ("tick",)
    assert found[f"functionApp:{slot.lower()}"].warm_up_seconds == 7
    assert found["functionApp:func-lost"].resource_id is None


def test_health_can_be_switched_off_and_its_weight_chosen() -> None:
    assert not [key for key in checks(SITE, at=plan(resourceHealth="off")) if key.startswith("health:")]
    assert checks(SITE, at=plan(resourceHealth="warn"))[f"health:{GROUP.lower()}"].severity == "warn"


def test_the_section_and_each_endpoint_may_have_a_patience_of_their_own() -> None:
    declared = plan(
        warmUpSeconds=20,
        endpoints=[{"uri": "https://a.example", "warmUpSeconds": 0}, {"output": "web.url", "path": "/z?page=hidden"}],
    )

    found = [check for check in checks(SITE, at=declared).values() if check.kind is CheckKind.ENDPOINT]

    assert [(check.subject, check.warm_up_seconds) for check in found] == [("https://a.example", 0), ("web.url/z", 20)]


def test_of_one_address_or_property_several_things_may_be_expected() -> None:
    page = {"uri": "https://a.example"}
    endpoints = [{**page, "contains": "ready"}, {**page, "matches": "v[0-9]+"}, {**page, "contains": "ready"}]
    resources = [{"id": VAULT, "property": "p", "equals": number} for number in (1, 2)]

    found = checks(VAULT, at=plan(endpoints=endpoints, resources=resources)).values()

    told = [check.endpoint for check in found if check.endpoint is not None]
    assert [(each.contains, each.matches) for each in told] == [("ready", None), (None, "v[0-9]+")]
    assert [check.expectation.equals for check in found if check.expectation is not None] == [1, 2]


def test_a_property_is_of_the_resource_that_is_named() -> None:
    by_name = {"template": "WEB", "type": "microsoft.web/sites", "name": "Func-Shop", "property": "p", "equals": 1}
    declared = plan(resources=[by_name, {**by_name, "name": "other"}, {"id": VAULT, "property": "p", "equals": 1}])

    found = [check for check in checks(SITE, VAULT, at=declared).values() if check.kind is CheckKind.PROPERTY]

    assert [check.resource_id for check in found] == [SITE, None, VAULT]


def test_only_what_belongs_to_the_deployment_may_be_asked_about() -> None:
    elsewhere = f"{SUBSCRIPTION}/resourceGroups/rg-other/providers/Microsoft.Web/sites/x"

    assert is_of_deployment(f"{GROUP}/providers/Microsoft.Web/sites/other", plan(), [])
    assert is_of_deployment(GROUP.upper(), plan(), [])
    assert is_of_deployment(f"{elsewhere}/config/web", plan(), [elsewhere])
    assert not is_of_deployment(elsewhere, plan(), [SITE])
    assert not is_of_deployment(f"{GROUP}-secret/providers/Microsoft.Web/sites/x", plan(), [])
    assert not is_of_deployment(SUBSCRIPTION, plan(), [SITE])
    assert not is_of_deployment(f"{GROUP}/../rg-other/providers/Microsoft.Web/sites/x", plan(), [])


@given(st.dictionaries(st.sampled_from(CheckKind), st.integers(0, 5000)))
def test_batches_are_few_hold_one_kind_and_lose_nothing(sizes: dict[CheckKind, int]) -> None:
    made = [Check(key=f"{kind}:{n}", kind=kind, subject="x") for kind, size in sizes.items() for n in range(size)]

    found = in_batches(made)
    document = ChecksDocument(checks=tuple(found))

    assert sorted(check.key for check in found) == sorted(check.key for check in made)
    assert document.batches <= MAX_BATCHES
    batches = [document.batch(number) for number in range(document.batches)] if len(made) < 500 else []
    assert all(len({check.kind for check in batch}) == 1 for batch in batches)
