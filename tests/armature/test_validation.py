import hashlib
import io
import json
import random
from typing import Any

import pytest

from armature.bundle import Bundle, BundleLimits
from armature.manifest import BundleKind
from armature.options import Options
from armature.plan import Artifact, ArtifactKind, PackageAttachment, ParameterBinding, Plan
from armature.problems import ProblemCode, Severity
from armature.request import DeploymentRequest
from armature.templates import limits
from armature.validation import Review, review_bundle
from armature.zip_bundle import ZipBundle
from tests.armature.bad_bundles import ABSENT, MANIFEST, NETWORK, WEB, edited, put, single, stored, valid_assembly
from tests.builders import (
    ARTIFACTS_PARAMETERS,
    CONTENT,
    SUBSCRIPTION,
    assembly,
    declared,
    dump,
    linked,
    linked_by_location,
    manifest,
    request,
    resource,
    secret,
    shop,
    template,
    zipped,
)

OWN_URI = "uri(deployment().properties.templateLink.uri, '{}')"


def opened(data: bytes) -> Bundle:
    return ZipBundle(io.BytesIO(data), BundleLimits())


def reviewed(documents: dict[str, Any], asked: DeploymentRequest | None = None, **more: Any) -> Review:
    arguments = {"deployment_id": "shop-1", "cloud_name": "AzureCloud", "default_location": "eastus2", **more}
    return review_bundle(opened(zipped(documents)), request=asked or request(), **arguments)


def plan(documents: dict[str, Any]) -> Plan:
    review = reviewed(documents)
    assert review.errors == ()
    assert review.plan is not None
    return review.plan


def linked_by(uri: str) -> dict[str, Any]:
    return {**linked("child", ""), "properties": {"mode": "Incremental", "templateLink": {"uri": f"[{uri}]"}}}


def test_the_plan_of_a_valid_bundle_says_all_that_is_to_be_done() -> None:
    review = reviewed(shop())

    assert review.kind is BundleKind.MANIFEST
    assert review.problems == ()
    found = review.plan
    assert found is not None
    assert (found.deployment_id, found.subscription, found.location) == ("shop-1", SUBSCRIPTION, "eastus2")
    assert (found.lineage.project, found.lineage.environment) == ("shop", "test")
    network, web = found.templates
    assert (network.tier, network.depends_on, network.deployment_name) == (0, (), "network.shop-1")
    assert (web.tier, web.depends_on, web.deployment_name) == (1, ("network",), "web.shop-1")
    assert web.scope.resource_id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"
    assert web.location is None
    assert web.parameters == {
        "sku": ParameterBinding(kind="value", value="P1v3"),
        "subnetId": ParameterBinding.load({"kind": "output", "output": {"template": "network", "output": "subnetId"}}),
        "packageUri": ParameterBinding(kind="package", package="api"),
        "adminPassword": ParameterBinding(kind="reference", reference=secret("admin")),
    }
    assert web.secure_parameters == ("adminPassword",)
    assert (web.resource_count, web.linked_paths, web.artifacts_location) == (1, (), None)
    assert found.artifacts == (
        Artifact(
            index=0,
            kind=ArtifactKind.PACKAGE,
            path="packages/api.zip",
            name="api",
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        ),
        Artifact(index=1, kind=ArtifactKind.TEMPLATE, path=NETWORK, name=NETWORK, size=len(dump(shop()[NETWORK]))),
        Artifact(index=2, kind=ArtifactKind.TEMPLATE, path=WEB, name=WEB, size=len(dump(shop()[WEB]))),
    )


def test_the_same_bundle_and_request_give_the_same_plan() -> None:
    assert plan(shop()) == plan(shop())
    assert Plan.load(json.loads(json.dumps(plan(shop()).dump()))) == plan(shop())


