"""Root templates of generated plans, read by Microsoft's engine: accepted, expanded, every value as it was."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.plan import DeploymentScopeTarget, Lineage, OutputReference, Plan, PlannedTemplate, deployment_name
from armature.root_template import Child, order_within, root_of, root_scope
from emulator.arm.settings import DEFAULT_SUBSCRIPTION
from tests.conformance.template_engine import Engine
from tests.figures import Figures

GROUP = DeploymentScopeTarget(subscription=DEFAULT_SUBSCRIPTION, resource_group="rg-oracle")
SECOND = DeploymentScopeTarget(subscription=DEFAULT_SUBSCRIPTION, resource_group="rg-2")
WIDE = DeploymentScopeTarget(subscription=DEFAULT_SUBSCRIPTION)
OTHER = DeploymentScopeTarget(subscription="00000000-0000-0000-0000-00000000000b", resource_group="rg")
CORP = DeploymentScopeTarget(management_group="mg-oracle")
UNIT = DeploymentScopeTarget(management_group="mg-unit")
TENANT = DeploymentScopeTarget()
MIXES = {
    "resourceGroup": (GROUP,),
    "subscription": (GROUP, SECOND, WIDE, OTHER),
    "managementGroup": (CORP, UNIT, WIDE, GROUP),
    "tenant": (TENANT, CORP, WIDE, GROUP),
}
VALUES: list[Any] = [
    "plain",
    "[concat('not', 'evaluated')]",
    "[[twice]",
    "[open",
    "it's",
    "",
    7,
    -1,
    True,
    None,
    ["[a]", 1, None],
    {"a": "[b]", "[key]": {"copy": [{"name": "x", "count": 2, "input": "y"}]}},
    {"fraction": 1.5, "text": "Grüße"},
]
TYPES = {str: "string", int: "int", bool: "bool", list: "array", dict: "object", type(None): "object"}


def content(value: Any) -> dict[str, Any]:
    """A template that shows what it was given."""
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "languageVersion": "2.0",
        "parameters": {
            "given": {"type": TYPES[type(value)], "nullable": True},
            "told": {"type": "string", "nullable": True},
        },
        "resources": {},
        "outputs": {
            "given": {"type": TYPES[type(value)], "nullable": True, "value": "[parameters('given')]"},
            "id": {"type": "string", "value": "told"},
        },
    }


def generated(scope: str, seed: int) -> Plan:
    """A plan with edges, some of them by outputs; its values go by the seed."""
    choose = random.Random(f"{scope}{seed}")
    tiers: list[int] = []
    templates = []
    for number in range(8):
        before = sorted(choose.sample(range(number), k=min(number, choose.randint(0, 2))))
        tiers.append(max((tiers[each] + 1 for each in before), default=0))
        where = MIXES[scope][number % len(MIXES[scope])]
        templates.append(
            PlannedTemplate(
                name=f"t{number}",
                path=f"t{number}.json",
                tier=tiers[-1],
                depends_on=tuple(f"t{each}" for each in before),
                scope=where,
                location=None if where.resource_group else "eastus2",
                deployment_name=deployment_name(f"t{number}", f"d-{seed}"),
            )
        )
    return Plan(
        deployment_id=f"d-{seed}",
        lineage=Lineage(project="p", environment="e", key="0123456789abcdef"),
        subscription=DEFAULT_SUBSCRIPTION,
        location="eastus2",
        templates=tuple(sorted(templates, key=lambda template: template.tier)),
    )


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine(shared / "tools" / "bicep", tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.mark.parametrize("scope", MIXES)
def test_generated_roots_are_accepted_at_every_scope_with_their_edges(
    engine: Engine, scope: str, figures: Figures
) -> None:
    count = 0
    for seed in range(5):
        plan = generated(scope, seed)
        order = order_within(plan, [template.name for template in plan.templates])
        children = []
        for number, template in enumerate(plan.templates):
            value = VALUES[(number + seed * 3) % len(VALUES)]
            told = (
                {"told": OutputReference(template=template.depends_on[0], output="id")} if template.depends_on else {}
            )
            children.append(
                Child(
                    template=template,
                    depends_on=order[template.name],
                    tags={"note": "[not an expression]"},
                    arguments={"given": {"value": value}},
                    outputs=told,
                    content=content(value),
                )
            )
        root = root_of(root_scope(plan), children)

        parameters = {name: each["value"] for name, each in root.parameters.items()}
        answer = engine.answer(json.dumps(root.template), parameters, scope)

        assert answer.refusal is None, (scope, seed, answer.refusal)
        count += len(children)
    figures(f"root templates, {scope}: {count} linked deployments accepted")


def test_every_value_arrives_as_it_was(engine: Engine) -> None:
    for value in VALUES:
        template = generated("resourceGroup", 0).templates[0]
        child = Child(template=template, arguments={"given": {"value": value}}, content=content(value))
        root = root_of(GROUP, [child])
        (resource,) = root.template["resources"]
        shown = {**root.template, "outputs": {"given": {"type": TYPES[type(value)], "value": None}}}
        shown["outputs"]["given"]["value"] = resource["properties"]["parameters"]["given"]["value"]
        parameters = {name: each["value"] for name, each in root.parameters.items()}

        answer = engine.answer(json.dumps(shown), parameters, "resourceGroup")

        if value is None:
            continue  # an output is never null; the template above takes it
        assert answer.refusal is None, (value, answer.refusal)
        assert answer.outputs["given"] == value, value
