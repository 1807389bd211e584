"""The packages of a bundle: each read once, as a stream, for its checksum; and the function apps that run from them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from armature.bundle import Bundle, BundleError
from armature.manifest import BundleKind, Manifest, PackageEntry
from armature.plan import PackageAttachment
from armature.problems import Problem, ProblemCode, Severity
from armature.shape import problem_at
from armature.templates.reading import JsonDocument
from armature.templates.template import Template

_CHUNK = 1024**2
_SITES = "microsoft.web/sites"


def package_checksums(bundle: Bundle, packages: Iterable[PackageEntry]) -> tuple[dict[str, str], list[Problem]]:
    """SHA-256 (hex) of each package's file, by path, for those that the bundle holds; and those that can't be read."""
    checksums: dict[str, str] = {}
    problems: list[Problem] = []
    for path in dict.fromkeys(package.file.path for package in packages if package.file.path in bundle.entries):
        digest = hashlib.sha256()
        try:
            with bundle.open(path) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
        except BundleError as error:
            problems += error.problems
        else:
            checksums[path] = digest.hexdigest()
    return checksums, problems


def package_problems(manifest: Manifest, document: JsonDocument, checksums: Mapping[str, str]) -> Iterator[Problem]:
    """Packages whose file is not what the manifest says, and those that nothing uses."""
    sources = [source for entry in manifest.templates for source in entry.parameters.values()]
    used = {source.package.lower() for source in sources if source.package}
    for package in manifest.packages:
        actual = checksums.get(package.file.path)
        if actual is not None and package.sha256 is not None and actual != package.sha256:
            key = "checksum" if manifest.kind is BundleKind.MANIFEST else "hash"
            yield problem_at(
                document,
                f"{package.pointer}/{key}",
                ProblemCode.CHECKSUM_MISMATCH,
                f"{package.file.path} has the checksum sha256:{actual}, not the one given.",
                "Pack the file again, or write its checksum down again, whichever is the wrong one.",
            )
        if manifest.kind is BundleKind.MANIFEST and package.name.lower() not in used:
            yield problem_at(
                document,
                package.pointer,
                ProblemCode.PACKAGE_UNUSED,
                f"No parameter takes the package {package.name!r}: it is uploaded for nothing.",
                'Give it to a parameter as {"package": "' + package.name + '"}, or remove it.',
                severity=Severity.WARNING,
            )


def identity_problems(attachments: Iterable[PackageAttachment], templates: Iterable[Template]) -> Iterator[Problem]:
    """Function apps that are to run from a package but have no identity to read it with, as far as templates tell."""
    wanted = {attachment.function_app.lower() for attachment in attachments}
    for template in templates:
        for resource in template.resources:
            is_wanted = resource.type.lower() == _SITES and resource.name.lower() in wanted
            if not is_wanted or resource.is_existing or _is_flex(resource.body.get("properties")):
                continue
            if not _has_identity(resource.body.get("identity")):
                yield problem_at(
                    template.document,
                    resource.pointer,
                    ProblemCode.PACKAGE_IDENTITY,
                    f"The function app {resource.name!r} has no identity with which it could read its package.",
                    'Give it one: "identity": {"type": "SystemAssigned"}.',
                )


def _has_identity(identity: Any) -> bool:
    """True for an identity of some type; an expression counts as one."""
    kind = identity.get("type") if isinstance(identity, dict) else identity
    return isinstance(kind, str) and kind.strip().lower() not in ("", "none")


def _is_flex(properties: Any) -> bool:
    """True for an app on Flex Consumption, to which the platform brings its package."""
    return isinstance(properties, dict) and properties.get("functionAppConfig") is not None
