"""What can be told of values of which a part is pending."""

import pytest

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate
from armature.templates.scope import Pending, open_value


class PartialScope(StaticScope):
    """A scope in which a part may be pending."""

    is_partial = True


def scope() -> PartialScope:
    pending = Pending("reference('x').y")
    return PartialScope({"object": {"k": 1, "p": pending}, "array": [1, pending], "text": pending})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("length(parameters('object'))", 2),
        ("length(parameters('array'))", 2),
        ("first(parameters('array'))", 1),
        ("parameters('object').k", 1),
        ("contains(parameters('object'), 'p')", True),
        ("contains(parameters('array'), 5)", False),
        ("empty(parameters('array'))", False),
        ("equals(parameters('array'), createArray(1))", False),
        ("equals(parameters('object'), createObject('k', 2, 'p', 1))", False),
        ("equals(parameters('array'), createArray(1, 2))", False),
        ("indexOf(parameters('array'), 1)", 0),
        ("union(parameters('object'), createObject('p', 2)).p", 2),
        ("length(concat(parameters('array'), createArray(1)))", 3),
        ("length(createArray(parameters('text'), concat('a', parameters('text'))))", 2),
        ("createObject('a', parameters('text'), 'b', 1).b", 1),
        ("union(parameters('object'), createObject('k', 2)).k", 2),
        ("if(true(), 1, parameters('text'))", 1),
        ("and(false(), equals(parameters('text'), 'x'))", False),
        ("length(items(parameters('object')))", 2),
    ],
)
def test_what_needs_no_pending_part_is_told(expression: str, value: object) -> None:
    assert evaluate(f"[{expression}]", scope()) == value


@pytest.mark.parametrize(
    "expression",
    [
        "parameters('text')",
        "parameters('text').a",
        "parameters('text')[0]",
        "parameters('array')[1]",
        "last(parameters('array'))",
        "concat('a', parameters('text'))",
        "string(parameters('array'))",
        "equals(parameters('array'), parameters('array'))",
        "equals(parameters('text'), parameters('text'))",
        "union(parameters('array'), createArray(1))",
        "indexOf(parameters('array'), 5)",
        "and(equals(parameters('text'), 'x'), false())",
        "coalesce(parameters('text'), 1)",
    ],
)
def test_what_needs_a_pending_part_is_not(expression: str) -> None:
    with pytest.raises(UnresolvedError):
        evaluate(f"[{expression}]", scope())


def test_what_is_wrong_is_told_before_what_is_pending() -> None:
    with pytest.raises(ExpressionError, match="expects its second parameter"):
        evaluate("[concat(parameters('text'), string(add(1, 'x')))]", scope())


def opened() -> PartialScope:
    return PartialScope({"r": open_value("reference('r')", {"a": 1, "list": [{"b": 2}], "object": {"c": 3}})})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("parameters('r')", {"a": 1, "list": [{"b": 2}], "object": {"c": 3}}),
        ("parameters('r').list", [{"b": 2}]),
        ("parameters('r').list[0].b", 2),
        ("length(parameters('r').list)", 1),
        ("length(parameters('r').object)", 1),
        ("string(parameters('r').list[0])", '{"b":2}'),
        ("createArray(parameters('r').object)", [{"c": 3}]),
    ],
)
def test_an_open_object_is_told_as_far_as_it_is_known(expression: str, value: object) -> None:
    found = evaluate(f"[{expression}]", opened())

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("expression", ["r').x", "r').object.x", "r').list[0].x"])
def test_what_an_open_object_does_not_have_yet_is_pending(expression: str) -> None:
    with pytest.raises(UnresolvedError):
        evaluate(f"[parameters('{expression}]", opened())


@pytest.mark.parametrize(
    "expression",
    [
        "union(parameters('object'), createObject('p', createObject('a', 1))).p",
        "union(createObject('p', createArray(1)), parameters('object')).p",
        "union(createObject('p', 1), parameters('object')).p",
        "first(sort(parameters('array'), lambda('x', 'y', less(lambdaVariables('x'), lambdaVariables('y')))))",
        "filter(parameters('array'), lambda('x', lambdaVariables('x')))",
        "toObject(parameters('array'), lambda('x', lambdaVariables('x')))",
    ],
)
def test_what_depends_on_a_pending_part_is_pending_too(expression: str) -> None:
    with pytest.raises((UnresolvedError, ExpressionError)) as raised:
        evaluate(f"[{expression}]", scope())

    assert "lambda" in str(raised.value) or isinstance(raised.value, UnresolvedError)


@pytest.mark.parametrize(
    "expression",
    [
        "union(parameters('object'), createObject('p', createObject('a', 1))).p",
        "union(createObject('p', createArray(1)), parameters('object')).p",
        "union(createObject('p', 1), parameters('object')).p",
        "sort(parameters('array'), lambda('x', 'y', less(lambdaVariables('x'), lambdaVariables('y'))))",
        "filter(parameters('array'), lambda('x', lambdaVariables('x')))",
        "toObject(parameters('array'), lambda('x', lambdaVariables('x')))",
    ],
)
def test_what_a_pending_part_decides_is_refused_or_pending(expression: str) -> None:
    try:
        value = evaluate(f"[{expression}]", scope())
    except (UnresolvedError, ExpressionError):
        return
    assert isinstance(value, Pending)
