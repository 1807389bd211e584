import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.bundle import BundleLimits
from armature.manifest import MAX_REGIONS
from armature.plan import Plan
from armature.problems import ProblemCode
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.builders import declared, manifest, request, template, zipped

SKU = {"sku": {"type": "string", "defaultValue": "B1"}, "size": {"type": "int", "defaultValue": 1}}
FED = {"id": {"type": "string", "defaultValue": ""}}
OUTPUTS = {"id": {"type": "string", "value": ""}}


def bundle(regions: Any, **parts: Any) -> dict[str, Any]:
    """Two templates for resource groups and one for the subscription, in these regions."""
    templates = [
        declared("web", "web.json", parameters={"sku": {"value": "S1"}}),
        declared("data", "data.json", scope={"resourceGroup": "rg-data"}),
        declared("base", "base.json"),
    ]
    described = manifest(*templates, **{"location": None, "regions": regions, **parts})
    return {
        "manifest.json": {key: value for key, value in described.items() if value is not None},
        "web.json": template(parameters={**SKU, **FED}),
        "data.json": template(outputs=OUTPUTS),
        "base.json": template(scope="subscription", parameters=FED),
    }


def reviewed(documents: dict[str, Any], /, *, asks: bool = True, **target: Any) -> Review:
    return review_bundle(
        ZipBundle(io.BytesIO(zipped(documents)), BundleLimits()),
        request=request(target={"location": None, **target}) if asks else None,
        deployment_id="region-1",
        cloud_name="AzureCloud",
        default_location="northeurope",
    )


def planned(documents: dict[str, Any], **target: Any) -> Plan:
    review = reviewed(documents, **target)
    assert review.plan is not None, review.errors
    return review.plan


def groups(plan: Plan) -> dict[str, str | None]:
    return {each.name: each.scope.resource_group for each in plan.templates}


TWO = {
    "eastus2": {},
    "westeurope": {
        "resourceGroup": "rg-west",
        "resourceGroups": {"DATA": "rg-data-west"},
        "parameters": {"Web": {"SKU": {"value": "P1"}, "id": {"output": "data.id"}}},
    },
}


def test_the_requests_location_chooses_the_region_and_what_is_another_there() -> None:
    east, west = (planned(bundle(TWO), location=name) for name in ("eastus2", "westeurope"))

    assert (east.location, west.location) == ("eastus2", "westeurope")
    assert groups(east) == {"web": "rg-shop", "data": "rg-data", "base": None}
    assert groups(west) == {"data": "rg-data-west", "base": None, "web": "rg-west"}
    assert {group.location for group in west.resource_groups_to_ensure} == {"westeurope"}
    assert west.template("base").location == "westeurope"
    assert {name: binding.value for name, binding in east.template("web").parameters.items()} == {"sku": "S1"}
    assert west.template("web").parameters["sku"].value == "P1"
    assert (east.template("web").depends_on, west.template("web").depends_on) == ((), ("data",))


def test_what_the_request_says_for_one_template_comes_before_the_region() -> None:
    plan = planned(bundle(TWO), location="westeurope", resourceGroups={"web": "rg-own"}, resourceGroup="rg-other")

    assert groups(plan) == {"data": "rg-data-west", "base": None, "web": "rg-own"}


def test_the_manifests_own_location_is_the_region_of_a_request_that_names_none() -> None:
    assert planned(bundle(TWO, location="westeurope")).location == "westeurope"


@given(st.lists(st.sampled_from(["eastus2", "westeurope", "uksouth", "usgovvirginia"]), min_size=1, unique=True))
def test_each_region_has_a_lineage_of_its_own_though_the_groups_are_the_same(names: list[str]) -> None:
    documents = bundle({name: {} for name in names})

    lineages = [planned(documents, location=name).lineage for name in names]
    without = planned(bundle(None), location=names[0]).lineage

    assert [lineage.region for lineage in lineages] == names
    assert without.region is None
    assert len({lineage.key for lineage in (*lineages, without)}) == len(names) + 1
    assert planned(documents, location=names[0]).lineage == lineages[0]


