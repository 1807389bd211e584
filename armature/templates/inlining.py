"""A template with the templates that it links to written inside it, for a target that can't read links.

Azure Resource Manager downloads what a template links to from outside, so it can't from storage whose public access is
disabled; a template that stands in the request needs no download. A linked template has a scope of its own, always: so
has what is written inside, by `expressionEvaluationOptions.scope: inner`. All that the deployment resource says besides
(parameters, mode, condition, copy, dependsOn, where it deploys to) stays as it is. Links are evaluated as ARM would,
in a world in which the bundle lies at `location`; whatever else a template does with its own address gets that address
as a literal, for a template without a link has none. What leads elsewhere, to another host or to a template spec, ARM
can read itself, and stays a link.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any
from urllib.parse import quote, unquote, urljoin

from armature.templates.errors import ExpressionSyntaxError, TemplateError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate_value
from armature.templates.expressions import escape, is_expression
from armature.templates.limits import MAX_NESTED_LEVELS, MAX_TEMPLATE_BYTES
from armature.templates.own_address import OWN_LINK, UnknownUseError, with_own_address
from armature.templates.reading import MAX_NESTING, JsonDocument, JsonSyntaxError, escape_pointer
from armature.templates.scope import PartialObject
from armature.templates.template import InlineTemplate, ResourceDeclaration, Template, TemplateShapeError

Read = Callable[[str], Mapping[str, Any]]
"""Gives the JSON of a file by its path in the bundle; raises LookupError when there is none."""

LOCATION = "https://bundle.invalid/bundle/"
"""Where a bundle lies that is not uploaded: an address that nobody has. Above its root there is something, so that a
link which leads out of the bundle is seen."""
MAX_INLINED_BYTES = 2 * MAX_TEMPLATE_BYTES
"""What is inlined at most, so that links of links can't fill the memory; ARM's limit is checked on the whole body."""

_LINKS = ("templatelink", "parameterslink")
_REPLACED = (*_LINKS, "template", "expressionevaluationoptions")
_INNER = {"expressionEvaluationOptions": {"scope": "inner"}}
_STATIC = "Make the link static, or deploy with `delivery: sas`."


class InliningError(ValueError):
    """A link can't be inlined: `file` and `pointer` say which, `message` why, `next_step` what to do about it.

    `is_untold` when where it leads depends on a parameter whose value is not known here.
    """

    def __init__(self, file: str, pointer: str, message: str, next_step: str, *, is_untold: bool = False) -> None:
        super().__init__(f"{file}{f' ({pointer})' if pointer else ''}: {message} {next_step}")
        self.file = file
        self.pointer = pointer
        self.message = message
        self.next_step = next_step
        self.is_untold = is_untold


def inlined(
    path: str,
    read: Read,
    *,
    location: str = LOCATION,
    parameters: Mapping[str, Any] | None = None,
    unknown: Collection[str] = (),
    prefix: str | None = None,
) -> dict[str, Any]:
    """The template at `path` with every linked template of the bundle written inside it.

    `location` is the address of the bundle's root, with a slash at its end, `parameters` the plain values that the
    template is deployed with (`_artifactsLocation` among them when it has that parameter), `unknown` the names of those
    given with a value that is not known yet, and `prefix` the id of the scope that it is deployed to, if it is known.

    Raises:
        InliningError: a link can't be told, leads to no template of the bundle, or in a circle; or the whole is far
            too large.
    """
    given = _Given({name.lower(): value for name, value in (parameters or {}).items()}, _folded(unknown))
    try:
        template = _Inlining(read, location).template_at(path, given, prefix, ())
    except LookupError as error:
        raise InliningError(path, "", "The template is not in the bundle.", "Add the file.") from error
    except TemplateShapeError as error:
        raise InliningError(path, error.pointer, error.message, "Correct the template.") from error
    except JsonSyntaxError as error:
        raise InliningError(path, "", error.message, "Correct the template.") from error
    except RecursionError:
        template = None
    if template is None or _is_too_deep(template):
        message = f"With what it links to, the template has more than {MAX_NESTING} levels of arrays and objects."
        raise InliningError(path, "", message, "Deploy parts of it as templates of their own.")
    return template


@dataclass(frozen=True)
class _Given:
    """What a template's parameters are given: values that are known, names of others; of all others if `is_open`."""

    values: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()
    is_open: bool = False


@dataclass(frozen=True)
class _Holder:
    """A template with links, or one written inside it with a scope of its own.

    `address` is its own, None for one that has no link. `files` are the files around it, itself the last.
    """

    template: Template
    scope: "_InliningScope"
    prefix: str | None
    address: str | None
    files: tuple[str, ...]
    level: int

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.files[-1]


