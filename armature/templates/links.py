"""Which templates a template links to, and how it is told where they are.

Links are of three kinds: `relativePath`, relative to the template that holds it; a URI made from the template's own,
`uri(deployment().properties.templateLink.uri, 'x.json')`; and a URI made from the parameter `_artifactsLocation`, with
the parameter `_artifactsLocationSasToken` behind it. Real templates want that parameter to end in a slash
(`uri(parameters('_artifactsLocation'), 'x.json')`) or not to (`concat(parameters('_artifactsLocation'), '/x.json')`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from armature.problems import Problem, ProblemCode
from armature.templates.errors import TemplateError
from armature.templates.evaluation import StaticScope, evaluate_value
from armature.templates.expressions import Expression, FunctionCall, StringLiteral, is_expression, walk
from armature.templates.following import argument_of, followed, parsed
from armature.templates.reading import walk_values
from armature.templates.scope import PartialObject
from armature.templates.template import ResourceDeclaration, Template

ArtifactsLocationStyle = Literal["slash", "no-slash"]

_LOCATION = "_artifactslocation"
_SAS_TOKEN = "_artifactslocationsastoken"
_BUNDLE = "https://bundle.invalid/"
_FOLDER = "\ue000"
"""Stands for the folder of the root template in URIs that are made for analysis: a character that no path has."""
_UNKNOWN = "armature-unknown-value"
_UNKNOWN_INDEX = 987_654_321


@dataclass(frozen=True, slots=True)
class TemplateLink:
    """A link from a deployment resource to a template, or to a file with its parameters.

    `path` is the target's path in the bundle, None when it can't be told or lies elsewhere; `expression` the text of
    the link. `is_in_bundle` is False only when it surely leads elsewhere: to an absolute URI, on `host`.
    """

    pointer: str
    kind: Literal["relativePath", "uri"]
    path: str | None
    expression: str
    artifacts_location: ArtifactsLocationStyle | None = None
    is_in_bundle: bool = True
    host: str | None = None


def linked_templates(
    template: Template, *, parameters: Mapping[str, Any] | None = None, artifacts_folder: str | None = None
) -> list[TemplateLink]:
    """The links of a template and of the templates inside it, in document order.

    `parameters` are values known for the template's parameters; defaults stand in for the others. `artifacts_folder` is
    the folder in the bundle that `_artifactsLocation` leads to, the template's own when it is not given (right for the
    root template).
    """
    return _links(template, "templateLink", parameters, artifacts_folder)


def linked_parameter_files(
    template: Template, *, parameters: Mapping[str, Any] | None = None, artifacts_folder: str | None = None
) -> list[TemplateLink]:
    """As `linked_templates`, the links to files with parameters (`parametersLink`)."""
    return _links(template, "parametersLink", parameters, artifacts_folder)


def _links(
    template: Template, name: str, parameters: Mapping[str, Any] | None, artifacts_folder: str | None
) -> list[TemplateLink]:
    folder = template.document.file.rpartition("/")[0] if artifacts_folder is None else artifacts_folder.strip("/")
    style = artifacts_location_style(template) or "slash"
    return [
        link
        for holder, known in _templates_in(template, parameters or {})
        for resource in holder.resources
        if (link := _link(holder, resource, name, known, folder, style)) is not None
    ]


def artifacts_location_style(template: Template) -> ArtifactsLocationStyle | None:
    """How `_artifactsLocation` must end for a template, by what comes first in it; None when nothing tells."""
    return next((style for _, style in _styles(template)), None)


def artifacts_location_problems(template: Template) -> list[Problem]:
    """The problem of a template that needs `_artifactsLocation` to end in a slash and not to end in one."""
    first: ArtifactsLocationStyle | None = None
    for pointer, style in _styles(template):
        first = first or style
        if style != first:
            place = template.document.position(pointer)
            message = (
                f"`_artifactsLocation` must end {'without' if style == 'no-slash' else 'in'} a slash for this "
                f"expression, and {'in' if style == 'no-slash' else 'without'} one for others in the template."
            )
            next_step = "Use one form everywhere: `uri(parameters('_artifactsLocation'), 'x.json')`."
            code = ProblemCode.ARTIFACTS_LOCATION_MIXED
            return [Problem(code, message, next_step, template.document.file, pointer, place.line, place.column)]
    return []


def _templates_in(template: Template, known: Mapping[str, Any]) -> Iterator[tuple[Template, Mapping[str, Any]]]:
    """The template and those inside it, each with what is known of the parameters its expressions see."""
    waiting = [(template, known)]
    while waiting:
        holder, values = waiting.pop()
        yield holder, values
        try:
            inlines = holder.inline_templates
        except ValueError:
            continue  # no template; reported by the checks
        waiting += [(inline.template, {}) for inline in reversed(inlines)]


def _link(
    holder: Template,
    resource: ResourceDeclaration,
    name: str,
    known: Mapping[str, Any],
    folder: str,
    style: ArtifactsLocationStyle,
) -> TemplateLink | None:
    link = resource.properties.get(name) if resource.is_deployment else None
    if not isinstance(link, dict):
        return None
    pointer = f"{resource.pointer}/properties/{name}"
    relative, uri = link.get("relativePath"), link.get("uri")
    if isinstance(relative, str):
        base = holder.document.file.rpartition("/")[0]
        path, host = _target(f"{_BUNDLE}{base}/" if base else _BUNDLE, relative, holder, known, folder, style)
        return TemplateLink(f"{pointer}/relativePath", "relativePath", path, relative, None, host is None, host)
    if isinstance(uri, str):
        tree = followed(uri, holder)
        used = next(iter(_styles_in(tree, _location_variables(holder))), None) if tree is not None else None
        path, host = _target("", uri, holder, known, folder, style)
        return TemplateLink(f"{pointer}/uri", "uri", path, uri, used, host is None, host)
    return None


def _target(
    base: str, text: str, holder: Template, known: Mapping[str, Any], folder: str, style: ArtifactsLocationStyle
) -> tuple[str | None, str | None]:
    """The path in the bundle that a link leads to, if it can be told; or the host that it surely leads to instead."""
    try:
        value = evaluate_value(text, _LinkScope(holder, known, style))
    except (TemplateError, ValueError):
        return None, _leading_host(followed(text, holder))
    if not isinstance(value, str):
        return None, None
    uri = f"{base}{value}" if "://" not in value else value
    if not uri.startswith(_BUNDLE):
        host = urlsplit(uri).netloc.lower()
        return None, host if host and not _holds_unknown(host) else None
    path = unquote(urlsplit(uri).path).lstrip("/")
    path = path.replace(f"{_FOLDER}/", f"{folder}/" if folder else "")
    if not path or _holds_unknown(path) or _FOLDER in path:
        return None, None
    return normpath(path), None


def _leading_host(node: Expression | None) -> str | None:
    """The host that an expression surely begins with, whatever the rest of it comes to."""
    while isinstance(node, FunctionCall) and node.namespace is None and node.arguments:
        if not (node.calls("uri") or node.calls("concat")):
            return None
        node = node.arguments[0]
    if not isinstance(node, StringLiteral):
        return None
    parts = urlsplit(node.value)
    return parts.netloc.lower() if parts.scheme and parts.netloc and parts.path else None


def _holds_unknown(text: str) -> bool:
    return _UNKNOWN in text or str(_UNKNOWN_INDEX)[:6] in text


class _LinkScope(StaticScope):
    """Sees the bundle as if it were served at an address of its own; what it can't know is a mark in the text."""

    def __init__(self, template: Template, known: Mapping[str, Any], style: ArtifactsLocationStyle) -> None:
        values = {name.lower(): value for name, value in known.items()}
        values[_LOCATION] = f"{_BUNDLE}{_FOLDER}{'/' if style == 'slash' else ''}"
        values[_SAS_TOKEN] = ""
        super().__init__(values, template.variables)
        self._template = template
        self._own_uri = _BUNDLE + template.document.file

    def default_of(self, name: str) -> Any:
        """The default of the template's definition, else a mark."""
        definition = self._template.parameter(name)
        if definition is None or definition.type not in ("string", "securestring"):
            return super().default_of(name)
        return evaluate_value(definition.default, self) if definition.has_default else _UNKNOWN

    def copy_index(self, loop_name: str | None, offset: int) -> int:
        """A mark."""
        return _UNKNOWN_INDEX

    def deployment(self) -> dict[str, Any]:
        """The template's own address."""
        link = PartialObject("templateLink", {"uri": self._own_uri})
        return PartialObject("deployment()", {"properties": PartialObject("properties", {"templateLink": link})})