def test_the_prefix_of_the_options_begins_the_names_of_all_deployments() -> None:
    planned = reviewed(shop(), request(options=Options(deployment_name_prefix="release_7"))).plan

    assert planned is not None
    assert {t.deployment_name for t in planned.templates} == {"release_7-network.shop-1", "release_7-web.shop-1"}
    assert planned.name_prefix == "release_7"


def test_names_are_matched_without_letter_case_and_planned_as_they_are_declared() -> None:
    found = plan(
        edited(
            (MANIFEST, "/templates/1/parameters/SKU", {"value": "B1"}),
            (MANIFEST, "/templates/1/parameters/sku", ABSENT),
            (MANIFEST, "/templates/1/parameters/subnetId", {"output": "Network.SUBNETID"}),
            (MANIFEST, "/templates/1/parameters/packageUri", {"package": "API"}),
            (MANIFEST, "/templates/1/dependsOn", ["NETWORK"]),
        )
    ).template("web")

    assert found.parameters["sku"].value == "B1"
    assert found.parameters["packageUri"].package == "api"
    assert found.parameters["subnetId"].output is not None
    assert found.parameters["subnetId"].output.template == "network"
    assert found.depends_on == ("network",)


def test_an_assembly_is_planned_with_its_linked_templates_and_packages() -> None:
    found = plan(valid_assembly())

    app = found.template("App")
    assert app.linked_paths == ("App-compute-0.json",)
    assert app.artifacts_location == "no-slash"
    assert app.parameters == {}
    assert app.attachments == (PackageAttachment(function_app="func-api", package="func-api-0"),)
    assert [(artifact.kind.value, artifact.path) for artifact in found.artifacts] == [
        ("package", "packages/api.zip"),
        ("template", "Base.json"),
        ("template", "App.json"),
        ("template", "App-compute-0.json"),
    ]
    assert (found.lineage.project, found.lineage.environment) == ("app-base", "default")


def test_the_request_names_the_lineage_of_an_assembly() -> None:
    review = reviewed(valid_assembly(), request(project="guestbook", environment="prod"))

    assert review.plan is not None
    assert (review.plan.lineage.project, review.plan.lineage.environment) == ("guestbook", "prod")


@pytest.mark.parametrize(("project", "environment", "faults"), [
    ("shop", "test", []), ("other", None, ["/project"]), ("other", "prod", ["/project", "/environment"])])  # fmt: skip
def test_a_manifest_and_a_request_must_agree_on_the_lineage(
    project: str | None, environment: str | None, faults: list[str]
) -> None:
    review = reviewed(shop(), request(project=project, environment=environment))

    assert [(problem.code, problem.pointer) for problem in review.errors] == [
        (ProblemCode.LINEAGE_MISMATCH, pointer) for pointer in faults
    ]


@pytest.mark.parametrize(
    ("written", "ours", "is_accepted"),
    [
        ("AzureCloud", "AzureCloud", True),
        ("azurecloud", "AzureCloud", True),
        (None, "AzureUSGovernment", True),
        ("AzureCloud", None, True),
        ("AzureCloud", "AzureUSGovernment", False),
        ("custom", "custom", True),
    ],
)
def test_the_cloud_of_the_manifest_must_be_the_apps(written: str | None, ours: str | None, is_accepted: bool) -> None:
    review = reviewed(edited((MANIFEST, "/cloud", written)), cloud_name=ours)

    assert (not review.errors) is is_accepted
    assert (review.plan is not None) is is_accepted


def _numbered(count: int, body: dict[str, Any]) -> dict[str, Any]:
    return {f"n{number}": body for number in range(count)}