@pytest.mark.parametrize(
    ("parts", "target", "code", "pointer"),
    [
        ({}, {}, ProblemCode.TARGET_INCOMPLETE, "/target/location"),
        ({}, {"location": "uksouth"}, ProblemCode.REGION_UNKNOWN, "/target/location"),
        ({"location": "uksouth"}, {"location": "eastus2"}, ProblemCode.REGION_UNKNOWN, "/location"),
        ({"location": "uksouth"}, {"location": "uksouth"}, ProblemCode.REGION_UNKNOWN, "/location"),
    ],
)
def test_a_region_has_to_be_chosen_that_the_bundle_has(
    parts: dict[str, Any], target: dict[str, Any], code: ProblemCode, pointer: str
) -> None:
    review = reviewed(bundle(TWO, **parts), **target)

    assert (code, pointer) in [(problem.code, problem.pointer) for problem in review.errors]
    assert all("eastus2, westeurope" in problem.next_step + problem.message for problem in review.errors)
    assert review.plan is None


@pytest.mark.parametrize(
    ("region", "code", "place"),
    [
        ({"resourceGroups": {"wbe": "rg"}}, ProblemCode.DEPENDENCY_UNKNOWN, "/resourceGroups/wbe"),
        ({"resourceGroups": {"base": "rg"}}, ProblemCode.SCOPE_MISMATCH, "/resourceGroups/base"),
        ({"resourceGroups": {"web": "a", "WEB": "b"}}, ProblemCode.NAME_DUPLICATE, "/resourceGroups/WEB"),
        ({"parameters": {"wbe": {}}}, ProblemCode.DEPENDENCY_UNKNOWN, "/parameters/wbe"),
        ({"parameters": {"web": {"sqk": {"value": 1}}}}, ProblemCode.PARAMETER_UNKNOWN, "/parameters/web/sqk"),
        ({"parameters": {"web": {"size": {"value": "x"}}}}, ProblemCode.PARAMETER_TYPE, "/parameters/web/size/value"),
        (
            {"parameters": {"web": {"id": {"output": "base.no"}}}},
            ProblemCode.OUTPUT_UNKNOWN,
            "/parameters/web/id/output",
        ),
        ({"parameters": {"web": {"sku": 1}}}, ProblemCode.MANIFEST_FIELD, "/parameters/web/sku"),
        ({"parameters": {"web": {"sku": {}}}}, ProblemCode.MANIFEST_FIELD, "/parameters/web/sku"),
        ({"resourceGroup": "ends."}, ProblemCode.MANIFEST_FIELD, "/resourceGroup"),
        ({"location": "x"}, ProblemCode.MANIFEST_FIELD, "/location"),
    ],
)
@pytest.mark.parametrize("asks", [True, False], ids=["for a request", "by itself"])
def test_what_is_wrong_in_a_region_is_told_at_its_place(
    region: dict[str, Any], code: ProblemCode, place: str, asks: bool
) -> None:
    review = reviewed(bundle({"eastus2": {}, "uksouth": region}), asks=asks, location="uksouth")

    assert [(problem.code, problem.pointer) for problem in review.errors] == [(code, f"/regions/uksouth{place}")]
    assert review.errors[0].line is not None


def test_what_is_wrong_everywhere_is_told_once() -> None:
    documents = bundle({"eastus2": {}, "uksouth": {}}) | {"web.json": template(parameters={"must": {"type": "string"}})}

    review = reviewed(documents, asks=False)

    assert sorted(problem.code for problem in review.errors) == ["ParameterMissing", "ParameterUnknown"]


@pytest.mark.parametrize(
    ("count", "is_allowed"), [(0, False), (1, True), (MAX_REGIONS, True), (MAX_REGIONS + 1, False)]
)
def test_as_many_regions_as_there_can_be(count: int, is_allowed: bool) -> None:
    regions = {f"region{number}": {} for number in range(count)}

    review = reviewed(bundle(regions, location="region0" if count else None))

    assert [problem.pointer for problem in review.errors] == ([] if is_allowed else ["/regions"])


@pytest.mark.parametrize("name", ["East US 2", "", "eastus-2"])
def test_a_region_is_named_by_its_short_name(name: str) -> None:
    review = reviewed(bundle({name: {}}))

    assert (ProblemCode.MANIFEST_FIELD, f"/regions/{name}") in [(each.code, each.pointer) for each in review.errors]
