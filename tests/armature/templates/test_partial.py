"""What can be told of values of which a part is pending."""

import pytest

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate
from armature.templates.scope import Pending


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
        ("indexOf(parameters('array'), 1)", 0),
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
        "equals(parameters('array'), createArray(1, 2))",
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
