"""Expressions seen without evaluating them: parsed, with variables that stand for others followed."""

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import Expression, FunctionCall, StringLiteral, is_expression, parse_expression
from armature.templates.template import Template

_STEPS = 10  # variables that stand for variables; a longer chain is followed no further


def parsed(text: str) -> Expression | None:
    """The tree of a text; None when it is no expression, or a broken one, which the checks report."""
    if not is_expression(text):
        return None
    try:
        return parse_expression(text)
    except ExpressionSyntaxError:
        return None


def followed(text: str, template: Template) -> Expression | None:
    """The tree of an expression; of one that is a variable and nothing else, of the variable's."""
    for _ in range(_STEPS):
        tree = parsed(text)
        name = argument_of(tree, "variables") if tree is not None else None
        if name is None:
            return tree
        value = next((value for key, value in template.variables.items() if key.lower() == name.lower()), None)
        if not isinstance(value, str):
            return tree
        text = value
    return None


def argument_of(node: Expression, function: str) -> str | None:
    """`x` of `function('x')`; None for anything else."""
    if isinstance(node, FunctionCall) and node.calls(function) and len(node.arguments) == 1:
        argument = node.arguments[0]
        return argument.value if isinstance(argument, StringLiteral) else None
    return None