@dataclass(frozen=True)
class _Place:
    """A deployment resource; `passes` is how often what is inside it is evaluated before its turn comes."""

    resource: ResourceDeclaration
    inline: InlineTemplate | None
    passes: int
    level: int


class _InliningScope(StaticScope):
    """Sees what is given, the defaults of what is not, and the template's own address."""

    def __init__(self, template: Template, given: _Given, address: str | None, prefix: str | None) -> None:
        super().__init__(given.values, template.variables, prefix=prefix)
        self._template = template
        self._given = given
        self._address = address

    def default_of(self, name: str) -> Any:
        """The default of the template's definition, unless something else is given that is not known."""
        definition = self._template.parameter(name)
        is_given = self._given.is_open or name.lower() in self._given.unknown
        if definition is None or is_given or not definition.has_default:
            raise UnresolvedError(f"parameters('{name}')")
        return evaluate_value(definition.default, self)

    def deployment(self) -> dict[str, Any]:
        """The template's own address, all that is known of its deployment."""
        if self._address is None:
            return super().deployment()
        link = PartialObject(OWN_LINK, {"uri": self._address})
        return PartialObject("deployment()", {"properties": PartialObject("its properties", {"templateLink": link})})


class _Inlining:
    """One run: what was read, and how much of it has been written."""

    def __init__(self, read: Read, location: str) -> None:
        self._read = read
        self._location = location
        self._texts: dict[str, str] = {}
        self._size = 0

    def template_at(
        self, path: str, given: _Given, prefix: str | None, files: tuple[str, ...], level: int = 0
    ) -> dict[str, Any]:
        """The template of a file, inlined; LookupError, TemplateShapeError when there is none."""
        value = self._read(path)
        template = Template.of(JsonDocument(path, self._counted(path, value), value))
        address = urljoin(self._location, quote(path))
        scope = _InliningScope(template, given, address, prefix)
        return self._template(_Holder(template, scope, prefix, address, (*files, path), level))

    def _counted(self, path: str, value: Mapping[str, Any]) -> str:
        """The text of a file, once more in what is inlined."""
        if path not in self._texts:
            self._texts[path] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._size += len(self._texts[path])
        if self._size > MAX_INLINED_BYTES:
            message = f"With what it links to, the template has more than {MAX_INLINED_BYTES:,} bytes."
            raise InliningError(path, "", message, "Deploy parts of it as templates of their own.")
        return self._texts[path]

    def _template(self, holder: _Holder) -> dict[str, Any]:
        """A template that is evaluated by itself, rewritten."""
        changes: dict[str, Any] = {}
        for place in _deployments(holder.template, 0, holder.level):
            resource, inline = place.resource, place.inline
            if inline is not None:
                inside = self._template(self._inside(holder, place, inline))
                changes[inline.template.pointer] = inside
            elif (name := _key(resource.body, "properties")) is not None:
                content = self._linked(holder, place, resource.body[name])
                if content is not None:
                    changes[f"{resource.pointer}/{escape_pointer(name)}"] = content
        value, pointer = holder.template.value, holder.template.pointer
        return {
            name: self._rewritten(holder, part, f"{pointer}/{escape_pointer(name)}", changes)
            for name, part in value.items()
        }

    def _inside(self, holder: _Holder, place: _Place, inline: InlineTemplate) -> _Holder:
        """The template that is written in a deployment resource and sees its own parameters."""
        given = _given_by(place.resource.properties, holder.scope)
        prefix = _prefix_of(place.resource, holder.prefix)
        scope = _InliningScope(inline.template, given, None, prefix)
        return _Holder(inline.template, scope, prefix, None, holder.files, place.level)

    def _linked(self, holder: _Holder, place: _Place, properties: Any) -> dict[str, Any] | None:
        """The `properties` of a deployment resource with the linked template in them; None when nothing changes."""
        pointer = f"{place.resource.pointer}/{escape_pointer(str(_key(place.resource.body, 'properties')))}"
        if not isinstance(properties, Mapping):
            raise InliningError(holder.file, pointer, "The deployment's properties are an expression.", _STATIC)
        name = _key(properties, "templateLink")
        if name is None:
            return None
        base, pointer = pointer, f"{pointer}/{escape_pointer(name)}"
        kept = {key: value for key, value in properties.items() if key.lower() not in _REPLACED}
        if _is_never_deployed(place.resource, holder.scope):
            mode = {key: value for key, value in kept.items() if key.lower() != "parameters"}
            return {**mode, **_INNER, "template": _empty_like(holder.template)}
        path = self._target(holder, properties[name], pointer)
        if path is None:
            return None
        content = {
            key: self._rewritten(holder, value, f"{base}/{escape_pointer(key)}", {}) for key, value in kept.items()
        }
        linked_parameters = self._linked_parameters(holder, properties, base)
        if linked_parameters is not None:
            content["parameters"] = linked_parameters
        given = _given_by(properties if linked_parameters is None else content, holder.scope)
        template = self._linked_template(holder, place, path, pointer, given)
        self._check_version(holder, properties[name], template, pointer)
        for _ in range(place.passes):
            template = _escaped(template)
        return {**content, **_INNER, "template": template}

    def _linked_template(
        self, holder: _Holder, place: _Place, path: str, pointer: str, given: _Given
    ) -> dict[str, Any]:
        level = place.level + 1
        if path in holder.files:
            circle = " -> ".join((*holder.files, path))
            raise InliningError(
                holder.file, pointer, f"The templates link to one another in a circle: {circle}.", "Take out a link."
            )
        if level > MAX_NESTED_LEVELS:
            message = f"The link is the {level}th level of nested deployments: ARM takes {MAX_NESTED_LEVELS}."
            raise InliningError(holder.file, pointer, message, "Deploy it as a template of its own.")
        try:
            return self.template_at(path, given, _prefix_of(place.resource, holder.prefix), holder.files, level)
        except LookupError as error:
            message = f"The linked template {path} is not in the bundle."
            raise InliningError(holder.file, pointer, message, "Add the file, or correct the link.") from error
        except (TemplateShapeError, JsonSyntaxError) as error:
            message = f"The linked file {path} is no template: {error.message}"
            raise InliningError(holder.file, pointer, message, "Correct the file, or the link.") from error

    def _target(self, holder: _Holder, link: Any, pointer: str) -> str | None:
        """The path in the bundle that a link leads to, None when ARM reads elsewhere what it leads to."""
        address = self._address(holder, link, pointer)
        if address is None:
            return None
        path = unquote(address.partition("?")[0].removeprefix(self._location))
        if not address.startswith(self._location):
            if not address.startswith(urljoin(self._location, "/")):
                return None
            path = f"../{path}"
        path = normpath(path)
        if path.startswith(("..", "/")):
            raise InliningError(holder.file, pointer, "The link leads out of the bundle.", "Correct the link.")
        return path

    def _address(self, holder: _Holder, link: Any, pointer: str) -> str | None:
        """What a link leads to, as ARM would have it, None for a template spec."""
        if isinstance(link, str):
            link = self._told(holder, link, pointer)
        if not isinstance(link, Mapping):
            raise InliningError(holder.file, pointer, "The link is no object.", "Correct the link.")
        if _key(link, "id") is not None:
            return None
        for name in ("uri", "relativePath"):
            key = _key(link, name)
            if key is not None:
                told = self._told(holder, link[key], f"{pointer}/{escape_pointer(key)}")
                if not isinstance(told, str):
                    raise InliningError(holder.file, pointer, "The link is no text.", "Correct the link.")
                base = holder.address or urljoin(self._location, quote(holder.file))
                try:
                    return urljoin(base, told)
                except ValueError as error:
                    raise InliningError(holder.file, pointer, "The link is no URI.", "Correct the link.") from error
        raise InliningError(holder.file, pointer, "The link has no `uri` and no `relativePath`.", "Add one of them.")

    def _told(self, holder: _Holder, value: Any, pointer: str) -> Any:
        """The value of a link's part; InliningError when only ARM can tell it."""
        try:
            told = evaluate_value(value, holder.scope)
        except UnresolvedError as error:
            message = f"Where the link leads depends on {error.what}, which only ARM can tell."
            is_untold = error.what.startswith("parameters(")
            raise InliningError(holder.file, pointer, message, _STATIC, is_untold=is_untold) from error
        except TemplateError as error:
            message = f"Where the link leads can't be told: {error}"
            raise InliningError(holder.file, pointer, message, "Correct the expression.") from error
        if told in (None, ""):
            raise InliningError(holder.file, pointer, "The link leads nowhere: it is empty.", "Correct the link.")
        return told

    def _linked_parameters(self, holder: _Holder, properties: Mapping[str, Any], base: str) -> dict[str, Any] | None:
        """The parameters of a linked parameter file, as a template writes what is no expression; None without one."""
        name = _key(properties, "parametersLink")
        if name is None:
            return None
        pointer = f"{base}/{escape_pointer(name)}"
        path = self._target(holder, properties[name], pointer)
        if path is None:
            message = "The parameter file lies elsewhere: it can't be given beside a template that is inlined."
            raise InliningError(holder.file, pointer, message, "Put the file into the bundle.")
        try:
            file = self._read(path)
        except LookupError as error:
            message = f"The linked parameter file {path} is not in the bundle."
            raise InliningError(holder.file, pointer, message, "Add the file, or correct the link.") from error
        except JsonSyntaxError as error:
            message = f"The linked parameter file {path} can't be read: {error.message}"
            raise InliningError(holder.file, pointer, message, "Correct the file.") from error
        parameters = file.get("parameters", file)
        if not isinstance(parameters, Mapping):
            message = f"The linked file {path} has no parameters."
            raise InliningError(holder.file, pointer, message, "Correct the file, or the link.")
        self._counted(path, file)
        return {name: _escaped(value) for name, value in parameters.items()}

    def _check_version(self, holder: _Holder, link: Any, template: Mapping[str, Any], pointer: str) -> None:
        """Refuse what ARM would: a template of another version than its link asks for."""
        wanted = link.get("contentVersion") if isinstance(link, Mapping) else None
        actual = template.get("contentVersion")
        if wanted and self._told(holder, wanted, f"{pointer}/contentVersion") != actual:
            message = f"The link asks for contentVersion {wanted}, the template has {actual}."
            raise InliningError(holder.file, f"{pointer}/contentVersion", message, "Let both be the same.")

    def _rewritten(self, holder: _Holder, value: Any, pointer: str, changes: Mapping[str, Any]) -> Any:
        """A part of a template with these changes, and with the template's own address wherever it asks for it."""
        if pointer in changes:
            return changes[pointer]
        if isinstance(value, Mapping):
            return {
                self._text(holder, name, pointer): self._rewritten(
                    holder, item, f"{pointer}/{escape_pointer(name)}", changes
                )
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._rewritten(holder, item, f"{pointer}/{at}", changes) for at, item in enumerate(value)]
        return self._text(holder, value, pointer) if isinstance(value, str) else value

    def _text(self, holder: _Holder, text: str, pointer: str) -> str:
        if holder.address is None or not is_expression(text):
            return text
        try:
            return with_own_address(text, holder.address)
        except UnknownUseError as error:
            next_step = "Ask for `deployment().properties.templateLink.uri` alone, or deploy with `delivery: sas`."
            raise InliningError(holder.file, pointer, str(error), next_step) from error
        except ExpressionSyntaxError:
            return text  # reported by the checks, and by ARM


