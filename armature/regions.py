"""A manifest for several regions: which one a request is for, and what the bundle is there."""

from collections.abc import Iterator, Mapping

from armature.binding import Surroundings, unknown_template
from armature.manifest import Manifest, RegionEntry, TemplateEntry
from armature.problems import Problem, ProblemCode
from armature.request import DeploymentRequest
from armature.shape import problem_at
from armature.templates.reading import JsonDocument, pointer_to
from armature.templates.template import DeploymentScope, Template


def regions_of(manifest: Manifest, request: DeploymentRequest | None) -> tuple[str, ...]:
    """The regions that a bundle is to be checked for: the one that a request is for, else all of them.

    A request is for its own location, else the manifest's. Empty for a manifest that has no regions.
    """
    wanted = _wanted(manifest, request)
    return (wanted,) if request is not None and wanted in manifest.regions else tuple(manifest.regions)


def in_region(manifest: Manifest, region: str) -> Manifest:
    """The manifest as it is in one of its regions: there, with the parameters that the region gives."""
    entry = manifest.regions[region]
    given = {name.lower(): (name, sources) for name, sources in entry.parameters.items()}
    doubted = {name.lower(): names for name, names in entry.parameters_in_doubt.items()}
    templates = [
        _with_parameters(template, region, *given.get(template.name.lower(), (template.name, {})), doubted)
        for template in manifest.templates
    ]
    return manifest.model_copy(update={"templates": tuple(templates), "region": region, "location": region})


def region_problems(manifest: Manifest, document: JsonDocument, request: DeploymentRequest | None) -> Iterator[Problem]:
    """What is wrong with the choice of a region: nobody has chosen, or one that the bundle does not have."""
    if not manifest.regions:
        return
    names = ", ".join(manifest.regions)
    if manifest.location is not None and manifest.location not in manifest.regions:
        yield problem_at(
            document,
            "/location",
            ProblemCode.REGION_UNKNOWN,
            f"The location {manifest.location} is none of the bundle's regions.",
            f"Name one of: {names}; or leave it out, and let each request say which.",
        )
    if request is None:
        return
    asked = request.target.location
    if asked is not None and asked not in manifest.regions:
        yield Problem(
            ProblemCode.REGION_UNKNOWN,
            f"The bundle is not for the region {asked}.",
            f"Set target.location (on the command line: --location) to one of: {names}; or add it to the manifest.",
            pointer="/target/location",
        )
    elif _wanted(manifest, request) is None:
        yield Problem(
            ProblemCode.TARGET_INCOMPLETE,
            f"The bundle is for several regions, and nobody says for which of them this is: {names}.",
            "Set target.location to one of them (on the command line: --location, or --all-regions for one after the "
            "other).",
            pointer="/target/location",
        )


def entry_problems(
    manifest: Manifest, templates: Mapping[str, Template | None], around: Surroundings
) -> Iterator[Problem]:
    """What the region that a manifest describes says of templates that are not there, or go into no resource group."""
    entry: RegionEntry | None = manifest.regions.get(manifest.region) if manifest.region else None
    if entry is None or manifest.region is None:
        return
    for key, named in (("resourceGroups", entry.resource_groups), ("parameters", entry.parameters)):
        seen: set[str] = set()
        for name in named:
            pointer = pointer_to("regions", manifest.region, key, name)
            if name.lower() in seen:
                yield around.problem(
                    pointer,
                    ProblemCode.NAME_DUPLICATE,
                    f"The template {name!r} is named twice here: letter case does not tell two apart.",
                    "Name it once.",
                    of_name=True,
                )
            seen.add(name.lower())
            if name.lower() not in around.templates:
                yield unknown_template(name, pointer, around)
            elif key == "resourceGroups" and _goes_elsewhere(around.templates[name.lower()]):
                yield around.problem(
                    pointer,
                    ProblemCode.SCOPE_MISMATCH,
                    f"{name} goes into no resource group (by its $schema).",
                    "Remove it here, or let the template have the schema deploymentTemplate.json.",
                    of_name=True,
                )


def _goes_elsewhere(template: Template | None) -> bool:
    return template is not None and template.scope is not DeploymentScope.RESOURCE_GROUP


def _wanted(manifest: Manifest, request: DeploymentRequest | None) -> str | None:
    return (request.target.location if request else None) or manifest.location


def _with_parameters(
    template: TemplateEntry,
    region: str,
    spelled: str,
    sources: Mapping[str, object],
    doubted: Mapping[str, tuple[str, ...]],
) -> TemplateEntry:
    """The template with the parameters of a region in place of its own. The region spells its name as `spelled`."""
    in_doubt = doubted.get(template.name.lower(), ())
    replaced = {name.lower() for name in (*sources, *in_doubt)}
    kept = {name: source for name, source in template.parameters.items() if name.lower() not in replaced}
    return template.model_copy(
        update={
            "parameters": {**kept, **sources},
            "parameters_in_doubt": (*template.parameters_in_doubt, *in_doubt),
            "parameter_pointers": {
                name: pointer_to("regions", region, "parameters", spelled, name) for name in sources
            },
        }
    )
