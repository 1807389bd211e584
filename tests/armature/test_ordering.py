import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.bundle import BundleLimits
from armature.options import Options
from armature.plan import Plan
from armature.problems import ProblemCode, Severity
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import assembly, declared, linked, manifest, request, resource, resource_group, template, zipped

VNET, SUBNET = "Microsoft.Network/virtualNetworks", "Microsoft.Network/virtualNetworks/subnets"
EMPTY = template(outputs={"id": {"type": "string", "value": ""}})
FED = template(parameters={"id": {"type": "string"}}, outputs=EMPTY["outputs"])


def reviewed(documents: dict[str, Any], target: dict[str, Any] | None = None, **options: Any) -> Review:
    return review_bundle(
        ZipBundle(io.BytesIO(zipped(documents)), BundleLimits()),
        request=request(target=target or {}, options=Options.load(options)),
        deployment_id="order-1",
        cloud_name="AzureCloud",
        default_location="eastus2",
    )


def edges(plan: Plan | None) -> dict[str, tuple[str, ...]]:
    assert plan is not None
    return {template.name: template.depends_on for template in plan.templates}


def stacks(target: dict[str, Any] | None = None, /, *, order: str = "inferred", **templates: dict[str, Any]) -> Review:
    """The review of an assembly of these stacks, in this order."""
    documents = {f"{name}.json": document for name, document in templates.items()}
    return reviewed({"manifest.json": assembly(**{name: {} for name in templates}), **documents}, target,
                    assemblyOrder=order)  # fmt: skip


def test_depends_on_and_outputs_are_edges_whatever_their_letter_case() -> None:
    review = reviewed(
        {
            "manifest.json": manifest(
                declared("web", "fed.json", parameters={"id": {"output": "NETWORK.id"}}),
                declared("network", "empty.json"),
                declared("last", "empty.json", dependsOn=["Web", "network"]),
            ),
            "empty.json": EMPTY,
            "fed.json": FED,
        }
    )

    assert edges(review.plan) == {"network": (), "web": ("network",), "last": ("web", "network")}
    assert review.plan is not None
    assert [(one.name, one.tier) for one in review.plan.templates] == [("network", 0), ("web", 1), ("last", 2)]


