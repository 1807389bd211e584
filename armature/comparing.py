"""What is different between two deployments, by their plans: templates, parameters by name only, packages, options."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from armature.models import Model
from armature.options import Options
from armature.plan import ArtifactKind, Plan, PlannedTemplate


class Difference(StrEnum):
    """What became of a thing from the one deployment to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class NamedDifference(Model):
    """A parameter, a package, an option or a file that is not the same in both. Values are never told."""

    name: str
    difference: Difference


class TemplateDifference(Model):
    """A template that is not the same in both.

    Of a changed one: `is_moved` when it goes to another scope, `is_reordered` when it comes after others than before,
    `files` are the template's own and those that it links to, `parameters` those that get another value, or the same
    from another place.
    """

    name: str
    difference: Difference
    is_moved: bool = False
    is_reordered: bool = False
    files: tuple[NamedDifference, ...] = ()
    parameters: tuple[NamedDifference, ...] = ()


class Comparison(Model):
    """All that is different; `is_same` when nothing is; `unchanged` counts the templates that are the same in both.

    `are_files_known` is false when one of the two was planned by a version that did not record what is in the files:
    then they are not compared.
    """

    before: str
    after: str
    templates: tuple[TemplateDifference, ...] = ()
    packages: tuple[NamedDifference, ...] = ()
    options: tuple[NamedDifference, ...] = ()
    unchanged: int = 0
    are_files_known: bool = True
    is_same: bool = True


def compared(before: Plan, after: Plan, options_before: Options, options_after: Options) -> Comparison:
    """What changed from `before` to `after`, in the order of the later plan, what was removed last."""
    old = {template.name.lower(): template for template in before.templates}
    new = {template.name.lower(): template for template in after.templates}
    found = [_template_difference(old.get(name), new.get(name)) for name in [*new, *(n for n in old if n not in new)]]
    differences = tuple(difference for difference in found if difference is not None)
    packages = _differences(_packages(before), _packages(after))
    options = _differences(options_before.dump(), options_after.dump())
    return Comparison(
        before=before.deployment_id,
        after=after.deployment_id,
        templates=differences,
        packages=packages,
        options=options,
        is_same=not (differences or packages or options),
        unchanged=len(found) - len(differences),
        are_files_known=all(template.hashes for template in (*before.templates, *after.templates)),
    )


def _template_difference(old: PlannedTemplate | None, new: PlannedTemplate | None) -> TemplateDifference | None:
    if new is None:
        return None if old is None else TemplateDifference(name=old.name, difference=Difference.REMOVED)
    if old is None:
        return TemplateDifference(name=new.name, difference=Difference.ADDED)
    difference = TemplateDifference(
        name=new.name,
        difference=Difference.CHANGED,
        is_moved=old.scope.resource_id.lower() != new.scope.resource_id.lower(),
        is_reordered=_lower(old.depends_on) != _lower(new.depends_on),
        files=_differences(old.hashes, new.hashes) if old.hashes and new.hashes else (),
        parameters=_differences(old.parameters, new.parameters, str.lower),
    )
    is_same = difference == TemplateDifference(name=new.name, difference=Difference.CHANGED)
    return None if is_same else difference


def _packages(plan: Plan) -> dict[str, str | None]:
    return {artifact.name: artifact.sha256 for artifact in plan.artifacts if artifact.kind is ArtifactKind.PACKAGE}


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


T = TypeVar("T")


def _differences(
    before: Mapping[str, T], after: Mapping[str, T], key: Callable[[str], str] = str
) -> tuple[NamedDifference, ...]:
    """The names whose value is not the same, in alphabetical order. `key` tells which names are the same."""
    old: dict[str, Any] = {key(name): value for name, value in before.items()}
    new: dict[str, Any] = {key(name): value for name, value in after.items()}
    spelled = {key(name): name for name in [*before, *after]}
    differences = [(name, _difference(name, old, new)) for name in sorted({*old, *new})]
    return tuple(NamedDifference(name=spelled[name], difference=what) for name, what in differences if what is not None)


def _difference(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference | None:
    if name not in old:
        return Difference.ADDED
    if name not in new:
        return Difference.REMOVED
    return None if old[name] == new[name] else Difference.CHANGED