EDGES = [
    (ProblemCode.TOO_MANY_PARAMETERS, limits.MAX_PARAMETERS,
     lambda count: template(parameters=_numbered(count, {"type": "int", "defaultValue": 1}))),
    (ProblemCode.TOO_MANY_VARIABLES, limits.MAX_VARIABLES, lambda count: template(variables=_numbered(count, {}))),
    (ProblemCode.TOO_MANY_OUTPUTS, limits.MAX_OUTPUTS,
     lambda count: template(outputs=_numbered(count, {"type": "int", "value": 1}))),
    (ProblemCode.TOO_MANY_RESOURCES, limits.MAX_RESOURCES,
     lambda count: template(*(resource(f"r{number}") for number in range(count)))),
    (ProblemCode.EXPRESSION_TOO_LONG, limits.MAX_EXPRESSION_CHARACTERS,
     lambda count: template(variables={"v": f"[concat('{'x' * (count - 12)}')]"})),
]  # fmt: skip


@pytest.mark.parametrize(("code", "most", "build"), EDGES, ids=[str(edge[0]) for edge in EDGES])
def test_a_template_may_reach_a_limit_but_not_go_over_it(code: ProblemCode, most: int, build: Any) -> None:
    assert reviewed(single(build(most))).errors == ()
    assert [problem.code for problem in reviewed(single(build(most + 1))).errors] == [code]


def test_a_template_may_have_four_megabytes_and_not_a_byte_more() -> None:
    text = dump(template(resource("largest")))

    def codes(size: int) -> list[ProblemCode]:
        documents = {**single({}), "only.json": text + b" " * (size - len(text))}
        review = review_bundle(
            opened(stored(documents)), request=request(), deployment_id="d-1", cloud_name=None, default_location=None
        )
        return [problem.code for problem in review.errors]

    assert codes(limits.MAX_TEMPLATE_BYTES) == []
    assert codes(limits.MAX_TEMPLATE_BYTES + 1) == [ProblemCode.TEMPLATE_TOO_LARGE]


VALUE_FAULTS = [
    ({"type": "int", "minValue": 2, "maxValue": 3}, [2, 3], [1, 4]),
    ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
    ({"type": "array", "minLength": 1, "maxLength": 1}, [[0]], [[], [0, 1]]),
    ({"type": "string", "allowedValues": ["a", "b"]}, ["a"], ["A", ""]),
    ({"type": "bool"}, [True], [0, "true", None]),
    ({"type": "object"}, [{}], [[], None]),
    ({"type": "string", "nullable": True}, [None, ""], [5]),
]


