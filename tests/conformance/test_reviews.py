"""Real assemblies and templates under review: what deploys is planned, what can't is refused with its places."""

from pathlib import Path
from typing import Any

import pytest

from armature.bundle import Bundle, BundleLimits
from armature.folder_bundle import FolderBundle
from armature.plan import Plan
from armature.problems import ProblemCode
from armature.validation import Review, review_bundle
from tests.builders import declared, dump, manifest, request

ORDERS = {
    "Network": "rg-network-contoso-orders-prod-neu-02",
    "Data": "rg-data-contoso-orders-prod-neu-02",
    "Compute": "rg-compute-contoso-orders-prod-neu-02",
}


def reviewed(bundle: Bundle, **target: Any) -> Review:
    return review_bundle(
        bundle,
        request=request(target={"resourceGroup": None, **target}),
        deployment_id="review-1",
        cloud_name="AzureCloud",
        default_location="northeurope",
    )


def assembly(shared: Path, name: str) -> Bundle:
    return FolderBundle(shared / "assemblies" / name, BundleLimits())


def templates(folder: Path, scratch: Path, *paths: str, **parts: Any) -> Bundle:
    """The folder as a bundle: a manifest beside its templates that names these, each with the parameters in `parts`."""
    for file in folder.rglob("*.json"):
        copy = scratch / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    declarations = [declared(f"t{number}", path, **parts) for number, path in enumerate(paths)]
    (scratch / "manifest.json").write_bytes(dump(manifest(*declarations)))
    return FolderBundle(scratch, BundleLimits())


def planned(review: Review) -> Plan:
    assert review.errors == ()
    assert review.plan is not None
    return review.plan


@pytest.mark.parametrize(
    ("name", "target", "order"),
    [
        ("v1/static-site", {}, {"Landing": ()}),
        ("v2/static-site", {}, {"Landing": ()}),
        ("v1/colorai-data", {}, {"ColorAI": (), "Foundation": ("ColorAI",)}),
        ("v2/colorai-data-split", {}, {"ColorAI": (), "Foundation": ("ColorAI",)}),
        ("v1/government-cloud", {"resourceGroup": "rg-gov"}, {"GovCloudFoundation": (), "GovCloudStack": ()}),
        ("v2/worker-3links-1pkg-repaired", {}, {"WorkerFoundation": (), "Worker": ("WorkerFoundation",)}),
    ],
)
def test_an_assembly_is_planned(shared: Path, name: str, target: dict[str, Any], order: dict[str, Any]) -> None:
    plan = planned(reviewed(assembly(shared, name), **target))

    assert {template.name: template.depends_on for template in plan.templates} == order
    listed = {file.name for file in (shared / "assemblies" / name).rglob("*.json")} - {"manifest.json"}
    assert {artifact.path for artifact in plan.artifacts if artifact.sha256 is None} == listed


def test_the_worker_brings_its_package_and_links(shared: Path) -> None:
    plan = planned(reviewed(assembly(shared, "v2/worker-3links-1pkg-repaired")))

    worker = plan.template("Worker")
    assert worker.artifacts_location == "no-slash"
    assert len(worker.linked_paths) == 3
    assert [(one.function_app, plan.package(one.package).path) for one in worker.attachments] == [
        ("func-worker-03", "packages/func-worker-03-1795424594949.zip")
    ]
    assert worker.scope.resource_group == "rg-worker-contoso-worker-nonprod-neu-03"


@pytest.mark.parametrize(
    ("name", "places"),
    [
        (
            "v1/order-platform",
            [("Data.json", "/resources/11/name", 260), ("Data.json", "/resources/11/properties/principalId", 36)],
        ),
        (
            "v2/orders-split",
            [
                ("Compute.json", "/resources/4/properties/siteConfig/appSettings/0/value", 108),
                ("Compute.json", "/resources/6/properties/siteConfig/appSettings/0/value", 108),
                ("Data-configuration-13.json", "/resources/0/name", 260),
                ("Data-configuration-13.json", "/resources/0/properties/principalId", 36),
            ],
        ),
    ],
)
def test_the_orders_are_refused_for_their_broken_expressions(
    shared: Path, name: str, places: list[tuple[str, str, int]]
) -> None:
    review = reviewed(assembly(shared, name), resourceGroups=ORDERS)

    assert review.plan is None
    assert {problem.code for problem in review.errors} == {ProblemCode.EXPRESSION_SYNTAX}
    assert sorted((problem.file, problem.pointer, problem.column) for problem in review.errors) == places


@pytest.mark.parametrize("name", ["v1/order-platform", "v2/orders-split"])
def test_the_orders_need_a_choice_among_their_groups(shared: Path, name: str) -> None:
    [problem] = [one for one in reviewed(assembly(shared, name)).errors if one.code is ProblemCode.TARGET_INCOMPLETE]

    assert all(word in problem.message for word in (*ORDERS, *ORDERS.values()))
    assert all(f'"{stack}": "{group}"' in problem.next_step for stack, group in ORDERS.items())


def test_a_chain_of_relative_links_is_followed_to_its_end(shared: Path, tmp_path: Path) -> None:
    folder = shared / "templates" / "relpath-chain"
    bundle = templates(folder, tmp_path, "linked-template-relpath/mainTemplate.json")

    plan = planned(reviewed(bundle, resourceGroup="rg"))

    assert [artifact.path.removeprefix("linked-template-relpath/") for artifact in plan.artifacts] == [
        "mainTemplate.json",
        "linkedTemplate.json",
        "children/nestedChild.json",
        "children/grandchildren/nestedGrandchild.json",
    ]


def test_links_made_from_a_templates_own_address_are_followed_and_made_relative(shared: Path, tmp_path: Path) -> None:
    base = "azure-resource-manager/linkedtemplates"
    folder = shared / "templates" / "docs-linked-basics"
    bundle = templates(folder, tmp_path, f"{base}/static-public-ip-parent.json", f"{base}/helloworldparent.json")

    plan = planned(reviewed(bundle, resourceGroup="rg"))

    assert {artifact.path.removeprefix(f"{base}/"): bool(artifact.rewrites) for artifact in plan.artifacts} == {
        "static-public-ip-parent.json": True,
        "static-public-ip.json": False,
        "helloworldparent.json": True,
        "helloworld.json": False,
    }


def test_links_to_files_that_are_not_there_are_refused(shared: Path, tmp_path: Path) -> None:
    path = "azure-resource-manager/linkedtemplates/linked-dependency.json"
    bundle = templates(shared / "templates" / "docs-linked-basics", tmp_path, path)

    review = reviewed(bundle, resourceGroup="rg")

    assert [(problem.code, problem.file) for problem in review.errors] == [
        (ProblemCode.LINKED_TEMPLATE_MISSING, path),
        (ProblemCode.LINKED_TEMPLATE_MISSING, path),
    ]


def test_a_quickstart_with_its_parameters_is_planned(shared: Path, tmp_path: Path) -> None:
    path = "get-started-deployment/linked-template/azuredeploy.json"
    folder = shared / "templates" / "docs-linked-basics"
    bundle = templates(folder, tmp_path, path, parameters={"projectName": {"value": "shop"}})

    plan = planned(reviewed(bundle, resourceGroup="rg"))

    assert plan.templates[0].linked_paths == ("get-started-deployment/linked-template/linkedStorageAccount.json",)