def _deployments(template: Template, passes: int, level: int) -> Iterator[_Place]:
    """The deployment resources of a template, and those in templates that it evaluates together with its own.

    What stands in a template of outer scope is evaluated by the template around it, whatever is inside: asked of
    Microsoft's engine, in which even one of inner scope in there gets its expressions from an escape only.
    """
    for resource in template.resources:
        if not resource.is_deployment or resource.is_existing:
            continue
        inline = template.inline_template(resource)
        if inline is None:
            yield _Place(resource, None, passes, level)
        elif inline.is_inner and not passes:
            yield _Place(resource, inline, passes, level + 1)
        else:
            yield from _deployments(inline.template, passes + (not inline.is_inner), level + 1)


def _given_by(properties: Mapping[str, Any], scope: StaticScope) -> _Given:
    """What a deployment resource gives to the parameters of its template, as far as it can be told here."""
    key = _key(properties, "parameters")
    given = properties[key] if key is not None else {}
    if not isinstance(given, Mapping):
        return _Given({}, is_open=True)
    values: dict[str, Any] = {}
    for name, entry in given.items():
        try:
            told = evaluate_value(entry, scope)
            values[name.lower()] = told["value"]
        except (TemplateError, KeyError, TypeError):
            continue  # a reference, or what only ARM can tell: unknown
    names = _folded(given)
    return _Given(values, names - values.keys(), is_open="copy" in names)