@pytest.mark.parametrize(("definition", "good", "bad"), VALUE_FAULTS)
def test_a_value_must_be_one_that_the_parameter_takes(
    definition: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    def codes(value: Any) -> list[ProblemCode]:
        document = template(parameters={"p": definition})
        return [problem.code for problem in reviewed(single(document, parameters={"p": {"value": value}})).errors]

    assert all(codes(value) == [] for value in good)
    assert all(set(codes(value)) <= {ProblemCode.PARAMETER_TYPE, ProblemCode.PARAMETER_VALUE} for value in bad)
    assert all(codes(value) for value in bad)


@pytest.mark.parametrize("definition", [{"defaultValue": "x"}, {"nullable": True}])
def test_a_parameter_with_a_default_or_that_may_be_null_can_be_left_out(definition: dict[str, Any]) -> None:
    assert reviewed(single(template(parameters={"p": {"type": "string", **definition}}))).errors == ()


def test_a_package_with_a_secure_uri_is_marked_as_secure() -> None:
    documents = {
        **single(template(parameters={"uri": {"type": "securestring"}}), parameters={"uri": {"package": "api"}}),
        "api.zip": CONTENT,
    }
    put(documents, MANIFEST, "/packages", [{"name": "api", "path": "api.zip"}])

    assert plan(documents).templates[0].secure_parameters == ("uri",)


def test_a_package_without_a_checksum_is_planned_with_its_own() -> None:
    documents = edited((MANIFEST, "/packages/0/checksum", ABSENT))

    assert plan(documents).package("api").sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_package_that_nothing_takes_is_warned_of() -> None:
    documents = edited(
        (MANIFEST, "/packages/-", {"name": "ui", "path": "ui.zip"}), ("ui.zip", "", b"larger than the other one")
    )

    review = reviewed(documents)

    [warning] = review.problems
    assert (warning.code, warning.severity, warning.pointer) == (
        ProblemCode.PACKAGE_UNUSED,
        Severity.WARNING,
        "/packages/1",
    )
    assert review.plan is not None
    assert [artifact.name for artifact in review.plan.artifacts[:2]] == ["ui", "api"]


def test_links_are_followed_from_file_to_file() -> None:
    found = plan(
        {
            MANIFEST: manifest(declared("a", "deep/a.json"), declared("b", "deep/b.json")),
            "deep/a.json": template(linked("one", "b.json")),
            "deep/b.json": template(linked("two", "more/c.json")),
            "deep/more/c.json": template(linked("three", "../a.json")),
        }
    )

    assert found.template("a").linked_paths == ("deep/b.json", "deep/more/c.json")
    assert found.template("b").linked_paths == ("deep/more/c.json", "deep/a.json")
    assert [artifact.path for artifact in found.artifacts] == ["deep/a.json", "deep/b.json", "deep/more/c.json"]


def test_links_made_from_the_templates_own_address_become_relative_in_the_copy_that_is_uploaded() -> None:
    found = plan(
        {
            MANIFEST: manifest(declared("a", "deep/a.json")),
            "deep/a.json": template(linked_by(OWN_URI.format("b.json"))),
            "deep/b.json": template(linked_by(OWN_URI.format("c.json"))),
            "deep/c.json": template(),
        }
    )

    link = "/resources/0/properties/templateLink"
    assert [(artifact.path, artifact.rewrites) for artifact in found.artifacts] == [
        ("deep/a.json", {link: {"relativePath": "b.json"}}),
        ("deep/b.json", {link: {"relativePath": "c.json"}}),
        ("deep/c.json", {}),
    ]


def test_files_of_a_template_in_a_folder_are_found_from_that_folder() -> None:
    """`_artifactsLocation` is the folder of the root template, for the templates that it is handed on to as well."""
    found = plan(
        {
            MANIFEST: manifest(declared("a", "quickstart/azuredeploy.json")),
            "quickstart/azuredeploy.json": template(
                linked_by("uri(parameters('_artifactsLocation'), 'nested/one.json')"), parameters=ARTIFACTS_PARAMETERS
            ),
            "quickstart/nested/one.json": template(
                linked_by("uri(parameters('_artifactsLocation'), 'nested/two.json')"), parameters=ARTIFACTS_PARAMETERS
            ),
            "quickstart/nested/two.json": template(),
        }
    )

    assert found.templates[0].artifacts_location == "slash"
    assert found.templates[0].linked_paths == ("quickstart/nested/one.json", "quickstart/nested/two.json")


def test_the_artifacts_location_that_a_manifest_gives_is_left_to_it() -> None:
    document = template(linked_by_location("one", "one.json"), parameters=ARTIFACTS_PARAMETERS)
    parameters = {"_artifactsLocation": {"value": "https://elsewhere.example"}}

    found = plan({**single(document, parameters=parameters), "one.json": template()})

    assert found.templates[0].artifacts_location is None
    assert found.templates[0].parameters["_artifactsLocation"].value == "https://elsewhere.example"


def test_a_link_that_only_arm_can_tell_brings_every_template_along() -> None:
    documents = {
        **single(template(linked("child", "[concat(resourceGroup().name, '.json')]"))),
        "one.json": template(),
        "sub/two.json": template(),
        "only.parameters.json": {},
        "only.metadata.json": {},
        "notes.txt": b"",
    }

    assert [artifact.path for artifact in plan(documents).artifacts] == ["only.json", "one.json", "sub/two.json"]


@pytest.mark.parametrize(
    "link",
    [
        "'https://example.com/x.json'",
        "uri('https://example.com/', 'x.json')",
        "uri('https://example.com/', resourceGroup().id)",
        "concat('https://example.com/', reference('x').name, '.json')",
    ],
)
def test_a_link_to_elsewhere_is_refused_unless_the_operator_allows_the_host(link: str) -> None:
    documents = {**single(template(linked_by(link))), "one.json": template()}

    (problem,) = reviewed(documents).errors
    allowed = reviewed(documents, template_hosts=["example.com"])

    assert problem.code is ProblemCode.LINKED_TEMPLATE_FOREIGN
    assert "example.com" in problem.message
    assert problem.pointer == "/resources/0/properties/templateLink/uri"
    assert allowed.errors == ()
    assert allowed.plan is not None
    assert [artifact.path for artifact in allowed.plan.artifacts] == ["only.json"]


def test_a_link_whose_host_is_only_known_when_it_is_evaluated_is_left_to_arm() -> None:
    documents = single(template(linked_by("concat(reference('x').address, '/x.json')")))

    assert reviewed(documents).errors == ()


def test_a_bundle_is_checked_by_itself_when_there_is_no_request() -> None:
    review = review_bundle(
        opened(zipped(shop())), request=None, deployment_id="x-1", cloud_name=None, default_location=None
    )

    assert (review.problems, review.plan, review.kind) == ((), None, BundleKind.MANIFEST)


def test_warnings_do_not_refuse_a_bundle() -> None:
    documents = edited((NETWORK, "/resources/0/tags", {"id": "/subscriptions/[subscription().subscriptionId]/x"}))

    review = reviewed(documents)

    assert [problem.code for problem in review.problems] == [ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION]
    assert review.errors == ()
    assert review.plan is not None


def test_a_secret_in_a_template_is_warned_of_and_not_repeated() -> None:
    server = resource("sql", "Microsoft.Sql/servers", properties={"administratorLoginPassword": "Pa55-w0rd!"})

    review = reviewed(single(template(server)))

    assert [problem.code for problem in review.problems] == [ProblemCode.PLAIN_TEXT_SECRET]
    assert "Pa55" not in str(review.problems)


def test_a_problem_of_a_broken_expression_points_into_it() -> None:
    documents = single(template(resource("[concat('a', [resourceId('b/c', 'd')])]")))

    [problem] = reviewed(documents).errors

    text = dump(documents["only.json"]).decode()
    line = text.splitlines()[(problem.line or 0) - 1]
    assert (problem.file, problem.pointer) == ("only.json", "/resources/0/name")
    assert line[(problem.column or 0) - 1 :].startswith("[resourceId")


def test_a_root_that_only_hands_on_the_artifacts_location_ends_it_as_the_linked_templates_use_it() -> None:
    handed_on = {name: {"value": f"[parameters('{name}')]"} for name in ARTIFACTS_PARAMETERS}

    found = plan(
        {
            **single(template(linked("one", "one.json", parameters=handed_on), parameters=ARTIFACTS_PARAMETERS)),
            "one.json": template(linked_by_location("two", "two.json"), parameters=ARTIFACTS_PARAMETERS),
            "two.json": template(),
        }
    )

    assert found.templates[0].artifacts_location == "no-slash"
    assert found.templates[0].linked_paths == ("one.json", "two.json")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("adminPassword", "s3cr3t-Value", ProblemCode.PLAIN_TEXT_SECRET),
        ("database", "Server=x;Password=s3cr3t-Value", ProblemCode.PLAIN_TEXT_SECRET),
        ("region", "[resourceGroup().location]", ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION),
    ],
)
def test_a_value_that_is_hardly_meant_so_is_warned_of_and_not_repeated(
    name: str, value: str, code: ProblemCode
) -> None:
    document = template(parameters={name: {"type": "string"}})

    review = reviewed(single(document, parameters={name: {"value": value}}))

    [warning] = review.problems
    assert (warning.code, warning.severity) == (code, Severity.WARNING)
    assert warning.pointer == f"/templates/0/parameters/{name}/value"
    assert value not in str(warning)
    assert "s3cr3t" not in str(warning)


