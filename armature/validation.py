"""The review of a bundle: everything that can be found wrong before anything is touched, and the plan if nothing is.

No I/O but through the bundle. Every problem is reported at once, each with its place and a next step.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

from armature.binding import Surroundings, parameter_problems, unknown_template
from armature.bundle import Bundle, name_fault
from armature.checks.reviewing import check_problems
from armature.delivery import inlining_problems
from armature.manifest import BundleKind, FileReference, Manifest, TemplateEntry
from armature.manifest_reading import find_manifest
from armature.options import AssemblyOrder, Delivery, Strategy
from armature.ordering import Contents, order_of
from armature.package_files import identity_problems, package_checksums, package_problems
from armature.plan import Plan
from armature.planning import Sound, plan_of
from armature.problems import Problem, ProblemCode
from armature.regions import entry_problems, in_region, region_problems, regions_of
from armature.request import DeploymentRequest
from armature.root_review import root_problems
from armature.shape import problem_at
from armature.targeting import Targeting, location_of
from armature.template_files import LinkedFiles, TemplateFiles
from armature.templates.names import (
    ResourceName,
    created_resource_groups,
    defined_resources,
    named_resources,
    other_resource_groups,
)
from armature.templates.nearest import Nearest
from armature.templates.places import DeployedTemplates
from armature.templates.reading import JsonDocument
from armature.templates.template import Template


@dataclass(frozen=True)
class Review:
    """What a review found. `plan` is there when the bundle is accepted and there was a request to plan for."""

    manifest: Manifest | None
    plan: Plan | None
    problems: tuple[Problem, ...]

    @property
    def kind(self) -> BundleKind | None:
        """Whose manifest it is; None when that can't be told."""
        return self.manifest.kind if self.manifest else None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse the bundle; the others are warnings."""
        return tuple(problem for problem in self.problems if problem.is_error)


def review_bundle(
    bundle: Bundle,
    *,
    request: DeploymentRequest | None,
    deployment_id: str,
    cloud_name: str | None,
    default_location: str | None,
    template_hosts: Collection[str] = (),
) -> Review:
    """Review a bundle and, where nothing is wrong, plan its deployment for `request`.

    Without a request the bundle is checked by itself: what depends on the target is left open, and there is no plan. A
    bundle for several regions is checked in each, unless the request is for one of them.
    `cloud_name` is the app's cloud; None where it isn't known, and then the manifest's is not compared. Templates may
    link to `template_hosts` besides the bundle.
    """
    document, manifest, problems = find_manifest(bundle)
    if document is None or manifest is None:
        return Review(None, None, tuple(problems))
    problems += region_problems(manifest, document, request)
    whole = _BundleReview(bundle, document, manifest, request, cloud_name, default_location, template_hosts)
    there = [in_region(manifest, region) for region in regions_of(manifest, request)] or [manifest]
    reviews = [whole.of(described).run(problems, deployment_id) for described in there]
    if len(reviews) == 1:
        return reviews[0]
    return Review(manifest, None, tuple(dict.fromkeys(found for review in reviews for found in review.problems)))


class _BundleReview:
    """One review, step by step; the steps share what has been read."""

    def __init__(
        self,
        bundle: Bundle,
        document: JsonDocument,
        manifest: Manifest,
        request: DeploymentRequest | None,
        cloud_name: str | None,
        default_location: str | None,
        template_hosts: Collection[str],
    ) -> None:
        self._bundle = bundle
        self._document = document
        self._manifest = manifest
        self._request = request
        self._cloud_name = cloud_name
        self._default_location = default_location
        self._nearest = Nearest()
        self._files = TemplateFiles(bundle, self._nearest, template_hosts)
        self._checksums, self._damaged = package_checksums(bundle, manifest.packages)

    def of(self, manifest: Manifest) -> Self:
        """The review of the same bundle as another manifest describes it, with what was read of it so far."""
        other = copy(self)
        other._manifest = manifest
        return other

    def run(self, problems: list[Problem], deployment_id: str) -> Review:
        manifest, document = self._manifest, self._document
        linked = {entry.name: self._linked(entry) for entry in manifest.templates}
        templates = {
            entry.name: self._files.file(entry.file.path).template if self._holds(entry.file.path) else None
            for entry in manifest.templates
        }
        is_inferred = manifest.kind is BundleKind.ASSEMBLY and self._assembly_order() is AssemblyOrder.INFERRED
        contents = {
            entry.name: _contents(entry, linked[entry.name], with_names=is_inferred) for entry in manifest.templates
        }
        targeting = Targeting(
            manifest=manifest,
            document=document,
            templates=templates,
            contents=contents,
            target=self._request.target if self._request else None,
        )
        order = order_of(
            manifest, document, contents, targeting.resource_group, self._assembly_order(), targeting.subscription
        )
        around = self._surroundings(templates)
        found = [
            *problems,
            *self._agreement_problems(),
            *self._name_problems(),
            *self._path_problems(),
            *self._dependency_problems(around),
            *order.problems,
            *self._parameter_problems(around),
            *targeting.problems(),
            *entry_problems(manifest, templates, around),
            *package_problems(manifest, document, self._checksums),
            *self._damaged,
            *self._files.problems,
            *self._identity_problems(linked),
            *self._check_problems(around),
        ]
        unique = tuple(dict.fromkeys(found))
        if self._request is None or any(problem.is_error for problem in unique):
            return Review(manifest, None, unique)
        sound = Sound(
            bundle=self._bundle,
            manifest=manifest,
            templates={name: template for name, template in templates.items() if template is not None},
            linked=linked,
            checksums=self._checksums,
            order=order,
            targeting=targeting,
            location=location_of(manifest, self._request, self._default_location) or "",
        )
        cloud_name = self._cloud_name or manifest.cloud or ""
        plan = plan_of(sound, self._request, deployment_id, cloud_name)
        options = self._request.options
        reviewed = unique
        if options.delivery is Delivery.INLINE:
            reviewed = (*reviewed, *inlining_problems(plan, self._bundle))
        if options.strategy is Strategy.ROOT:
            levels = {name: _levels(linked[name]) for name in templates}
            reviewed = (*reviewed, *root_problems(plan, options, levels, self._bundle))
        return Review(manifest, None if any(problem.is_error for problem in reviewed) else plan, reviewed)

    def _holds(self, path: str) -> bool:
        return path in self._bundle.entries

    def _linked(self, entry: TemplateEntry) -> LinkedFiles:
        if not self._holds(entry.file.path):
            return LinkedFiles()
        listed = [linked.path for linked in entry.linked if self._holds(linked.path)]
        return self._files.linked(entry.file.path, listed, _literals(entry))

    def _assembly_order(self) -> AssemblyOrder:
        return self._request.options.assembly_order if self._request else AssemblyOrder.INFERRED

    def _problem(
        self, pointer: str, code: ProblemCode, message: str, next_step: str, *, of_name: bool = False
    ) -> Problem:
        return problem_at(self._document, pointer, code, message, next_step, of_name=of_name)

    def _agreement_problems(self) -> Iterator[Problem]:
        """What manifest, request and app say about the same thing, where they differ or all are silent."""
        manifest, request = self._manifest, self._request
        is_other = manifest.cloud and self._cloud_name and manifest.cloud.lower() != self._cloud_name.lower()
        if is_other:
            yield self._problem(
                "/cloud",
                ProblemCode.CLOUD_MISMATCH,
                f"The bundle is for {manifest.cloud}, the app runs in {self._cloud_name}.",
                "Send it to the app of that cloud, or correct 'cloud'.",
            )
        if request is None:
            return
        for key, ours, asked in (
            ("project", manifest.project, request.project),
            ("environment", manifest.environment, request.environment),
        ):
            if ours is not None and asked is not None and ours != asked:
                yield self._problem(
                    f"/{key}",
                    ProblemCode.LINEAGE_MISMATCH,
                    f"The bundle's {key} is {ours}, the request's {asked}.",
                    f"Leave {key} out of the request, or make the two agree.",
                )
        if location_of(manifest, request, self._default_location) is None:
            yield Problem(
                ProblemCode.TARGET_INCOMPLETE,
                "Neither the request nor the bundle names a location, and the app has no default.",
                "Set target.location (on the command line: --location), such as eastus2.",
                pointer="/target/location",
            )

    def _name_problems(self) -> Iterator[Problem]:
        """Names that occur twice among templates, or among packages."""
        is_assembly = self._manifest.kind is BundleKind.ASSEMBLY
        for entries in (self._manifest.templates, self._manifest.packages):
            seen: set[str] = set()
            for entry in entries:
                if entry.name.lower() in seen:
                    yield self._problem(
                        entry.pointer if is_assembly else f"{entry.pointer}/name",
                        ProblemCode.NAME_DUPLICATE,
                        f"The name {entry.name!r} is taken.",
                        "Give each its own name; letter case does not tell two apart.",
                        of_name=is_assembly,
                    )
                seen.add(entry.name.lower())

    def _path_problems(self) -> Iterator[Problem]:
        """Paths of the manifest that leave the bundle or lead to nothing."""
        named: list[FileReference] = []
        for entry in self._manifest.templates:
            named += [entry.file, *entry.linked]
        named += [package.file for package in self._manifest.packages]
        for reference in named:
            fault = name_fault(reference.path)
            if fault is not None:
                yield self._problem(
                    reference.pointer,
                    ProblemCode.ENTRY_NAME_UNSAFE,
                    f"The path {fault}.",
                    "Name a file of the bundle, relative to manifest.json, with forward slashes.",
                )
            elif not self._holds(reference.path):
                near = self._nearest.find_file(reference.path, self._bundle.entries)
                yield self._problem(
                    reference.pointer,
                    ProblemCode.FILE_MISSING,
                    f"The bundle does not hold {reference.path}.",
                    f"Did you mean {near}?" if near else "Add the file, or correct the path.",
                )

    def _dependency_problems(self, around: Surroundings) -> Iterator[Problem]:
        """Names under dependsOn that are no template's."""
        for entry in self._manifest.templates:
            for index, name in enumerate(entry.depends_on):
                if name and name.lower() not in around.templates:
                    yield unknown_template(name, f"{entry.pointer}/dependsOn/{index}", around)

    def _parameter_problems(self, around: Surroundings) -> Iterator[Problem]:
        for entry in self._manifest.templates:
            template = around.templates[entry.name.lower()]
            if template is not None:
                yield from parameter_problems(entry, template, around)

    def _identity_problems(self, linked: Mapping[str, LinkedFiles]) -> Iterator[Problem]:
        for entry in self._manifest.templates:
            yield from identity_problems(entry.attachments, linked[entry.name].templates)

    def _check_problems(self, around: Surroundings) -> Iterator[Problem]:
        if self._manifest.validation is not None:
            yield from check_problems(self._manifest.validation, around)

    def _surroundings(self, templates: Mapping[str, Template | None]) -> Surroundings:
        """What parameters may refer to. A template whose own description is refused is there, but can't be read."""
        known: dict[str, Template | None] = {name.lower(): None for name in self._manifest.names_in_doubt}
        return Surroundings(
            document=self._document,
            manifest=self._manifest,
            templates={**known, **{name.lower(): template for name, template in templates.items()}},
            packages={package.name.lower(): package for package in self._manifest.packages},
            nearest=self._nearest,
        )


def _levels(linked: LinkedFiles) -> int:
    """How many levels of nested deployments the first of the files has below it."""
    known = {file.path: file.template for file in linked.files if file.template is not None}
    return DeployedTemplates(known, linked.files[0].path).levels if linked.files else 0


def _literals(entry: TemplateEntry) -> dict[str, Any]:
    """The values of parameters that the manifest gives as they are."""
    return {name: source.value for name, source in entry.parameters.items() if source.kind == "value"}


def _contents(entry: TemplateEntry, linked: LinkedFiles, *, with_names: bool) -> Contents:
    """What an entry's files create and, where the order is inferred from it, name.

    The values of the entry's parameters count for its root template only.
    """
    defined: set[ResourceName] = set()
    named: set[ResourceName] = set()
    groups: list[str] = []
    other_groups: set[str] = set()
    for template in linked.templates:
        parameters = _literals(entry) if template.document.file == entry.file.path else {}
        if with_names:
            defined |= defined_resources(template, parameters)
            named |= named_resources(template, parameters)
        groups += sorted(created_resource_groups(template, parameters))
        other_groups |= other_resource_groups(template, parameters)
    return Contents(frozenset(defined), frozenset(named), tuple(groups), frozenset(other_groups))
