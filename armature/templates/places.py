"""Where in a bundle's template files something stands that ARM speaks of: a resource, a violation, a parameter.

ARM knows the expanded template: copies made, nested and linked templates opened, names evaluated. Here it is traced
back to what a person wrote: the file, and the JSON pointer of the declaration in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from armature.templates.errors import TemplateError
from armature.templates.evaluation import StaticScope, evaluate_value
from armature.templates.limits import MAX_RESOURCES
from armature.templates.links import linked_templates
from armature.templates.name_patterns import name_pattern
from armature.templates.names import given_parameters, names_of, template_scope
from armature.templates.reading import escape_pointer, pointer_to
from armature.templates.template import ResourceDeclaration, Template

_GROUP_TYPE = "microsoft.resources/resourcegroups"
_GROUP_ID = re.compile(r"/subscriptions/[^/]+/resourcegroups/([^/]+)/*", re.IGNORECASE)
_PATH_STEP = re.compile(r"\[(?:(\d+)|'((?:[^'\\]|\\.)*)')\]|\.?([^.\[\]]+)")
_ELSEWHERE = {"resourceGroup", "subscriptionId", "scope"}
_OUTSIDE = "properties.template."
_LINK = "/properties/templateLink"
_MAX_HOLDERS = 500
_MAX_DEPTH = 6  # ARM limits, 2025-11: linked and nested deployments go five levels deep
_EXACT = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a bundle: a file and a JSON pointer (RFC 6901) into it."""

    file: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}"


@dataclass(frozen=True)
class _Holder:
    """A template that is deployed, a file or inside of one, with what its expressions see, and the id of what it is
    deployed to, where that is known.

    `deployment` is the resource that deploys it, None for what is handed to ARM itself; `depth` counts those above it.
    """

    file: str
    template: Template
    scope: StaticScope
    target: str | None
    deployment: ResourceDeclaration | None = None
    depth: int = 0


@dataclass(frozen=True)
class _Found:
    """A declaration that may be what is looked for; the higher `weight`, the more of its name is known to agree."""

    holder: _Holder
    resource: ResourceDeclaration
    weight: int

    @property
    def place(self) -> Place:
        return Place(self.holder.file, self.resource.pointer)


