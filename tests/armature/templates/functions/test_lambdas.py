"""Lambdas: what they see, what refuses them, and what sort, groupBy and the others make with them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError
from armature.templates.evaluation import StaticScope, evaluate

HELP = "Please see https://aka.ms/arm-functions for usage details."
INTEGERS = st.lists(st.integers(-50, 50), max_size=12)


def value_of(expression: str, **parameters: Any) -> Any:
    return evaluate(expression, StaticScope(parameters))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[map(createArray(5, 6), lambda('x', 'i', add(lambdaVariables('X'), lambdaVariables('i'))))]", [5, 7]),
        ("[MAP(createArray(1), LAMBDA('x', LAMBDAVARIABLES('x')))]", [1]),
        ("[map(createArray(1), lambda(concat('x'), lambdaVariables('x')))]", [1]),
        ("[map(createArray(), lambda('x', fail('never')))]", []),
        ("[filter(createArray(1, 2, 3), lambda('x', 'i', greater(lambdaVariables('i'), 0)))]", [2, 3]),
        ("[reduce(createArray(1, 2, 3), 10, lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b'))))]", 16),
        ("[toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', 1))]", {"a": 1, "b": 1}),
        ("[groupBy(createArray('a', 'b', 'A'), lambda('x', lambdaVariables('x')))]", {"a": ["a", "A"], "b": ["b"]}),
        ("[mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))]", {"a": 2}),
    ],
)
def test_a_lambda_is_evaluated_for_each_item(expression: str, value: Any) -> None:
    assert value_of(expression) == value


def test_an_inner_lambda_sees_the_outer_ones_variables_and_hides_those_of_the_same_name() -> None:
    sees = "lambda('y', add(lambdaVariables('y'), length(lambdaVariables('x'))))"
    hides = "lambda('x', lambdaVariables('x'))"

    assert value_of(f"[map(parameters('p'), lambda('x', map(lambdaVariables('x'), {sees})))]", p=[[1, 2], [3]]) == [
        [3, 4],
        [4],
    ]
    assert value_of(f"[map(parameters('p'), lambda('x', map(lambdaVariables('x'), {hides})))]", p=[[1], [2]]) == [
        [1],
        [2],
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("[lambda('x', 1)]", f"The template function 'lambda' is not valid. {HELP}"),
        ("[createArray(lambda('x', 1))]", f"The template function 'lambda' is not valid. {HELP}"),
        ("[lambdaVariables('x')]", f"The template function 'lambdaVariables' is not valid. {HELP}"),
        (
            "[map(createArray(1), lambda('x', lambdaVariables('y')))]",
            f"The template function 'lambdaVariables' is not valid. {HELP}",
        ),
        (
            "[map(createArray(1), if(true(), lambda('x', 1), 2))]",
            (
                "The template language function 'map' expects its second parameter to be of type 'lambda'. The "
                f"provided value is of type 'Token'. {HELP}"
            ),
        ),
        (
            "[map(createArray(1), lambda('x'))]",
            (
                "Unable to evaluate template language function 'lambda': function requires between 2 and 3 argument(s) "
                "while 1 were provided. Please see https://aka.ms/arm-resource-functions/#lambda for usage details."
            ),
        ),
        (
            "[filter(createArray(1), lambda('x', 1))]",
            (
                "The lambda expression provided to language function 'filter' is expected to return a value of type "
                f"'Boolean', but evaluation on the input element at position 0 returned a value of type "
                f"'Integer'. {HELP}"
            ),
        ),
        (
            "[toObject(createArray('a', 'A'), lambda('x', lambdaVariables('x')))]",
            (
                "The lambda expression parameter at index '1' of function 'toObject' returned a duplicate key 'A'. "
                f"Object keys must be strings that are case-insensitively unique. {HELP}"
            ),
        ),
    ],
)
def test_what_is_no_lambda_or_returns_the_wrong_type_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        value_of(expression)

    assert raised.value.message == message
    assert raised.value.column is not None


@given(INTEGERS)
def test_sort_is_pythons_sort(numbers: list[int]) -> None:
    by = "lambda('a', 'b', {0}(lambdaVariables('a'), lambdaVariables('b')))"

    assert value_of(f"[sort(parameters('p'), {by.format('less')})]", p=numbers) == sorted(numbers)
    assert value_of(f"[sort(parameters('p'), {by.format('greaterOrEquals')})]", p=numbers) == sorted(
        numbers, reverse=True
    )


@given(INTEGERS)
def test_sort_is_stable(numbers: list[int]) -> None:
    smaller = "less(mod(lambdaVariables('a'), 3), mod(lambdaVariables('b'), 3))"

    found = value_of(f"[sort(parameters('p'), lambda('a', 'b', {smaller}))]", p=[abs(number) for number in numbers])

    assert found == sorted(map(abs, numbers), key=lambda number: number % 3)


@given(st.lists(st.text("abAB", max_size=2), max_size=10))
def test_groups_hold_every_item_once_in_order_under_a_key_without_regard_to_case(words: list[str]) -> None:
    groups = value_of("[groupBy(parameters('p'), lambda('x', lambdaVariables('x')))]", p=words)

    assert {key.lower(): [word for word in words if word.lower() == key.lower()] for key in groups} == {
        key.lower(): group for key, group in groups.items()
    }
    assert sorted(word for group in groups.values() for word in group) == sorted(words)


@given(INTEGERS)
def test_map_filter_and_reduce_are_pythons(numbers: list[int]) -> None:
    assert value_of("[map(parameters('p'), lambda('x', mul(lambdaVariables('x'), 2)))]", p=numbers) == [
        2 * number for number in numbers
    ]
    assert value_of("[filter(parameters('p'), lambda('x', greater(lambdaVariables('x'), 0)))]", p=numbers) == [
        number for number in numbers if number > 0
    ]
    adding = "lambda('a', 'b', add(lambdaVariables('a'), lambdaVariables('b')))"
    assert value_of(f"[reduce(parameters('p'), 0, {adding})]", p=numbers) == sum(numbers)


@pytest.mark.parametrize(
    "expression",
    [
        "[map(range(0, 10000), lambda('x', map(range(0, 10000), lambda('y', 1))))]",
        "[map(range(0, 10000), lambda('x', concat(parameters('big'), string(lambdaVariables('x')))))]",
        "[reduce(range(0, 10000), createArray(), lambda('a', 'b', concat(lambdaVariables('a'), range(0, 100))))]",
    ],
)
def test_a_lambda_that_would_run_or_fill_the_memory_for_long_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError, match="is too large"):
        value_of(expression, big="a" * 1_000_000)


@pytest.mark.parametrize("depth", [3, 30, 49])
def test_lambdas_may_stand_in_lambdas_as_deep_as_an_expression_may_be_nested(depth: int) -> None:
    expression = "1"
    for _ in range(depth):
        expression = f"map(createArray(1), lambda('x', {expression}))"

    value: Any = value_of(f"[{expression}]")

    for _ in range(depth):
        value = value[0]
    assert value == 1
