"""Evaluation: the walk over the tree, laziness, look-ups without regard to case, and what a static scope knows."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, TemplateError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate, evaluate_value
from armature.templates.expressions import escape, parse_expression
from armature.templates.functions import FUNCTIONS, find_function

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"


def value_of(expression: str, scope: StaticScope | None = None) -> Any:
    return evaluate(expression, scope or StaticScope(prefix=GROUP))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[CONCAT('a', 1, tRuE())]", "a1True"),
        ("[createObject('Name', createArray(1, 2)).NAME[1]]", 2),
        ("[createObject('a b', 1)['A B']]", 1),
        ("[resourceGroup().Name]", "rg"),
        ("[subscription().subscriptionId]", "00000000-0000-0000-0000-000000000001"),
        ("[resourceId('Microsoft.Web/sites', 'a')]", f"{GROUP}/providers/Microsoft.Web/sites/a"),
    ],
)
def test_names_are_found_without_regard_to_case(expression: str, value: Any) -> None:
    assert value_of(expression) == value


def test_a_tree_is_evaluated_as_its_text_is() -> None:
    assert evaluate(parse_expression("[add(1, 2)]"), StaticScope()) == 3


@pytest.mark.parametrize(
    "expression",
    [
        "[if(true(), 1, fail('no'))]",
        "[if(false(), fail('no'), 1)]",
        "[coalesce(1, fail('no'))]",
        "[int(string(if(and(false(), fail('no')), 0, 1)))]",
        "[if(or(true(), fail('no')), 1, 0)]",
    ],
)
def test_arguments_that_do_not_count_are_not_evaluated(expression: str) -> None:
    assert value_of(expression) == 1


@pytest.mark.parametrize(
    ("expression", "column", "message"),
    [
        ("[concat('a', nope())]", 14, "The template function 'nope' is not valid."),
        ("[concat('a', toLower())]", 14, "function requires 1 argument(s) while 0 were provided."),
        ("[concat('a', add(1, 'b'))]", 14, "expects its second parameter to be of type 'Integer'."),
        ("[createObject('a', 1).b]", 23, "property 'b' doesn't exist, available properties are 'a'."),
        ("[createArray(1)[1]]", 16, "array index '1' is out of bounds."),
        ("[createArray(1).a]", 17, "Unable to evaluate named property or non-integer index 'a' on an array value."),
        ("[createObject('a', 1)[0]]", 22, "property '0' can't be evaluated, property name must be a string."),
        ("[concat('a').b]", 14, "property 'b' can't be evaluated."),
        ("[fail('because')]", 2, "because"),
        ("[take('😀', 1)]", 2, "Cannot transcode invalid UTF-16 string"),
    ],
)
def test_a_refusal_has_the_engines_words_and_the_column_of_its_cause(
    expression: str, column: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(expression)

    assert caught.value.code == "InvalidTemplate"
    assert message in caught.value.message
    assert caught.value.column == column


def test_a_value_is_evaluated_through_and_through() -> None:
    value = {"[concat('a', 'b')]": ["[add(1, 1)]", {"x": "[[literal]", "y": None}], "plain": "[not closed"}

    assert evaluate_value(value, StaticScope()) == {"ab": [2, {"x": "[literal]", "y": None}], "plain": "[not closed"}


def test_what_an_expression_yields_is_not_evaluated_again() -> None:
    assert evaluate_value("[concat('[', 'add(1, 1)]')]", StaticScope()) == "[add(1, 1)]"
    assert evaluate_value("['[[x]']", StaticScope()) == "[[x]"


def test_a_name_that_evaluates_to_no_string_is_refused() -> None:
    with pytest.raises(ExpressionError, match="must evaluate to a string"):
        evaluate_value({"[add(1, 1)]": 1}, StaticScope())


@given(st.text())
def test_escaped_text_evaluates_to_itself(text: str) -> None:
    if not text.startswith("[["):
        assert evaluate_value(escape(text), StaticScope()) == text


def test_text_that_is_no_expression_is_a_syntax_error() -> None:
    with pytest.raises(ExpressionSyntaxError):
        evaluate("concat('a')", StaticScope())


def test_variables_are_evaluated_when_they_are_asked_for() -> None:
    scope = StaticScope({"A": "x"}, {"b": "[concat(parameters('a'), variables('C'))]", "c": "y", "bad": "[fail('no')]"})

    assert value_of("[variables('B')]", scope) == "xy"


def test_variables_that_refer_to_one_another_in_a_circle_are_unresolved() -> None:
    scope = StaticScope({}, {"a": "[variables('b')]", "b": "[variables('a')]"})

    with pytest.raises(UnresolvedError):
        value_of("[variables('a')]", scope)


def test_a_long_chain_of_variables_ends_in_a_refusal_and_not_in_a_crash() -> None:
    chain = {f"v{index}": f"[variables('v{index + 1}')]" for index in range(2_000)} | {"v2000": "end"}

    with pytest.raises(ExpressionError, match="nested too deeply"):
        value_of("[variables('v0')]", StaticScope({}, chain))


@pytest.mark.parametrize(
    "expression",
    [
        "[parameters('x')]",
        "[variables('x')]",
        "[reference('x').y]",
        "[listKeys('x', '2020-01-01').keys]",
        "[providers('Microsoft.Web')]",
        "[copyIndex()]",
        "[copyIndex('loop')]",
        "[utcNow()]",
        "[newGuid()]",
        "[deployment().name]",
        "[environment().name]",
        "[tenant().tenantId]",
        "[deployer().objectId]",
        "[managementGroup().name]",
        "[resourceGroup().location]",
        "[string(resourceGroup())]",
        "[subscription().displayName]",
        "[my.function(1)]",
        "[map(createArray(1), lambda('x', my.function(lambdaVariables('x'))))]",
        "[roleDefinitions('Reader')]",
        "[pickZones('Microsoft.Compute', 'virtualMachines', 'eastus2')]",
    ],
)
def test_what_a_static_scope_can_not_know_is_unresolved(expression: str) -> None:
    with pytest.raises(UnresolvedError):
        value_of(expression)


def test_without_a_target_no_id_is_known() -> None:
    for expression in ("[resourceId('Microsoft.Web/sites', 'a')]", "[resourceGroup().name]", "[subscription().id]"):
        with pytest.raises(UnresolvedError):
            value_of(expression, StaticScope())


def test_a_scope_inside_a_loop_knows_its_iteration() -> None:
    inside = StaticScope({}, {"name": "[concat('n', copyIndex())]", "other": "[concat('n', 'o')]"}).at("Loop", 4)

    assert value_of("[copyIndex()]", inside) == 4
    assert value_of("[copyIndex(1)]", inside) == 5
    assert value_of("[copyIndex('LOOP', 10)]", inside) == 14
    assert value_of("[variables('other')]", inside) == "no"
    with pytest.raises(UnresolvedError):
        value_of("[variables('name')]", inside)


@pytest.mark.parametrize("name", ["listKeys", "LISTSECRETS", "list", "listCallbackUrl"])
def test_every_list_function_is_known(name: str) -> None:
    function = find_function(name)

    assert function is not None
    assert function.kind == "runtime"


def test_functions_are_known_by_their_names_in_lower_case() -> None:
    assert all(name == function.name.lower() for name, function in FUNCTIONS.items())
    assert find_function("nope") is None
    assert find_function("uniqueSTRING") is FUNCTIONS["uniquestring"]


ARGUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.integers(-3, 20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["A.B/c", "https://a.com/b/", "{0:D3}", "P1Y2DT3.5S", "2020-04-07T14:53:14Z", "yyyy", "data:,x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
EVALUATED = sorted(name for name, function in FUNCTIONS.items())


@given(st.sampled_from(EVALUATED), st.lists(ARGUMENTS, max_size=4))
@settings(max_examples=400)
def test_any_call_has_a_value_or_is_refused(name: str, arguments: list[Any]) -> None:
    scope = StaticScope({f"p{index}": value for index, value in enumerate(arguments)}, prefix=GROUP)
    parameters = ", ".join(f"parameters('p{index}')" for index in range(len(arguments)))

    outcome = outcome_of(f"[{name}({parameters})]", scope)

    assert isinstance(outcome, TemplateError) or json.dumps(outcome, allow_nan=False)


def outcome_of(expression: str, scope: StaticScope) -> Any:
    """The value or the refusal; any other exception fails the test."""
    try:
        return evaluate(expression, scope)
    except TemplateError as error:
        return error


@pytest.mark.parametrize(
    "doubled",
    [
        "[concat(variables('v{0}'), variables('v{0}'))]",
        "[format('{{0}}{{0}}', variables('v{0}'))]",
        "[replace(variables('v{0}'), 'a', 'aa')]",
        "[join(createArray(variables('v{0}'), variables('v{0}')), '')]",
        "[createArray(variables('v{0}'), variables('v{0}'))]",
        "[createObject('a', variables('v{0}'), 'b', variables('v{0}'))]",
        "[concat(array(variables('v{0}')), array(variables('v{0}')))]",
    ],
)
def test_values_that_double_and_double_are_refused_before_they_fill_the_memory(doubled: str) -> None:
    variables = {f"v{index + 1}": doubled.format(index) for index in range(40)} | {"v0": "aaaa"}

    with pytest.raises(ExpressionError, match="is too large"):
        value_of("[variables('v40')]", StaticScope({}, variables))


def test_a_call_that_would_make_too_much_at_once_is_refused_before_it_makes_it() -> None:
    scope = StaticScope({"big": "a" * 4_000_000})

    for expression in (
        "[replace(parameters('big'), 'a', parameters('big'))]",
        f"[concat({', '.join(['parameters(' + repr('big') + ')'] * 500)})]",
        f"[format('{'{0}' * 500}', parameters('big'))]",
    ):
        with pytest.raises(ExpressionError, match="is too large"):
            value_of(expression, scope)