class DeployedTemplates:
    """The template files of one deployment, by path, seen from the one that is handed to ARM.

    `parameters` are what is known of that root's parameters, `target` is the id of what it is deployed to; where they
    don't tell a name, what is literal in it does.
    """

    def __init__(
        self,
        templates: Mapping[str, Template],
        root: str,
        parameters: Mapping[str, Any] | None = None,
        target: str | None = None,
    ) -> None:
        self._target = target
        self._templates = templates
        self._root = root
        self._parameters = parameters or {}
        self._links: dict[str, Mapping[str, str]] = {}
        self._holders = list(self._deployed_from(root))

    @property
    def levels(self) -> int:
        """How many levels of linked and nested deployments lie below the root, as far as the files tell."""
        return max((holder.depth for holder in self._holders), default=0)

    def place_of_resource(self, resource_id: str, *properties: str) -> Place | None:
        """Where the resource of that id is declared, or the first of its `properties` that is written there.

        Properties are dotted names below the resource or its `properties`. Of a child that is written as a property of
        its parent it is the parent's place. None when no declaration fits, or several fit as well as each other.
        """
        return _place_within(self._declaration(resource_id), properties)

    def place_of_name(self, name: str, kind: str | None, *properties: str) -> Place | None:
        """The same of the resource that has that name, in full or its last part, and is of that type if it is given;
        None when several have."""
        found = [one for holder in self._holders for one in _named(holder, name.lower(), (kind or "").lower())]
        return _place_within(_best(found) if found else None, properties)

    def place_of_violation(self, path: str, line: int, column: int, deployment_id: str | None = None) -> Place | None:
        """Where ARM found a template wrong: by its JSON path, else by line and column.

        The template is that of the linked or nested deployment `deployment_id`, where that is one, else the root.
        """
        holder = self._holder_of(deployment_id)
        if holder is None:
            return None
        steps = [_step(match) for match in _PATH_STEP.finditer(path.removeprefix(_OUTSIDE))]
        within, rest = self._inside(holder, steps)
        pointer = _longest_pointer(within.template.value, rest)
        if pointer or within is not holder:
            return Place(within.file, within.template.pointer + pointer)
        pointer = _longest_pointer(holder.template.document.value, steps)
        if not pointer and line:
            pointer = holder.template.document.pointer_at(line, column)
        return Place(holder.file, pointer) if pointer else None

    def place_of_parameter(self, name: str, deployment_id: str | None = None) -> Place | None:
        """Where the parameter of that name is defined, in the template of `deployment_id` or else the root's."""
        holder = self._holder_of(deployment_id)
        definition = holder.template.parameter(name) if holder else None
        if holder is None or definition is None:
            return None
        return Place(holder.file, f"{holder.template.pointer}/parameters/{escape_pointer(definition.name)}")

    def _deployed_from(self, root: str) -> Iterator[_Holder]:
        """Every template that is deployed, the root first; then the files that no link is known to lead to."""
        left = [root, *(path for path in self._templates if path != root)]
        waiting: list[_Holder] = []
        seen: set[str] = set()
        for _ in range(_MAX_HOLDERS):
            if not waiting:
                path = next((path for path in left if path in self._templates and path not in seen), None)
                if path is None:
                    return
                parameters, target = (self._parameters, self._target) if path == root else ({}, None)
                scope = template_scope(self._templates[path], parameters, prefix=target)
                waiting.append(_Holder(path, self._templates[path], scope, target))
            holder = waiting.pop(0)
            seen.add(holder.file)
            yield holder
            if holder.template.resource_count <= MAX_RESOURCES and holder.depth < _MAX_DEPTH:
                waiting += self._children(holder)

    def _children(self, holder: _Holder) -> Iterator[_Holder]:
        """What the deployment resources of a template deploy: templates inside of it, and files that it links to."""
        for resource in holder.template.resources:
            if not resource.is_deployment:
                continue
            given = given_parameters(resource, holder.scope)
            target = None if _ELSEWHERE & resource.body.keys() else holder.target
            try:
                inline = holder.template.inline_template(resource)
            except ValueError:
                continue  # it is no template, which the checks report
            if inline is not None:
                inner = template_scope(inline.template, given, prefix=target)
                scope = inner if inline.is_inner else holder.scope
                yield _Holder(holder.file, inline.template, scope, target, resource, holder.depth + 1)
            elif (path := self._linked_from(holder.file).get(resource.pointer)) in self._templates:
                linked = self._templates[str(path)]
                scope = template_scope(linked, given, prefix=target)
                yield _Holder(str(path), linked, scope, target, resource, holder.depth + 1)

    def _linked_from(self, file: str) -> Mapping[str, str]:
        """The paths that a file links to, by the pointer of the deployment resource."""
        if file not in self._links:
            known = self._parameters if file == self._root else None
            folder = self._root.rpartition("/")[0]
            links = linked_templates(self._templates[file], parameters=known, artifacts_folder=folder)
            self._links[file] = {link.pointer.partition(_LINK)[0]: link.path for link in links if link.path}
        return self._links[file]

    def _holder_of(self, deployment_id: str | None) -> _Holder | None:
        found = self._declaration(deployment_id) if deployment_id else None
        if found is not None and found.resource.is_deployment:
            return next((holder for holder in self._holders if holder.deployment is found.resource), None)
        return self._holders[0] if self._holders else None

    def _inside(self, holder: _Holder, steps: list[str]) -> tuple[_Holder, list[str]]:
        """The template that a path leads into, and the rest of the path: a linked one may have been handed to ARM as
        part of the template that links to it."""
        for at in range(2, len(steps)):
            if steps[at - 1 : at + 1] != ["properties", "template"]:
                continue
            pointer = holder.template.pointer + pointer_to(*steps[: at - 1])
            declared = next((one for one in holder.template.resources if one.pointer == pointer), None)
            child = next((one for one in self._holders if declared and one.deployment is declared), None)
            return self._inside(child, steps[at + 1 :]) if child else (holder, steps)
        return holder, steps

    def _declaration(self, resource_id: str) -> _Found | None:
        kind, name = _type_and_name(resource_id)
        while "/" in kind and name:
            found = [one for holder in self._holders for one in _matching(holder, kind, name)]
            if found:
                return _best(found)
            kind, name = kind.rpartition("/")[0], name.rpartition("/")[0]
        return None


