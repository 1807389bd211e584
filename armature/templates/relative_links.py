"""Links made from a template's own URI, rewritten to be relative.

ARM hands the query string of a template's link on to what is linked by `relativePath`, but not to a URI that is made
from the template's own, `uri(deployment().properties.templateLink.uri, 'x.json')`: without this such links can't be
read from private storage. Some templates hand such a URI on as a parameter of a linked template, which follows it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass
from posixpath import normpath, relpath
from typing import Any

from armature.templates.expressions import Expression, FunctionCall, PropertyAccess, StringLiteral, render, walk
from armature.templates.following import argument_of, followed, parsed
from armature.templates.links import linked_templates
from armature.templates.reading import escape_pointer, walk_values
from armature.templates.template import ResourceDeclaration, Template

Rewrites = Mapping[str, Any]
"""What is to be put where in a template's document: a value for each JSON pointer."""

_LINK = "/properties/templateLink"


@dataclass(frozen=True)
class HandedLink:
    """A URI made from a template's own that it hands to the linked template `child` as `parameter` (lower case).

    `pointer` is the parameter's value, `target` the path in the bundle that the URI leads to. Both are None for a value
    that is none of these.
    """

    child: str
    parameter: str
    pointer: str | None = None
    target: str | None = None


def own_link_rewrites(template: Template) -> dict[str, Any]:
    """What makes the links that are made from the template's own URI relative ones; empty when it has none."""
    rewrites: dict[str, Any] = {}
    for resource in template.resources:
        for name in ("templateLink", "parametersLink"):
            link = resource.properties.get(name)
            if isinstance(link, dict) and (path := _relative_part(link.get("uri"), template)) is not None:
                rewrites[f"{resource.pointer}/properties/{name}"] = _relative(link, path)
    return rewrites


def handed_links(template: Template) -> list[HandedLink]:
    """What a template hands to the templates that it links to and whose path can be told."""
    children = {link.pointer.rpartition("/")[0]: link.path for link in linked_templates(template)}
    return [
        handed
        for resource in template.resources
        if (child := children.get(f"{resource.pointer}{_LINK}")) is not None
        for handed in _handed(template, resource, child)
    ]


def link_rewrites(templates: Mapping[str, Template], roots: Collection[str]) -> dict[str, dict[str, Any]]:
    """The rewrites of every template of a bundle, by path; `roots` get their parameters from elsewhere.

    A parameter is followed relatively when its template does nothing else with it and whatever links to that template
    hands it such a URI.
    """
    rewrites: dict[str, dict[str, Any]] = {path: own_link_rewrites(one) for path, one in templates.items()}
    links = Counter(link.path for template in templates.values() for link in linked_templates(template))
    handed: defaultdict[tuple[str, str], list[tuple[str, HandedLink]]] = defaultdict(list)
    for path, template in templates.items():
        for one in handed_links(template):
            handed[one.child, one.parameter].append((path, one))
    for (child, parameter), givers in handed.items():
        is_always_handed = len(givers) == links[child] and all(one.target for _, one in givers)
        if child in roots or child not in templates or not is_always_handed:
            continue
        if followed_at := _followed_at(templates[child], parameter):
            rewrites[child] |= followed_at
            for giver, one in givers:
                rewrites[giver][str(one.pointer)] = relpath(str(one.target), child.rpartition("/")[0] or ".")
    return {path: changes for path, changes in rewrites.items() if changes}


def rewritten(template: Template, rewrites: Rewrites) -> bytes:
    """The template's copy with these changes. Compact: the copy of one just below ARM's limit must not be above it."""
    copy = deepcopy(template.value)
    for pointer, value in rewrites.items():
        *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
        place: Any = copy
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[last] = value
    return json.dumps(copy, ensure_ascii=False, separators=(",", ":")).encode()


def _relative(link: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {"relativePath": path} | {name: value for name, value in link.items() if name != "uri"}


def _relative_part(text: Any, template: Template) -> str | None:
    """The relativePath that means the same as a URI made from the template's own."""
    tree = followed(text, template) if isinstance(text, str) else None
    if not isinstance(tree, FunctionCall) or not tree.calls("uri") or len(tree.arguments) != 2:
        return None
    base, relative = tree.arguments
    if not _is_own_uri(base) or any("sas" in (argument_of(n, "parameters") or "").lower() for n in walk(relative)):
        return None
    return relative.value if isinstance(relative, StringLiteral) else f"[{render(relative)}]"


def _is_own_uri(node: Expression) -> bool:
    """`deployment().properties.templateLink.uri`."""
    for name in ("uri", "templatelink", "properties"):
        if not isinstance(node, PropertyAccess) or node.name.lower() != name:
            return False
        node = node.target
    return isinstance(node, FunctionCall) and node.calls("deployment")


def _handed(template: Template, resource: ResourceDeclaration, child: str) -> list[HandedLink]:
    given = resource.properties.get("parameters")
    found = []
    for name, entry in given.items() if isinstance(given, dict) else ():
        path = _relative_part(entry.get("value"), template) if isinstance(entry, dict) else None
        if path is None or path.startswith("["):
            found.append(HandedLink(child, name.lower()))
        else:
            pointer = f"{resource.pointer}/properties/parameters/{escape_pointer(name)}/value"
            target = normpath(f"{template.document.file.rpartition('/')[0]}/{path}".lstrip("/"))
            found.append(HandedLink(child, name.lower(), pointer, target))
    return found


def _followed_at(template: Template, parameter: str) -> dict[str, Any]:
    """The rewrites that follow a parameter relatively; empty when the template does something else with it as well."""
    rewrites: dict[str, Any] = {}
    for resource in template.resources:
        link = resource.properties.get("templateLink")
        uri = link.get("uri") if isinstance(link, dict) else None
        if not (isinstance(link, dict) and isinstance(uri, str)):
            continue
        tree = parsed(uri)
        if tree is not None and (argument_of(tree, "parameters") or "").lower() == parameter:
            rewrites[f"{resource.pointer}{_LINK}"] = _relative(link, uri)
    return rewrites if _mentions(template, parameter) == len(rewrites) else {}


def _mentions(template: Template, parameter: str) -> int:
    return sum(
        (argument_of(node, "parameters") or "").lower() == parameter
        for _, text in walk_values(template.value)
        if isinstance(text, str) and (tree := parsed(text)) is not None
        for node in walk(tree)
    )
