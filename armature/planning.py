"""From a bundle without faults to the plan of one deployment."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from armature.assembly import default_project
from armature.binding import bindings_of, is_told_its_location
from armature.bundle import MANIFEST_FILE, Bundle
from armature.graph import tiers
from armature.manifest import Manifest, TemplateEntry
from armature.ordering import Order
from armature.plan import (
    Artifact,
    ArtifactKind,
    DeploymentScopeTarget,
    Lineage,
    ParameterBinding,
    Plan,
    PlannedTemplate,
    ResourceGroupToEnsure,
    deployment_name,
    lineage_of,
)
from armature.request import DeploymentRequest
from armature.targeting import Targeting
from armature.template_files import LinkedFiles, TemplateFile
from armature.templates.links import ArtifactsLocationStyle, artifacts_location_style
from armature.templates.reading import JsonDocument
from armature.templates.relative_links import link_rewrites
from armature.templates.template import DeploymentScope, Template

DEFAULT_ENVIRONMENT = "default"
"""The lineage's environment of an assembly when the request names none."""

_NO_TEMPLATES = (".parameters.json", ".metadata.json")
"""Files that one writer of assemblies puts beside the templates; nothing reads them."""


@dataclass(frozen=True)
class Sound:
    """A bundle in which nothing is wrong, and what is known of it."""

    bundle: Bundle
    manifest: Manifest
    templates: Mapping[str, Template]
    linked: Mapping[str, LinkedFiles]
    checksums: Mapping[str, str]
    order: Order
    targeting: Targeting
    location: str


def plan_of(sound: Sound, request: DeploymentRequest, deployment_id: str, cloud_name: str) -> Plan:
    """The plan of a deployment: the same bundle, request and id always give the same one."""
    manifest = sound.manifest
    tier_of = tiers(sound.order.edges)
    scopes = {entry.name: _scope(sound, entry) for entry in manifest.templates}
    planned = [
        _planned(
            sound,
            entry,
            scopes[entry.name],
            tier_of[entry.name],
            deployment_name(entry.name, deployment_id, request.options.deployment_name_prefix),
        )
        for entry in manifest.templates
    ]
    return Plan(
        deployment_id=deployment_id,
        name_prefix=request.options.deployment_name_prefix,
        lineage=_lineage(manifest, request, cloud_name, scopes.values()),
        subscription=request.target.subscription,
        location=sound.location,
        resource_groups_to_ensure=tuple(_groups_to_ensure(sound, scopes.values(), request.target.subscription)),
        templates=tuple(sorted(planned, key=lambda template: template.tier)),
        artifacts=tuple(_artifacts(sound)),
        validation=manifest.validation,
    )


def _lineage(
    manifest: Manifest, request: DeploymentRequest, cloud_name: str, scopes: Iterable[DeploymentScopeTarget]
) -> Lineage:
    project = manifest.project or request.project or default_project(manifest)
    environment = manifest.environment or request.environment or DEFAULT_ENVIRONMENT
    return lineage_of(project, environment, cloud_name, request.target, scopes, manifest.region)


def _scope(sound: Sound, entry: TemplateEntry) -> DeploymentScopeTarget:
    scope = sound.targeting.scope(entry)
    if scope is None:
        raise ValueError(f"{entry.name} has no scope, though nothing was found wrong")
    return scope


def _planned(sound: Sound, entry: TemplateEntry, scope: DeploymentScopeTarget, tier: int, name: str) -> PlannedTemplate:
    template = sound.templates[entry.name]
    _, *linked = sound.linked[entry.name].files
    parameters = bindings_of(entry, template)
    style = _artifacts_location(sound.linked[entry.name]) if is_told_its_location(entry, template) else None
    return PlannedTemplate(
        name=entry.name,
        path=entry.file.path,
        tier=tier,
        depends_on=sound.order.edges[entry.name],
        scope=scope,
        location=None if template.scope is DeploymentScope.RESOURCE_GROUP else sound.location,
        deployment_name=name,
        parameters=_as_named(parameters, sound.manifest),
        linked_paths=tuple(file.path for file in linked),
        artifacts_location=style,
        attachments=entry.attachments,
        resource_count=template.resource_count,
        secure_parameters=tuple(
            name for name in parameters if (definition := template.parameter(name)) is not None and definition.secure
        ),
        hashes={
            document.file: _hash_of(document)
            for document in (
                *(template.document for template in sound.linked[entry.name].templates),
                *sound.linked[entry.name].parameter_files.values(),
            )
        },
    )