def _is_too_deep(template: dict[str, Any]) -> bool:
    """Whether a template has more levels than one that is read from a file may have."""
    level: list[Any] = [template]
    for _ in range(MAX_NESTING + 1):
        parts = (value.values() if isinstance(value, Mapping) else value for value in level)
        level = [part for values in parts for part in values if isinstance(part, Mapping | list)]
        if not level:
            return False
    return True


def _is_never_deployed(resource: ResourceDeclaration, scope: StaticScope) -> bool:
    """Whether the condition is known to be false: then ARM reads no template."""
    condition = resource.body.get("condition", True)
    try:
        return evaluate_value(condition, scope) is False
    except TemplateError:
        return False


def _prefix_of(resource: ResourceDeclaration, prefix: str | None) -> str | None:
    """The id of what a deployment resource deploys to, when that is where its template itself is deployed."""
    is_elsewhere = any(_key(resource.body, name) for name in ("resourceGroup", "subscriptionId", "scope"))
    return None if is_elsewhere else prefix


def _empty_like(template: Template) -> dict[str, Any]:
    return {"$schema": template.value["$schema"], "contentVersion": "1.0.0.0", "resources": []}


def _escaped(value: Any) -> Any:
    """A value that is the same again after one evaluation."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return {escape(name): _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def _key(value: Mapping[str, Any], name: str) -> str | None:
    """How a name is spelt there, ARM not caring for case; None when it is not there."""
    if name in value:
        return name
    return next((key for key in value if key.lower() == name.lower()), None)


def _folded(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