def _matching(holder: _Holder, kind: str, name: str) -> Iterator[_Found]:
    for resource in holder.template.resources:
        if resource.type.lower() != kind or resource.is_existing or _is_left_out(resource, holder.scope):
            continue
        if any(told.lower() == name for told in names_of(resource, holder.scope)):
            yield _Found(holder, resource, _EXACT)
            continue
        pattern = name_pattern(resource.name, holder.scope)
        if pattern.fits(name):
            yield _Found(holder, resource, pattern.literal)


def _named(holder: _Holder, name: str, kind: str) -> Iterator[_Found]:
    for resource in holder.template.resources:
        if kind not in ("", resource.type.lower()) or resource.is_existing or _is_left_out(resource, holder.scope):
            continue
        told = [one.lower() for one in names_of(resource, holder.scope)]
        if any(name in (one, one.rpartition("/")[2]) for one in told):
            yield _Found(holder, resource, _EXACT)


def _place_within(found: _Found | None, properties: Iterable[str]) -> Place | None:
    """The place of the first of these properties that is written in a declaration, else its own."""
    if found is None:
        return None
    for path in properties:
        steps = [step for step in re.split(r"[./]", path) if step]
        for start in ([], ["properties"]):
            pointer = _longest_pointer(found.resource.body, [*start, *steps])
            if steps and pointer.count("/") == len(start) + len(steps):
                return Place(found.holder.file, found.resource.pointer + pointer)
    return found.place


def _is_left_out(resource: ResourceDeclaration, scope: StaticScope) -> bool:
    """Whether the resource's condition is known to be false."""
    try:
        return evaluate_value(resource.body.get("condition", True), scope) is False
    except TemplateError:
        return False


def _best(found: list[_Found]) -> _Found | None:
    """The declaration whose name is known best, None when others at other places are known as well."""
    most = max(one.weight for one in found)
    best = [one for one in found if one.weight == most]
    return best[0] if len({one.place for one in best}) == 1 else None


def _type_and_name(resource_id: str) -> tuple[str, str]:
    """The type and the full name in a resource id, in lower case; empty texts for what is no id."""
    group = _GROUP_ID.fullmatch(resource_id)
    if group:
        return _GROUP_TYPE, group.group(1).lower()
    _, marker, rest = resource_id.lower().rpartition("/providers/")
    namespace, *segments = rest.strip("/").split("/")
    if not marker or len(segments) < 2 or len(segments) % 2:
        return "", ""
    return "/".join((namespace, *segments[::2])), "/".join(segments[1::2])


def _step(match: re.Match[str]) -> str:
    index, quoted, plain = match.groups()
    return index or (re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain)


def _longest_pointer(value: Any, steps: list[str]) -> str:
    """The pointer to the last of these steps that the value has; names without regard to case."""
    pointer = ""
    for step in steps:
        value, written = _stepped(value, step)
        if written is None:
            break
        pointer += f"/{escape_pointer(written)}"
    return pointer


def _stepped(value: Any, step: str) -> tuple[Any, str | None]:
    if isinstance(value, Mapping):
        written = next((name for name in value if str(name).lower() == step.lower()), None)
        return (value[written], written) if written is not None else (None, None)
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)], step
    return None, None
