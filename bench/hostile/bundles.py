"""Hostile bundles: the zip, its manifest, its templates."""

import io
import json
import warnings
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

from armature.bundle import BundleLimits
from armature.validation import review_bundle
from armature.zip_bundle import ZipBundle
from bench.hostile.attack import RECORDS, Attack, Met, problem_of
from bench.hostile.ground import Ground
from bench.hostile.lying_host import AWAY
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


def reviewed_with(parts: dict[str, Any], _: Ground) -> Met:
    """What a review, as every deployment begins with, says of the valid bundle with these parts of its manifest."""
    content = zipped(edited(*((MANIFEST, f"/{name}", value) for name, value in parts.items())))
    with closing(ZipBundle(io.BytesIO(content), BundleLimits())) as bundle:
        review = review_bundle(bundle, request=None, deployment_id="d-1", cloud_name=None, default_location=None)
    codes = [problem.code.value for problem in review.errors]
    return Met("refused" if codes else "accepted", codes[0] if codes else "", " ".join(map(str, review.errors)))


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


def _at(uri: str, ground: Ground) -> Met:
    """What becomes of a bundle at that address; `{own}` is the app's own storage."""
    own = ground.stack.app_settings["ARMATURE_STORAGE_BLOB_ENDPOINT"]
    return _failed(ground.ended(ground.start({"uri": uri.replace("{own}", own)})))


def _lied(name: str, ground: Ground) -> Met:
    """What becomes of a bundle on a host that may be read from, and that does not keep its word."""
    if ground.host is None:
        raise ValueError("this ground has no such host")
    before = len(ground.host.asked)
    found = _failed(ground.ended(ground.start({"uri": ground.host.uri(name)})))
    is_led_away = any(path == AWAY for path, _ in ground.host.asked[before:])
    return Met(found.status, "led away" if is_led_away else found.problem, found.told)


def _failed(state: dict[str, Any]) -> Met:
    return Met(str(state["status"]), state["failures"][0]["code"], json.dumps(state))


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
    for name, parts in MANIFESTS.items():
        yield Attack("bundle", name, partial(reviewed_with, parts), "refused", "ManifestField")
    records = RECORDS[1:]
    for name, uri in ADDRESSES.items():
        yield Attack("bundle", name, partial(_at, uri), "failed", "BundleUriRefused", records)
    for name, (lie, code) in LIES.items():
        yield Attack("bundle", name, partial(_lied, lie), "failed", code, records)


def _checked(kind: str, declared: dict[str, Any]) -> dict[str, Any]:
    return {"validation": {kind: [declared]}}


def _property(resource: dict[str, Any]) -> dict[str, Any]:
    return _checked("resources", {**resource, "property": "properties.x", "equals": 1})


ADDRESSES: dict[str, str] = {
    "a bundle on a host that is not allowed": "https://evil.example/b.zip",
    "a bundle at the metadata service": "https://169.254.169.254/metadata/identity/oauth2/token",
    "a bundle with an allowed host as its user": "https://127.0.0.1@evil.example/b.zip",
    "a bundle in the app's own state": "{own}/deployments/state/hostile-used.json",
    "a bundle whose address climbs out of the bundles": "{own}/bundles/../deployments/state/hostile-used.json",
    "a bundle whose address climbs, encoded": "{own}/bundles/%2e%2e/deployments/state/hostile-used.json",
}

MANIFESTS: dict[str, dict[str, Any]] = {
    "a region that climbs": {"regions": {"../eastus": {}}},
    "a region's resource group that climbs": {"regions": {"eastus": {"resourceGroup": "../../other"}}},
    "101 regions": {"regions": {f"region{number}": {} for number in range(101)}},
    "a management group that climbs": {"templates/0/scope": {"managementGroup": "../x"}},
    "another subscription that climbs": {"templates/0/scope": {"subscription": f"{SUBSCRIPTION}/../x"}},
    "the tenant and a subscription": {"templates/0/scope": {"tenant": True, "subscription": SUBSCRIPTION}},
    "a tenant that is false": {"templates/0/scope": {"tenant": False}},
    "a property of a resource that climbs": _property({"id": "/subscriptions/a/resourceGroups/b/../c"}),
    "a property of a resource with a query": _property({"id": "/subscriptions/a/resourceGroups/b?api-version=1"}),
    "a function app that climbs": _checked("functionApps", {"name": "../x", "functions": ["a"]}),
    "51 endpoints": {"validation": {"endpoints": [{"uri": f"https://shop.example/{n}"} for n in range(51)]}},
    "an endpoint's output that is no output": _checked("endpoints", {"output": "../x"}),
}

LIES: dict[str, tuple[str, str]] = {
    "a host that redirects": ("led-away", "BundleUriRefused"),
    "a host whose bundle was swapped since it was looked at": ("swapped", "BundleChanged"),
    "a host that answers less than it told": ("shorter", "BundleChanged"),
    "a host that answers another version than it told": ("another", "BundleChanged"),
}


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