@st.composite
def manifests(draw: st.DrawFn, *, acyclic: bool) -> dict[str, Any]:
    """A manifest with random edges, some by dependsOn and some by an output; shuffled."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 8)))]
    declarations = []
    for place, name in enumerate(names):
        choices = names[:place] if acyclic else names
        before = draw(st.lists(st.sampled_from(choices), max_size=3, unique=True)) if choices else []
        by_output = bool(before) and draw(st.booleans())
        parameters = {"id": {"output": f"{before[0]}.id"} if by_output else {"value": ""}}
        declarations.append(
            declared(name, "fed.json", dependsOn=before[1:] if by_output else before, parameters=parameters)
        )
    return manifest(*draw(st.permutations(declarations)))


def declared_edges(document: dict[str, Any]) -> dict[str, set[str]]:
    return {
        one["name"]: {
            *one["dependsOn"],
            *(source["output"].split(".")[0] for source in one["parameters"].values() if "output" in source),
        }
        for one in document["templates"]
    }


@settings(max_examples=60)
@given(manifests(acyclic=True))
def test_every_dependency_lies_in_an_earlier_tier_and_the_tier_is_the_longest_path(document: dict[str, Any]) -> None:
    plan = reviewed({"manifest.json": document, "fed.json": FED}).plan

    assert plan is not None
    wanted = declared_edges(document)
    assert {template.name: set(template.depends_on) for template in plan.templates} == wanted
    tier_of = {template.name: template.tier for template in plan.templates}
    for name, before in wanted.items():
        assert tier_of[name] == max((tier_of[one] + 1 for one in before), default=0)
    assert [template.tier for template in plan.templates] == sorted(tier_of.values())


@settings(max_examples=60)
@given(manifests(acyclic=False))
def test_a_cycle_is_always_told_and_is_a_real_one(document: dict[str, Any]) -> None:
    review = reviewed({"manifest.json": document, "fed.json": FED})

    wanted = declared_edges(document)
    assert (review.plan is None) is bool(review.errors)
    for problem in review.errors:
        assert problem.code is ProblemCode.DEPENDENCY_CYCLE
        words = problem.message.removesuffix(".")
        if words.endswith("itself"):
            name = words.split()[0]
            cycle = [name, name]
        else:
            cycle = words.removeprefix("Templates wait for one another: ").split(" before ")
        assert cycle[0] == cycle[-1]
        assert all(before in wanted[after] for before, after in pairwise(cycle))


def test_a_stack_that_creates_a_resource_group_comes_before_those_deployed_into_it() -> None:
    review = stacks(
        {"resourceGroup": None, "resourceGroups": {"App": "RG-App", "Data": "rg-data"}},
        App=template(resource("app")),
        Data=template(resource("data")),
        Base=template(resource_group("rg-app"), resource_group("rg-other"), scope="subscription"),
    )

    assert edges(review.plan) == {"App": ("Base",), "Data": (), "Base": ()}


@pytest.mark.parametrize("group", ["RG-data", "[variables('group')]"])
def test_a_stack_whose_linked_deployment_names_its_group_waits_for_that_group(group: str) -> None:
    review = reviewed(
        {
            "manifest.json": assembly(App={}, Base={}),
            "App.json": template({**linked("one", "one.json"), "resourceGroup": group}, variables={"group": "rg-data"}),
            "one.json": template(resource("one")),
            "Base.json": template(resource_group("rg-data"), scope="subscription"),
        }
    )

    assert edges(review.plan) == {"App": ("Base",), "Base": ()}


def test_a_template_of_a_manifest_waits_for_its_resource_group_too() -> None:
    review = reviewed(
        {
            "manifest.json": manifest(
                declared("app", "app.json", scope={"resourceGroup": "rg-app"}),
                declared("base", "base.json", parameters={"group": {"value": "rg-app"}}),
            ),
            "app.json": template(resource("app")),
            "base.json": template(
                resource_group("[parameters('group')]"), scope="subscription", parameters={"group": {"type": "string"}}
            ),
        }
    )

    assert edges(review.plan) == {"base": (), "app": ("base",)}
    assert review.plan is not None
    assert review.plan.resource_groups_to_ensure == ()


@pytest.mark.parametrize(
    "naming",
    [
        {"properties": {"id": f"[resourceId('{SUBNET}', 'net', 'one')]"}},
        {"properties": {"id": f"[resourceId('{VNET}', 'net')]"}},
        {"properties": {"space": f"[reference(resourceId('{VNET.upper()}', 'NET'), '2024-01-01').addressSpace]"}},
        {"properties": {"id": f"/subscriptions/0/resourceGroups/rg/providers/{VNET}/net/subnets/one"}},
        {"dependsOn": [f"[resourceId('{VNET}', 'net')]"]},
    ],
)
def test_a_stack_that_names_a_resource_comes_after_the_one_that_defines_it(naming: dict[str, Any]) -> None:
    review = stacks(App=template(resource("app", **naming)), Net=template(resource("net", VNET)))

    assert edges(review.plan) == {"App": ("Net",), "Net": ()}


def test_a_child_comes_after_the_stack_that_defines_its_parent() -> None:
    review = stacks(App=template(resource("net/one", SUBNET)), Net=template(resource("net", VNET)))

    assert edges(review.plan) == {"App": ("Net",), "Net": ()}


def test_stacks_that_name_nothing_of_one_another_run_in_parallel() -> None:
    review = stacks(
        A=template(resource("a")), B=template(resource("b"), resource("net", VNET)), C=template(resource("c"))
    )

    assert edges(review.plan) == {"A": (), "B": (), "C": ()}


def test_a_resource_that_both_define_orders_nothing() -> None:
    both = template(resource("net", VNET), resource("app", properties={"id": f"[resourceId('{VNET}', 'net')]"}))

    assert edges(stacks(A=both, B=both).plan) == {"A": (), "B": ()}


def test_stacks_that_name_each_other_are_deployed_as_listed_with_a_warning() -> None:
    def stack(own: str, other: str) -> dict[str, Any]:
        return template(resource(own, VNET, properties={"peer": f"[resourceId('{VNET}', '{other}')]"}))

    review = stacks(B=stack("b", "a"), A=stack("a", "b"))

    assert edges(review.plan) == {"A": (), "B": ("A",)}
    [warning] = review.problems
    assert (warning.code, warning.severity) == (ProblemCode.DEPENDENCY_CYCLE, Severity.WARNING)
    assert warning.pointer == "/stacks/A"


def test_listed_order_is_one_by_one_as_the_keys_stand() -> None:
    review = stacks(order="listed", C=template(), A=template(resource("net", VNET)), B=template())

    assert edges(review.plan) == {"C": (), "A": ("C",), "B": ("A",)}
