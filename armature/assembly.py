"""Cloud assemblies, versions 1.0.0 and 2.0.0: what the Atakora framework writes, taken as it is.

Only `version`, `stacks` and each stack's `templatePath` are relied on. Everything else may be absent, unknown keys are
ignored, and so are `directory` (often absolute and stale), counts, and `dependencies` (resource types, not stacks).
"""

import hashlib
import re
from itertools import islice
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from armature.manifest import (
    MAX_TEMPLATES,
    BundleKind,
    Checksum,
    FileReference,
    Manifest,
    PackageEntry,
    TemplateEntry,
    sha256_of,
)
from armature.models import Form, Model
from armature.plan import PackageAttachment
from armature.problems import Problem
from armature.shape import is_valid, shape_problems
from armature.templates.reading import JsonDocument, pointer_to

ASSEMBLY_VERSIONS = ("1.0.0", "2.0.0")
_SHAPE_STEP = "Synthesize the assembly again with the framework that wrote it."
_MAX_PROJECT = 40
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


StackName = Annotated[str, Form(r"^[^\x00-\x1f\x7f]{1,128}$", "1 to 128 characters, no control characters")]


FunctionAppName = Annotated[
    str,
    Form(r"^[A-Za-z0-9](-*[A-Za-z0-9]){1,59}$", "2 to 60 letters, digits and hyphens, a hyphen neither first nor last"),
]
"""Azure's rule for Microsoft.Web/sites (resource name rules, 2025). The name becomes part of a resource id."""


class _AssemblyPart(Model):
    model_config = ConfigDict(extra="ignore", populate_by_name=False)


class FunctionPackage(_AssemblyPart):
    """The code of one function app; nothing in the templates consumes it."""

    package_path: Annotated[str, Field(min_length=1)]
    function_app_name: FunctionAppName
    hash: Checksum | None = None


class StackArtifacts(_AssemblyPart):
    """What lies beside a stack's templates."""

    function_packages: Annotated[tuple[FunctionPackage, ...], Field(max_length=MAX_TEMPLATES)] | None = None


class Stack(_AssemblyPart):
    """One stack: a root template, perhaps with linked ones."""

    template_path: Annotated[str, Field(min_length=1)]
    linked_templates: tuple[str, ...] | None = None
    artifacts: StackArtifacts | None = None


class AssemblyFile(_AssemblyPart):
    """manifest.json of a cloud assembly."""

    version: Literal["1.0.0", "2.0.0"]
    stacks: Annotated[dict[StackName, Stack], Field(min_length=1, max_length=MAX_TEMPLATES)]


_STACK: TypeAdapter[Any] = TypeAdapter(Stack)
_STACK_NAME: TypeAdapter[Any] = TypeAdapter(StackName)


def read_assembly(document: JsonDocument) -> tuple[Manifest, list[Problem]]:
    """The manifest that a cloud assembly amounts to, as far as it is sound, and every fault of its shape.

    Templates stand in key order and depend on nothing yet: their order is inferred from what they hold, or listed.
    """
    problems: list[Problem] = []
    try:
        AssemblyFile.model_validate(document.value)
    except ValidationError as error:
        problems += shape_problems(error, document, _SHAPE_STEP)
    stacks = document.value.get("stacks")
    stacks = stacks if isinstance(stacks, dict) else {}
    looked_at = islice(stacks.items(), MAX_TEMPLATES)  # more are refused, and would only take long
    sound = {name: Stack.model_validate(stack) for name, stack in looked_at if _is_sound(name, stack)}
    packages: list[PackageEntry] = []
    templates = [_entry(name, stack, packages) for name, stack in sound.items()]
    return (
        Manifest(
            kind=BundleKind.ASSEMBLY,
            templates=tuple(templates),
            packages=tuple(packages),
            names_in_doubt=tuple(name for name in stacks if name not in sound),
        ),
        problems,
    )


def default_project(manifest: Manifest) -> str:
    """The lineage's project of an assembly when the request names none: made of the names of its stacks."""
    names = "-".join(sorted(template.name.lower() for template in manifest.templates))
    slug = _NOT_IN_A_SLUG.sub("-", names).strip("-") or "assembly"
    if len(slug) <= _MAX_PROJECT:
        return slug
    digest = hashlib.sha256(names.encode()).hexdigest()[:8]
    return f"{slug[: _MAX_PROJECT - len(digest) - 1].strip('-')}-{digest}"


def _is_sound(name: str, stack: Any) -> bool:
    return is_valid(_STACK_NAME, name) and is_valid(_STACK, stack)


def _entry(name: str, stack: Stack, packages: list[PackageEntry]) -> TemplateEntry:
    pointer = pointer_to("stacks", name)
    attachments = []
    functions = (stack.artifacts.function_packages if stack.artifacts else None) or ()
    for index, package in enumerate(functions):
        entry = _package(package, f"{pointer}/artifacts/functionPackages/{index}", len(packages))
        packages.append(entry)
        attachments.append(PackageAttachment(function_app=package.function_app_name, package=entry.name))
    return TemplateEntry(
        name=name,
        pointer=pointer,
        file=FileReference(path=_slashes(stack.template_path), pointer=f"{pointer}/templatePath"),
        linked=tuple(
            FileReference(path=_slashes(path), pointer=f"{pointer}/linkedTemplates/{index}")
            for index, path in enumerate(stack.linked_templates or ())
        ),
        attachments=tuple(attachments),
    )


def _package(package: FunctionPackage, pointer: str, index: int) -> PackageEntry:
    path = _slashes(package.package_path)
    if PurePosixPath(path).is_absolute() or PureWindowsPath(package.package_path).is_absolute():
        path = f"packages/{PurePosixPath(path).name}"
    return PackageEntry(
        name=f"{package.function_app_name}-{index}",
        pointer=pointer,
        file=FileReference(path=path, pointer=f"{pointer}/packagePath"),
        sha256=sha256_of(package.hash) if package.hash else None,
    )


def _slashes(path: str) -> str:
    """A path as a Windows machine may have written it, with forward slashes and without a leading `./`."""
    return path.replace("\\", "/").removeprefix("./")