def _hash_of(document: JsonDocument) -> str:
    """SHA-256 (hex) of what a file says, however it is laid out."""
    return hashlib.sha256(json.dumps(document.value, sort_keys=True).encode()).hexdigest()


def _artifacts_location(linked: LinkedFiles) -> ArtifactsLocationStyle:
    """How `_artifactsLocation` must end: as the root template uses it, else as the first that it is handed on to."""
    styles = (artifacts_location_style(template) for template in linked.templates)
    return next((style for style in styles if style is not None), "slash")


def _as_named(parameters: Mapping[str, ParameterBinding], manifest: Manifest) -> dict[str, ParameterBinding]:
    """The bindings with templates and packages spelled as the manifest spells them."""
    templates = {entry.name.lower(): entry.name for entry in manifest.templates}
    packages = {entry.name.lower(): entry.name for entry in manifest.packages}
    named = {}
    for name, binding in parameters.items():
        update: dict[str, object] = {}
        if binding.output is not None:
            source = templates[binding.output.template.lower()]
            update["output"] = binding.output.model_copy(update={"template": source})
        if binding.package is not None:
            update["package"] = packages[binding.package.lower()]
        named[name] = binding.model_copy(update=update)
    return named


def _groups_to_ensure(
    sound: Sound, scopes: Iterable[DeploymentScopeTarget], subscription: str
) -> list[ResourceGroupToEnsure]:
    """The groups that are deployed into and that no template of the bundle creates. `subscription` is the target's."""
    wanted = {
        (scope.subscription != subscription, scope.resource_id.lower()): (scope.resource_group, scope.subscription)
        for scope in scopes
        if scope.resource_group
    }
    return [
        ResourceGroupToEnsure(name=name, location=sound.location, subscription=within if is_elsewhere else None)
        for (is_elsewhere, _), (name, within) in sorted(wanted.items())
        if not sound.targeting.creates(name, within)
    ]


def _artifacts(sound: Sound) -> list[Artifact]:
    """Packages first, the largest before the others, so that the longest upload starts earliest; then templates."""
    sizes = {path: entry.size for path, entry in sound.bundle.entries.items()}
    packages = sorted(sound.manifest.packages, key=lambda package: -sizes[package.file.path])
    files: dict[str, TemplateFile | None] = {
        file.path: file for entry in sound.manifest.templates for file in sound.linked[entry.name].files
    }
    read = {path: file.template for path, file in files.items() if file is not None and file.template is not None}
    rewrites = link_rewrites(read, {entry.file.path for entry in sound.manifest.templates})
    for linked in sound.linked.values():
        files |= dict.fromkeys(linked.parameter_files)
    if not all(linked.are_all_known for linked in sound.linked.values()):
        files = {**dict.fromkeys(_possible_templates(sound.bundle)), **files}
    artifacts = [
        Artifact(
            index=index,
            kind=ArtifactKind.PACKAGE,
            path=package.file.path,
            name=package.name,
            size=sizes[package.file.path],
            sha256=sound.checksums[package.file.path],
        )
        for index, package in enumerate(packages)
    ]
    return artifacts + [
        Artifact(
            index=index,
            kind=ArtifactKind.TEMPLATE,
            path=path,
            name=path,
            size=sizes[path],
            rewrites=rewrites.get(path, {}),
        )
        for index, path in enumerate(files, start=len(artifacts))
    ]


def _possible_templates(bundle: Bundle) -> list[str]:
    """What a link may lead to whose target is only known when ARM evaluates it."""
    return [
        path
        for path in bundle.entries
        if path.lower().endswith(".json") and not path.lower().endswith(_NO_TEMPLATES) and path != MANIFEST_FILE
    ]
