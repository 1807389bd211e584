"""The grammar of the template language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import (
    MAX_DEPTH,
    Expression,
    FunctionCall,
    IndexAccess,
    NumberLiteral,
    PropertyAccess,
    StringLiteral,
    escape,
    is_expression,
    parse_expression,
    render,
    unescape,
    walk,
)
from armature.templates.limits import MAX_EXPRESSION_CHARACTERS

NAMES = st.from_regex(r"\A[A-Za-z_$][A-Za-z0-9_$]{0,6}\Z")
LITERALS = st.builds(StringLiteral, st.text(max_size=8)) | st.builds(NumberLiteral, st.integers(-(2**63), 2**63 - 1))


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    arguments = st.lists(inner, max_size=3).map(tuple)
    return st.builds(FunctionCall, NAMES, arguments, st.none() | NAMES)


def deeper(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    call = calls(inner)
    accessed = call | st.builds(PropertyAccess, call, NAMES) | st.builds(IndexAccess, call, inner)
    return accessed | st.builds(PropertyAccess, st.builds(IndexAccess, call, inner), NAMES)


EXPRESSIONS = st.recursive(LITERALS, deeper, max_leaves=12)


def fault_of(text: str) -> ExpressionSyntaxError | None:
    """What the parser refuses a text with; anything but a syntax error fails the test."""
    try:
        parse_expression(text)
    except ExpressionSyntaxError as error:
        return error
    return None


@given(EXPRESSIONS)
def test_what_is_printed_parses_to_the_same_tree(expression: Expression) -> None:
    assert parse_expression(f"[{render(expression)}]") == expression


@given(st.text())
@settings(max_examples=300)
def test_any_text_parses_or_is_a_syntax_error_inside_it(text: str) -> None:
    fault = fault_of(f"[{text}]")

    assert fault is None or (1 <= fault.column <= len(text) + 2 and fault.reason)


@given(st.text(alphabet="[]().,' \t\na1-+$_\"", max_size=30))
@settings(max_examples=500)
def test_any_punctuation_parses_or_is_a_syntax_error(text: str) -> None:
    fault = fault_of(f"[{text}]")

    if fault is None:
        tree = parse_expression(f"[{text}]")
        assert parse_expression(f"[{render(tree)}]") == tree
    else:
        assert 1 <= fault.column <= len(text) + 2


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("['a']", StringLiteral("a")),
        ("['it''s']", StringLiteral("it's")),
        ("['']", StringLiteral("")),
        ("[-12]", NumberLiteral(-12)),
        ("[ +7 ]", NumberLiteral(7)),
        ("[f()]", FunctionCall("f")),
        ("[f ( 'a' , 1 )]", FunctionCall("f", (StringLiteral("a"), NumberLiteral(1)))),
        ("[ns.f(g())]", FunctionCall("f", (FunctionCall("g"),), "ns")),
        ("[f().a[0].b]", PropertyAccess(IndexAccess(PropertyAccess(FunctionCall("f"), "a"), NumberLiteral(0)), "b")),
        ("[f()['a b']]", IndexAccess(FunctionCall("f"), StringLiteral("a b"))),
        ("[f()[g()]]", IndexAccess(FunctionCall("f"), FunctionCall("g"))),
        ("[f(\n 'a]'\n)]", FunctionCall("f", (StringLiteral("a]"),))),
        ("[f('[g()]')]", FunctionCall("f", (StringLiteral("[g()]"),))),
    ],
)
def test_each_form_of_the_grammar_is_parsed(text: str, tree: Expression) -> None:
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("[]", 2, "expected token 'Identifier' and actual 'EndOfData'"),
        ("[concat('a', [concat('b')])]", 14, "expected token 'Identifier' and actual 'LeftSquareBracket'"),
        ("[reference([resourceId()]).x]", 12, "expected token 'Identifier' and actual 'LeftSquareBracket'"),
        ("[concat('a' 'b')]", 13, "expected token 'RightParenthesis' and actual 'Literal'"),
        ("[concat('a',)]", 13, "expected token 'Identifier' and actual 'RightParenthesis'"),
        ("[concat('a']", 12, "expected token 'RightParenthesis' and actual 'EndOfData'"),
        ("[concat('a'))]", 13, "expected token 'EndOfData' and actual 'RightParenthesis'"),
        ("[true]", 6, "expected token 'LeftParenthesis' and actual 'EndOfData'"),
        ("[a.b.c()]", 5, "expected token 'LeftParenthesis' and actual 'Dot'"),
        ("['a'.b]", 5, "expected token 'EndOfData' and actual 'Dot'"),
        ("[f().1]", 6, "expected token 'Identifier' and actual 'Integer'"),
        ("[f()[]]", 6, "expected token 'Identifier' and actual 'RightSquareBracket'"),
        ("[f()[0]", 7, "expected token 'RightSquareBracket' and actual 'EndOfData'"),
        ("[1.5]", 2, "float point numbers are not supported"),
        ("[1a]", 3, "the string character 'a' at position '1' is not expected"),
        ("[- 1]", 2, "the value '-' at position '0' cannot be converted to number"),
        ("[9223372036854775808]", 2, "cannot be converted to number"),
        ('[concat("a")]', 9, "the string character '\"' at position '7' is not expected"),
        ("[concat('a]", 9, "the string constant at position '7' is not terminated"),
        ("[concat('a'']", 9, "the string constant at position '7' is not terminated"),
        ("[f();]", 5, "the string character ';' at position '3' is not expected"),
        ("concat('a')", 1, "begins with '['"),
    ],
)
def test_a_fault_is_told_with_its_column(text: str, column: int, reason: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression(text)

    assert caught.value.column == column
    assert reason in caught.value.reason


def test_the_words_of_a_fault_are_those_of_arm() -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_expression("[concat('a' 'b')]")

    assert caught.value.message == (
        "Unable to parse language expression 'concat('a' 'b')': expected token 'RightParenthesis' and actual 'Literal'."
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("[f()]", True),
        ("[]", True),
        ("[[f()]", False),
        ("[[[f()]", False),
        (" [f()]", False),
        ("[f()] ", False),
        ("x[f()]", False),
        ("[f()", False),
        ("", False),
        ("/subscriptions/[subscription().subscriptionId]/x", False),
    ],
)
def test_what_stands_in_brackets_is_an_expression(text: str, is_one: bool) -> None:
    assert is_expression(text) is is_one


@pytest.mark.parametrize(("text", "literal"), [("[[f()]", "[f()]"), ("[[[f()]", "[[f()]"), ("[[f", "[[f"), ("a", "a")])
def test_a_doubled_bracket_stands_for_one(text: str, literal: str) -> None:
    assert unescape(text) == literal


@given(st.text())
def test_what_is_escaped_is_read_as_a_literal(text: str) -> None:
    escaped = escape(text)

    assert not is_expression(escaped)
    assert unescape(escaped) == text or text.startswith("[[")


def test_an_expression_has_at_most_24576_characters() -> None:
    def of_length(length: int) -> str:
        around = len("[concat('')]")
        return f"[concat('{'a' * (length - around)}')]"

    assert parse_expression(of_length(MAX_EXPRESSION_CHARACTERS))
    with pytest.raises(ExpressionSyntaxError, match="24577 characters"):
        parse_expression(of_length(MAX_EXPRESSION_CHARACTERS + 1))


@pytest.mark.parametrize(
    ("before", "after"), [("f(", ")"), ("f()[", "]"), ("ns.f(1,", ")")], ids=["calls", "indexes", "user functions"]
)
def test_nesting_ends_at_a_limit_and_not_in_a_crash(before: str, after: str) -> None:
    def nested(depth: int) -> str:
        return f"[{before * depth}f(){after * depth}]"

    assert parse_expression(nested(MAX_DEPTH - 1))
    for depth in (MAX_DEPTH, 2_000):
        with pytest.raises(ExpressionSyntaxError, match="nested more than"):
            parse_expression(nested(depth))


def test_a_chain_of_accesses_ends_at_the_same_limit() -> None:
    assert parse_expression(f"[f(){'.a' * (MAX_DEPTH - 1)}]")
    with pytest.raises(ExpressionSyntaxError, match="nested more than"):
        parse_expression(f"[f(){'.a' * 5_000}]")


def test_columns_are_counted_in_the_whole_string() -> None:
    tree = parse_expression("[f(g('a').b[1])]")

    columns = [(type(node).__name__, node.column) for node in walk(tree)]

    assert columns == [
        ("FunctionCall", 2),
        ("IndexAccess", 12),
        ("PropertyAccess", 11),
        ("FunctionCall", 4),
        ("StringLiteral", 6),
        ("NumberLiteral", 13),
    ]


def test_an_own_function_is_not_one_of_arms() -> None:
    tree = parse_expression("[my.Concat('a')]")

    assert isinstance(tree, FunctionCall)
    assert tree.full_name == "my.Concat"
    assert not tree.calls("concat")
    assert FunctionCall("CONCAT").calls("concat")
