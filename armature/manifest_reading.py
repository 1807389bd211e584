"""From a bundle to its manifest: finds manifest.json, tells the versions apart, has the right reader read it."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from armature.assembly import ASSEMBLY_VERSIONS, read_assembly
from armature.bundle import MANIFEST_FILE, Bundle, BundleError
from armature.manifest import Manifest, read_manifest
from armature.problems import Problem, ProblemCode
from armature.shape import problem_at
from armature.templates.reading import JsonDocument, JsonSyntaxError, read_json

MAX_MANIFEST_BYTES = 4 * 1024**2
"""As large as ARM's own parameter file may be (ARM limits, 2025-11)."""

MAX_REPEATED = 20
"""Repeated properties that are told."""

_FOUND = re.compile(r",? found '.*|(?<=property name) '.*", re.DOTALL)

_READERS: dict[Any, Callable[[JsonDocument], tuple[Manifest, list[Problem]]]] = {
    "1": read_manifest,
    **dict.fromkeys(ASSEMBLY_VERSIONS, read_assembly),
}


def find_manifest(bundle: Bundle) -> tuple[JsonDocument | None, Manifest | None, list[Problem]]:
    """The manifest's document, the manifest as far as it is sound, and every fault found on the way."""
    if MANIFEST_FILE not in bundle.entries:
        return None, None, [_missing(bundle)]
    try:
        document = read_json(bundle.read(MANIFEST_FILE, MAX_MANIFEST_BYTES), file=MANIFEST_FILE)
    except BundleError as error:
        return None, None, list(error.problems)
    except JsonSyntaxError as error:
        problem = Problem(
            ProblemCode.MANIFEST_SYNTAX,
            f"The manifest is not JSON: {_without_text(error.message)}.",
            "Correct the text at this place.",
            file=MANIFEST_FILE,
            line=error.line,
            column=error.column,
        )
        return None, None, [problem]
    if not isinstance(document.value, dict):
        message = "The manifest is no JSON object."
        step = "Write it as docs/manifest.schema.json says."
        return document, None, [problem_at(document, "", ProblemCode.MANIFEST_FIELD, message, step)]
    version = document.value.get("version")
    reader = _READERS.get(version) if isinstance(version, str) else None
    if reader is None:
        return document, None, [_version_problem(document, is_there="version" in document.value)]
    manifest, problems = reader(document)
    return document, manifest, [*_repeated(document), *problems]


def _repeated(document: JsonDocument) -> list[Problem]:
    """Properties that are there twice: which of the two a reader takes is its own choice, so none is right."""
    return [
        problem_at(
            document,
            pointer,
            ProblemCode.MANIFEST_FIELD,
            "This property is there more than once.",
            "Keep one of them.",
        )
        for pointer in document.repeated[:MAX_REPEATED]
    ]


def _without_text(message: str) -> str:
    """What a reader says of a fault, without what it found there: that may be a part of a parameter's value."""
    return _FOUND.sub("", message)


def _missing(bundle: Bundle) -> Problem:
    deeper = sorted(path for path in bundle.entries if PurePosixPath(path).name.lower() == MANIFEST_FILE)
    step = (
        f"There is one at {deeper[0]}: it must be named {MANIFEST_FILE} and lie at the root. Pack the content of the "
        "folder, not the folder."
        if deeper
        else f"Add {MANIFEST_FILE} beside the templates; docs/manifest.schema.json says what it holds."
    )
    return Problem(ProblemCode.MANIFEST_MISSING, f"The bundle has no {MANIFEST_FILE} at its root.", step, MANIFEST_FILE)


def _version_problem(document: JsonDocument, *, is_there: bool) -> Problem:
    known = '"1" (a manifest of our own), "1.0.0" and "2.0.0" (cloud assemblies)'
    return problem_at(
        document,
        "/version",
        ProblemCode.MANIFEST_VERSION,
        "The manifest's version is not one that is read." if is_there else "The manifest names no version.",
        f"Versions are strings: {known}.",
    )
