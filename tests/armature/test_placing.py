import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.errors import Cause, Failure, failure_from_causes, failure_from_error
from armature.placing import placed
from armature.templates.template import Template
from tests.armature.templates.building import deployment, resource, template

GROUP = "/subscriptions/1/resourceGroups/rg"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/shop"
ROOT = "templates/main.json"

TEMPLATE = template(
    file=ROOT,
    parameters={"sku": {"type": "string"}, "name": {"type": "string"}},
    resources=[
        resource(name="other"),
        resource(name="[parameters('name')]", location="eastus", sku={"name": "P1"}, properties={"plan": {"id": "x"}}),
        deployment(name="inner", properties={"template": {}}),
    ],
)


def placed_cause(code: str, message: str = "No.", target: str | None = SITE, **more: Any) -> Cause:
    failure = failure_from_causes([Cause(code=code, message=message, target=target, **more)])
    return placed(failure, {ROOT: TEMPLATE}, ROOT, {"name": "shop"}).causes[0]


@pytest.mark.parametrize(
    ("code", "message", "pointer"),
    [
        ("AnotherOperationInProgress", "Wait.", "/resources/1"),
        ("SkuNotAvailable", "No P1 here.", "/resources/1/sku/name"),
        (
            "LocationNotAvailableForResourceType",
            "The provided location 'eastus' is not available.",
            "/resources/1/location",
        ),
        ("NoRegisteredProviderFound", "No.", "/resources/1/apiVersion"),
        ("AccountNameInvalid", "shop is no name.", "/resources/1/name"),
        ("StorageAccountAlreadyTaken", "The storage account named shop is already taken.", "/resources/1/name"),
        ("PropertyChangeNotAllowed", "Changing property 'plan.id' is not allowed.", "/resources/1/properties/plan/id"),
        ("InvalidParameter", "The value of parameter 'sku' is invalid.", "/parameters/sku"),
        ("InvalidTemplate", "The value for the template parameter 'SKU' is missing.", "/parameters/sku"),
    ],
)
def test_a_cause_is_placed_at_what_its_code_and_words_are_about(code: str, message: str, pointer: str) -> None:
    assert placed_cause(code, message).place == f"{ROOT}#{pointer}"


def test_a_cause_without_a_target_is_placed_by_the_id_in_its_words() -> None:
    message = f"The client does not have authorization to perform action 'x/write' over scope '{SITE}' or the scope is"

    assert placed_cause("AuthorizationFailed", message, None).place == f"{ROOT}#/resources/1"


@pytest.mark.parametrize(
    ("message", "target"),
    [
        ("The location is not available.", "shop"),
        ("The template resource 'shop' of type 'Microsoft.Web/sites' at line '1' and column '2' is not valid.", None),
        ("Resource 'shop' was disallowed by policy.", None),
    ],
)
def test_a_cause_that_names_a_resource_without_an_id_is_placed_by_the_name(message: str, target: str | None) -> None:
    cause = placed_cause("LocationNotAvailableForResourceType", message, target)

    assert cause.place == f"{ROOT}#/resources/1/location"


def test_a_name_that_several_resources_have_has_no_place() -> None:
    failure = failure_from_causes([Cause(code="X", message="No.", target="same")])
    twice = template(
        file=ROOT, resources=[resource(name="same"), resource(name="same", type="Microsoft.Web/serverfarms")]
    )

    assert placed(failure, {ROOT: twice}, ROOT) == failure


def test_a_violation_that_arm_reports_is_placed_by_its_path() -> None:
    info = {"lineNumber": 1, "linePosition": 1, "path": "resources[0].name"}
    document = {
        "code": "InvalidTemplate",
        "message": "Deployment template validation failed.",
        "additionalInfo": [{"type": "TemplateViolation", "info": info}],
    }

    found = placed(failure_from_error({"error": document}), {ROOT: TEMPLATE}, ROOT)

    assert found.causes[0].place == f"{ROOT}#/resources/0/name"


def test_the_suggestion_names_the_place_of_the_cause_that_speaks() -> None:
    causes = [
        Cause(code="ServerBusy", message="Later.", target=SITE.replace("shop", "other")),
        Cause(code="SkuNotAvailable", message="No P1.", target=SITE),
    ]

    found = placed(failure_from_causes(causes), {ROOT: TEMPLATE}, ROOT, {"name": "shop"})

    assert found.suggestion.endswith(f"Place: {ROOT}#/resources/1/sku/name.")
    assert [cause.place for cause in found.causes] == [f"{ROOT}#/resources/1/sku/name", f"{ROOT}#/resources/0"]


def test_placing_again_changes_nothing() -> None:
    failure = failure_from_causes([Cause(code="SkuNotAvailable", message="No P1.", target=SITE)])

    once = placed(failure, {ROOT: TEMPLATE}, ROOT, {"name": "shop"})

    assert placed(once, {ROOT: TEMPLATE}, ROOT, {"name": "shop"}) == once
    assert placed(once, {}, ROOT) == once


def test_what_cannot_be_placed_stays_as_it_is() -> None:
    failure = failure_from_causes([Cause(code="ServerBusy", message="Later.")])

    assert placed(failure, {ROOT: TEMPLATE}, ROOT) is failure
    assert placed(failure, {}, ROOT) is failure


texts = st.text(max_size=30) | st.sampled_from([SITE, GROUP, "parameter 'sku'", "property 'a.b'", "/x/providers//"])


@given(
    texts,
    texts,
    st.none() | texts,
    st.recursive(
        st.none() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "name", "copy", "properties", "template"]), inner, max_size=4)
        ),
        max_leaves=12,
    ),
)
def test_no_cause_and_no_template_is_too_odd(code: str, message: str, target: str | None, part: Any) -> None:
    body = {"$schema": "x/deploymentTemplate.json#", "resources": part if isinstance(part, list) else [part]}
    odd = Template.read(json.dumps(body), file=ROOT)
    failure = failure_from_causes([Cause(code=code, message=message, target=target)])

    found = placed(failure, {ROOT: odd}, ROOT)

    assert isinstance(found, Failure)
    assert found.code == failure.code