def _location_variables(template: Template) -> frozenset[str]:
    """The variables, in lower case, that are `_artifactsLocation` by another name."""
    found = (
        name.lower()
        for name, value in template.variables.items()
        if isinstance(value, str) and (tree := parsed(value)) is not None and _is_location(tree, frozenset())
    )
    return frozenset(found)


def _is_location(node: Expression, variables: frozenset[str]) -> bool:
    parameter, variable = argument_of(node, "parameters"), argument_of(node, "variables")
    return (parameter or "").lower() == _LOCATION or (variable is not None and variable.lower() in variables)


def _styles(template: Template) -> Iterator[tuple[str, ArtifactsLocationStyle]]:
    """What each expression in the file says about the end of `_artifactsLocation`, in document order."""
    if _LOCATION not in template.document.text.lower():
        return
    variables = _location_variables(template)
    for pointer, value in walk_values(template.value, template.pointer):
        if isinstance(value, str) and is_expression(value):
            tree = parsed(value)
            if tree is not None:
                yield from ((pointer, style) for style in _styles_in(tree, variables))


def _styles_in(tree: Expression, variables: frozenset[str]) -> Iterator[ArtifactsLocationStyle]:
    for node in walk(tree):
        if not isinstance(node, FunctionCall) or node.namespace is not None:
            continue
        style = _style_of_call(node, variables)
        if style is not None:
            yield style


def _style_of_call(call: FunctionCall, variables: frozenset[str]) -> ArtifactsLocationStyle | None:
    at = next((index for index, argument in enumerate(call.arguments) if _is_location(argument, variables)), None)
    if at is None:
        return None
    if call.calls("uri"):
        return "slash" if at == 0 else None
    following = ""
    if call.calls("concat") and at + 1 < len(call.arguments):
        after = call.arguments[at + 1]
        following = after.value if isinstance(after, StringLiteral) else ""
    elif call.calls("format") and at > 0 and isinstance(call.arguments[0], StringLiteral):
        following = call.arguments[0].value.partition(f"{{{at - 1}}}")[2]
    if not following:
        return None
    return "no-slash" if following.startswith("/") else "slash"