def test_files_that_some_writers_put_beside_the_templates_are_neither_read_nor_uploaded() -> None:
    documents = {**valid_assembly(), "App.metadata.json": "{ no JSON", "App.parameters.json": {"parameters": 5}}
    documents[MANIFEST]["stacks"]["App"] |= {"metadataPath": "App.metadata.json", "parametersPath": "gone.json"}

    review = reviewed(documents)

    assert review.problems == ()
    assert review.plan is not None
    assert not {artifact.path for artifact in review.plan.artifacts} & {"App.metadata.json", "App.parameters.json"}


def test_an_assembly_whose_directory_is_stale_and_whose_package_path_is_absolute_is_planned() -> None:
    documents = valid_assembly()
    documents[MANIFEST]["directory"] = "/home/someone/else/arm.out"
    package = documents[MANIFEST]["stacks"]["App"]["artifacts"]["functionPackages"][0]
    package["packagePath"] = "/home/someone/else/arm.out/api.zip"

    assert plan(documents).artifacts[0].path == "packages/api.zip"


def test_an_oversize_template_of_an_assembly_is_refused_with_its_size_and_largest_resources() -> None:
    documents = {
        MANIFEST: {**assembly(App={}), "version": "1.0.0"},
        "App.json": json.dumps(
            template(resource("small"), resource("vast", tags={"x": random.Random(4).randbytes(2 * 1024**2).hex()}))
        ),
    }

    [problem] = reviewed(documents).errors

    assert problem.code is ProblemCode.TEMPLATE_TOO_LARGE
    assert "`vast`" in problem.message.split("largest resources are")[1].split(",")[0]


