"""Predictions: what can be told of a deployment before it runs, and what can't."""

from typing import Any

from armature.templates.scope import PartialObject
from emulator.arm.engine.prediction import Prediction, Predictor
from emulator.arm.identifiers import ResourceId
from tests.emulator.arm.engine.preparing import GROUP, preparation, request
from tests.emulator.arm.running import nested, resource, template

SYMBOLIC: dict[str, Any] = {"languageVersion": "2.0"}


async def predict(content: Any, scope: ResourceId = GROUP, **properties: Any) -> Prediction:
    prepared = preparation()
    return await Predictor(prepared).predict(await prepared.prepare_root(request(content, scope, **properties)))


def properties_of(prediction: Prediction, name: str) -> Any:
    return next(one.body.get("properties") for one in prediction.resources if one.instance.name == name)


async def test_what_the_template_gives_a_resource_is_what_others_refer_to() -> None:
    first = resource("a", properties={"x": 1, "list": [{"y": 2}]})
    second = resource("b", properties={"x": "[reference('a').x]", "y": "[reference('a').list[0].y]"})

    prediction = await predict(template(second, first))

    assert properties_of(prediction, "b") == {"x": 1, "y": 2}


async def test_what_only_the_provider_knows_is_pending_inside_of_what_is_known() -> None:
    child = template(resource("b", properties={"all": "[parameters('p')]"}), parameters={"p": {"type": "object"}})
    given = {"p": {"value": {"known": 1, "later": "[reference('a').later]"}}}

    prediction = await predict(template(resource("a", properties={}), nested("n", child, parameters=given)))

    told = properties_of(prediction, "b")["all"]
    assert told["known"] == 1
    assert isinstance(told["later"], PartialObject)


async def test_a_loop_whose_count_is_pending_is_not_expanded_and_said_so() -> None:
    loop = {"name": "l", "count": "[int(parameters('p'))]"}
    child = template(resource("b", copy=loop), parameters={"p": {"type": "string"}})
    given = {"p": {"value": "[reference('a').later]"}}

    prediction = await predict(template(resource("a", properties={}), nested("n", child, parameters=given)))

    assert [one.instance.name for one in prediction.resources] == ["a"]
    assert [one["code"] for one in prediction.diagnostics] == ["NestedDeploymentShortCircuited"]


async def test_secrets_that_were_given_are_not_in_predictions() -> None:
    content = template(
        resource("a", properties={"secret": "[concat('x', parameters('p'))]"}),
        parameters={"p": {"type": "securestring"}},
    )

    prediction = await predict(content, parameters={"p": "hush"})

    assert isinstance(properties_of(prediction, "a")["secret"], PartialObject)


async def test_references_of_a_loop_are_an_array() -> None:
    loop = resource("[concat('a', copyIndex())]", copy={"name": "l", "count": 2}, properties={"n": "[copyIndex()]"})
    user = resource("b", properties={"all": "[references('a')]", "one": "[reference('a[1]').n]"})

    prediction = await predict(template() | SYMBOLIC | {"resources": {"a": loop, "b": user}})

    assert properties_of(prediction, "b") == {"all": [{"n": 0}, {"n": 1}], "one": 1}
