"""What a template makes of its own address, `deployment().properties.templateLink.uri`, with the address put in."""

from collections.abc import Callable
from dataclasses import replace

from armature.templates.expressions import (
    Expression,
    FunctionCall,
    IndexAccess,
    PropertyAccess,
    StringLiteral,
    parse_expression,
    render,
    walk,
)

OWN_LINK = "deployment().properties.templateLink"
_NAME = "templatelink"


class UnknownUseError(ValueError):
    """An expression asks for something else of the template's link than its address."""


def with_own_address(text: str, address: str) -> str:
    """An expression in which the template's own address is a literal; as it is when it does not ask for it.

    Raises:
        ExpressionSyntaxError: the text is no expression.
        UnknownUseError: it asks for more of the link than can be known without one.
    """
    if _NAME not in text.lower():
        return text
    tree = parse_expression(text)
    told = _replaced(tree, lambda node: _told(node, address))
    if _asks_for_its_link(told):
        raise UnknownUseError("The expression asks for its own link, which a template that is inlined does not have.")
    return text if told == tree else f"[{render(told)}]"


def _told(node: Expression, address: str) -> Expression | None:
    """What a part of an expression comes to with a link; None for what has nothing to do with it."""
    if _path(node) == ("properties", _NAME, "uri"):
        return StringLiteral(address)
    if isinstance(node, FunctionCall) and node.calls("contains") and len(node.arguments) == 2:
        holder, name = node.arguments
        if _path(holder) == ("properties",) and isinstance(name, StringLiteral) and name.value.lower() == _NAME:
            return FunctionCall("true")
    return None


def _path(node: Expression) -> tuple[str, ...] | None:
    """The names, in lower case, by which an expression goes into what `deployment()` is; None for any other."""
    names: list[str] = []
    while True:
        match node:
            case PropertyAccess():
                names.append(node.name.lower())
                node = node.target
            case IndexAccess(index=StringLiteral(value=name)):
                names.append(name.lower())
                node = node.target
            case FunctionCall():
                return tuple(reversed(names)) if node.calls("deployment") else None
            case _:
                return None


def _asks_for_its_link(tree: Expression) -> bool:
    nodes = list(walk(tree))
    names = {node.name.lower() for node in nodes if isinstance(node, PropertyAccess)}
    literals = {node.value.lower() for node in nodes if isinstance(node, StringLiteral)}
    is_of_deployment = any(isinstance(node, FunctionCall) and node.calls("deployment") for node in nodes)
    return is_of_deployment and _NAME in names | literals


def _replaced(node: Expression, told: Callable[[Expression], Expression | None]) -> Expression:
    """A tree in which every part that `told` has another word for is that, outermost first."""
    other = told(node)
    if other is not None:
        return other
    match node:
        case FunctionCall():
            return replace(node, arguments=tuple(_replaced(one, told) for one in node.arguments))
        case PropertyAccess():
            return replace(node, target=_replaced(node.target, told))
        case IndexAccess():
            return replace(node, target=_replaced(node.target, told), index=_replaced(node.index, told))
        case _:
            return node