def test_a_secret_that_an_assembly_can_not_give_is_not_answered_with_a_default_value() -> None:
    document = template(parameters={"key": {"type": "securestring"}, "size": {"type": "int"}})

    key, size = reviewed({MANIFEST: assembly(App={}), "App.json": document}).errors

    assert "default" not in key.next_step
    assert "Key Vault reference" in key.next_step
    assert "default value in the template" in size.next_step


def with_parameter_file(content: Any) -> dict[str, Any]:
    by_own_address = {"uri": f"[{OWN_URI.format('p.json')}]"}
    child = {**linked("child", "child.json")}
    child["properties"] = {**child["properties"], "parametersLink": by_own_address}
    files = {"t/main.json": template(child), "t/child.json": template(resource("x")), "t/p.json": content}
    entry = {"name": "main", "path": "t/main.json", "scope": {"resourceGroup": "rg"}}
    return {"manifest.json": manifest(entry), **files}


def test_a_linked_parameter_file_is_uploaded_beside_its_template() -> None:
    found = plan(with_parameter_file({"parameters": {}}))

    assert [artifact.path for artifact in found.artifacts] == ["t/main.json", "t/child.json", "t/p.json"]
    assert found.artifacts[0].rewrites == {"/resources/0/properties/parametersLink": {"relativePath": "p.json"}}
    assert found.templates[0].linked_paths == ("t/child.json",)
    assert set(found.templates[0].hashes) == {"t/main.json", "t/child.json", "t/p.json"}


@pytest.mark.parametrize(
    ("content", "file", "code"),
    [(None, "t/main.json", ProblemCode.LINKED_TEMPLATE_MISSING), (b"{", "t/p.json", ProblemCode.TEMPLATE_SYNTAX)],
)
def test_a_linked_parameter_file_that_can_not_be_read_is_told_of(
    content: bytes | None, file: str, code: ProblemCode
) -> None:
    documents = {path: value for path, value in with_parameter_file(content).items() if value is not None}

    (problem,) = reviewed(documents).errors

    assert (problem.file, problem.code) == (file, code)
