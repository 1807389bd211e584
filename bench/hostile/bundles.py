"""Hostile bundles: the zip, its manifest, its templates."""

import json
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.hostile.attack import RECORDS, Attack, Met, problem_of
from bench.hostile.ground import Ground
from emulator.stack import SUBSCRIPTION
from tests.armature.bad_bundles import BAD_BUNDLES, MANIFEST, NETWORK, WEB, edited, with_entry
from tests.builders import linked, resource, zipped

SHARED_WITH_THE_SUITE = (
    "entry named ../evil.json",
    "entry named /etc/evil",
    "entry named C:/evil",
    "entry named ..\\evil",
    "a link",
    "an encrypted entry",
    "names that differ in case",
    "a zip bomb",
    "a template larger than it says",
    "a package larger than it says",
    "the wrong cloud",
    "a template's path that leaves the bundle",
    "a package's path that leaves the bundle",
)
"""Attacks among the bad bundles that the suite knows by these names."""


def _deployed(build: Any, ground: Ground) -> Met:
    """What becomes of a bundle: it is refused as it is stored, or by its deployment."""
    state = ground.deployed(build(), target={"subscription": SUBSCRIPTION, "resourceGroup": "rg-hostile"})
    if "status" in state and isinstance(state["status"], int):
        codes = [problem["code"] for problem in state.get("problems", [])]
        return Met(str(state["status"]), codes[0] if codes else problem_of(state), json.dumps(state))
    errors = [problem["code"] for problem in state["problems"] if problem["severity"] == "error"]
    code = errors[0] if errors else state["failures"][0]["code"]
    return Met(state["status"], code, json.dumps(state))


def _zip(*edits: tuple[str, str, Any]) -> Any:
    return lambda: zipped(edited(*edits))


def _link(uri: str) -> Any:
    """The valid bundle, whose second template links to that address."""
    link = linked("nested", "nested/none.json")
    link["properties"]["templateLink"] = {"uri": uri}
    return _zip((WEB, "/resources/-", link))


def _manifest(old: str, new: str) -> Any:
    def build() -> bytes:
        documents = edited()
        documents[MANIFEST] = json.dumps(documents[MANIFEST]).replace(old, new, 1)
        return zipped(documents)

    return build


def _calls(depth: int) -> str:
    return "[" + "string(" * depth + "'x'" + ")" * depth + "]"


def attacks() -> Iterator[Attack]:
    """All of them."""
    for bad in BAD_BUNDLES:
        if bad.name in SHARED_WITH_THE_SUITE:
            code, file, _ = bad.faults[0]
            status = "400" if code.startswith("Entry") and file != MANIFEST else "failed"  # seen in the zip's directory
            yield _attack(bad.name, bad.build, code.value, status)
    yield _attack("5,000 files and one more", _many_entries, "BundleTooLarge", "400")
    yield _attack("a name twice in the zip", _twice, "EntryDuplicate", "400")
    yield _attack("a name in two forms of Unicode", _two_forms, "EntryDuplicate", "400")
    for name, (build, problem) in _documents().items():
        yield _attack(name, build, problem)


def _documents() -> dict[str, tuple[Any, str]]:
    """Sound zips with something hostile in a document."""
    secret, missing = (MANIFEST, "/templates/1/parameters/adminPassword"), "LinkedTemplateMissing"
    return {
        "a manifest with a name twice": (_manifest('"project"', '"project": "x", "project"'), "ManifestField"),
        "a manifest 100,000 levels deep": (_zip((MANIFEST, "", "[" * 100_000)), "ManifestSyntax"),
        "a version of 5,000 digits": (_manifest('"version": "1"', f'"version": {"9" * 5000}'), "ManifestSyntax"),
        "an environment that climbs": (_zip((MANIFEST, "/environment", "../prod")), "ManifestField"),
        "a link to a foreign host": (_link("https://evil.example/t.json"), "LinkedTemplateForeign"),
        "a link to a foreign host, its path made up": (_link(_MADE_UP), "LinkedTemplateForeign"),
        "a link over http to this machine": (_link("http://127.0.0.1/t.json"), "LinkedTemplateForeign"),
        "a link that leaves the bundle": (_zip((WEB, "/resources/-", linked("n", "../../n.json"))), missing),
        "an expression 500 calls deep": (_zip((NETWORK, "/resources/-", resource(_calls(500)))), "ExpressionSyntax"),
        "copies without end": (_zip((NETWORK, "/resources/0/copy", {"name": "c", "count": 10**9})), "TooManyResources"),
        "a secret in the manifest": (_zip((*secret, {"value": "hunter2"})), "ParameterSecureLiteral"),
    }


_MADE_UP = "[uri('https://evil.example/', concat(resourceGroup().id, '.json'))]"


def _attack(name: str, build: Any, problem: str, status: str = "failed") -> Attack:
    return Attack("bundle", name, partial(_deployed, build), status, problem, RECORDS)


def _many_entries() -> bytes:
    return zipped({**edited(), **{f"f{number}.txt": b"" for number in range(5001)}})


def _twice() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of it
        return with_entry(WEB)


def _two_forms() -> bytes:
    return zipped({**edited(), "caf\u00e9.json": {}, "cafe\u0301.json": {}})
