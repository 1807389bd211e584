"""Retention on the whole app, with one of zero days: what is not needed is gone everywhere, the rest still works."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from armature.azure.services import Services
from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.hindrances import HELD, hindered
from tests.end_to_end.snapshots import arm_call, arm_snapshot
from tests.running import ROOT, services_of
from tests.waiting import wait_until

pytestmark = pytest.mark.long

SETTINGS = {
    "ARMATURE_POLL_INTERVAL_SECONDS": "0.2",
    "ARMATURE_RETENTION_DAYS": "0",
    "ARMATURE_RETENTION_KEEP_COMPLETED": "1",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator["World"]:
    """The app, where a workspace that ends in `-held` never gets made."""
    options = StackOptions(
        state=tmp_path_factory.mktemp("retention"), app_root=ROOT, cloud=CLOUD.name, scale=0.01, extra_settings=SETTINGS
    )
    with Stack(options) as stack, hindered(stack, HELD), services_of(stack.app_settings) as app:
        yield World(stack, app)


def nested(name: str) -> dict[str, Any]:
    """A deployment inside a template's."""
    properties = {"mode": "Incremental", "template": template([])}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": properties,
    }


class World:
    """The app, and what ARM, storage and the host hold of a deployment."""

    def __init__(self, stack: Stack, app: Services) -> None:
        self.stack = stack
        self.app = app
        self.caller = Caller(stack)

    def start(self, project: str, number: int, *names: str) -> str:
        """Start version `number` of a project: a workspace a template, and a package of that version."""
        files: dict[str, Any] = {
            f"{name}.json": template(
                [
                    {**workspace(f"log-{project}-{name}"), "tags": {"version": str(number)}},
                    nested(f"nested-{name}"),
                    nested(f"nested-{name}-{number}"),
                ],
                {"version": {"type": "int", "value": number}},
                parameters={"package": {"type": "string"}},
            )
            for name in names
        }
        items = [
            {"name": name, "path": f"{name}.json", "parameters": {"package": {"package": "api"}}} for name in names
        ]
        bundle = manifest(project, items, packages=[{"name": "api", "path": "api.zip"}])
        content = zipped({"version.txt": f"{project} {number}"})
        name = f"{project}-{number}"
        return self.caller.start(
            zipped({"manifest.json": bundle, "api.zip": content, **files}), deploymentId=name, options={"force": True}
        )

    def deploy(self, project: str, number: int) -> str:
        """A version that has completed."""
        deployment_id = self.start(project, number, "a", "b")
        assert self.caller.ended(deployment_id)["status"] == "completed"
        return deployment_id

    def retention(self, *, dry_run: bool = False) -> dict[str, Any]:
        """The document of a run that has ended."""
        return self.ended(self.start_retention(dry_run=dry_run))

    def start_retention(self, *, dry_run: bool = False) -> str:
        """Start a run; the path that tells of it."""
        answer = self.caller.session.post(f"{self.caller.api}/retention", json={"dryRun": dry_run}, timeout=30)
        assert answer.status_code == 202, answer.text
        return f"retention/{answer.json()['run']}"

    def ended(self, path: str) -> dict[str, Any]:
        """The document of a run, once it has ended."""
        wait_until(lambda: self.caller.get(path).status_code == 200)
        run: dict[str, Any] = self.caller.get(path).json()
        assert run["status"] == "completed", run
        return run

    def history(self, project: str) -> list[str]:
        """The names in ARM's history of a project's resource group."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}/providers/Microsoft.Resources/deployments"
        return [entry["name"] for entry in arm_call(self.stack, "GET", f"{path}/")["value"]]

    def left_of(self, deployment_id: str) -> set[str]:
        """Where there is still something of a deployment."""
        entries = self.history(deployment_id.rsplit("-", 1)[0])
        with sqlite3.connect(f"file:{self.stack.state / 'host.sqlite'}?mode=ro", uri=True) as database:
            rows = database.execute("select distinct instance_id from history").fetchall()
        account = self.app.artifacts.find(self.app.arm(SUBSCRIPTION), LOCATION)
        assert account is not None
        containers = [container.name for container in self.app.artifacts.list_template_containers(account)]
        paths = [entry.path for entry in self.app.retention._documents.list()]
        documents = {path.split("/")[0] for path in paths if deployment_id in path.replace(".", "/").split("/")}
        return documents | {
            where
            for where, is_there in {
                "arm": any(name.endswith(f".{deployment_id}") for name in entries),
                "histories": any(instance.split(":")[0] == deployment_id for (instance,) in rows),
                "templates": deployment_id in containers,
            }.items()
            if is_there
        }

    def is_running(self, deployment_id: str, name: str) -> bool:
        """Whether ARM works on that template."""
        templates = self.caller.state(deployment_id).get("templates", [])
        return any((found["name"], found["status"]) == (name, "running") for found in templates)

    def package_of(self, deployment_id: str) -> str:
        """The name of its package."""
        return self.app.deployments.plan(deployment_id).package("api").blob_name

    def packages(self) -> set[str]:
        """The names of all packages that are stored."""
        account = self.app.artifacts.find(self.app.arm(SUBSCRIPTION), LOCATION)
        assert account is not None
        return {package.name for package in self.app.artifacts.list_packages(account)}


EVERYTHING = {"arm", "histories", "templates", "state", "plans", "outputs", "events", "snapshots"}


def test_after_a_run_the_unneeded_is_gone_everywhere_and_the_latest_can_still_be_rolled_back(world):
    first, second, third, fourth = (world.deploy("kept", number) for number in range(1, 5))
    packages = {name: world.package_of(name) for name in (first, second, third, fourth)}
    assert world.left_of(first) >= EVERYTHING

    dry = world.retention(dry_run=True)

    assert [removal["deploymentId"] for removal in dry["removals"]] == [first, second]
    assert {kept["deploymentId"]: kept["reason"] for kept in dry["kept"]} == {
        fourth: "latest",
        third: "predecessor",
    }
    assert world.left_of(first) >= EVERYTHING
    assert len([item for item in dry["unused"] if item["kind"] == "package"]) == 2

    run = world.retention()

    assert run["removed"]["deployments"] == 2
    assert run["removed"]["historyEntries"] == 8  # of each the two templates', and the nested ones of that name only
    shared = {f"nested-{name}" for name in "ab"}
    assert {name for name in world.history("kept") if name.startswith("nested")} == shared | {
        f"nested-{name}-{number}" for name in "ab" for number in (3, 4)
    }
    assert run["removed"]["packages"] == 2
    assert "troubles" not in run or run["troubles"] == []
    assert world.left_of(first) == world.left_of(second) == set()
    assert world.left_of(third) >= EVERYTHING
    assert world.left_of(fourth) >= EVERYTHING
    assert {name for name, package in packages.items() if package in world.packages()} == {third, fourth}
    assert world.caller.get(f"deployments/{first}").status_code == 404
    assert world.caller.get("retention").json()["run"] == run["run"]

    answer = world.caller.session.post(f"{world.caller.api}/deployments/{fourth}/rollback", timeout=30)
    state = world.caller.ended(fourth)

    assert answer.status_code == 202
    assert state["status"] == "rolledBack", state["rollback"]
    versions = {document["tags"]["version"] for document in arm_snapshot(world.stack, "log-kept-").values()}
    assert versions == {"3"}


def test_a_running_deployment_and_what_it_would_be_rolled_back_to_keep_everything(world):
    first, second, third = (world.deploy("busy", number) for number in range(1, 4))
    running = world.start("busy", 4, "a", "b", "held")
    wait_until(lambda: world.is_running(running, "held"))

    run = world.retention()

    reasons = {kept["deploymentId"]: kept["reason"] for kept in run["kept"]}
    assert reasons[running] == "notFinal"
    assert reasons[third] == "lastCompleted"
    assert reasons[second] == "predecessor"
    assert world.left_of(first) == set()
    assert world.left_of(second) >= EVERYTHING
    assert world.left_of(third) >= EVERYTHING
    assert {"state", "plans", "events", "histories", "templates"} <= world.left_of(running)
    assert world.caller.session.post(f"{world.caller.api}/deployments/{running}/cancel", timeout=30).status_code == 202
    assert world.caller.ended(running)["status"] == "rolledBack"


def test_an_id_is_free_again_once_its_deployment_is_removed(world):
    first = world.deploy("again", 1)
    world.deploy("again", 2)
    world.deploy("again", 3)
    world.retention()
    assert world.left_of(first) == set()

    assert world.deploy("again", 1) == first
    assert world.left_of(first) >= EVERYTHING


def test_a_run_whose_host_is_killed_is_carried_on_to_its_end(world):
    first, second, third, fourth = (world.deploy("killed", number) for number in range(1, 5))

    run = world.start_retention()
    wait_until(lambda: "rule" in world.caller.get(run).json())
    world.stack.kill_host()
    world.stack.start_host()
    world.ended(run)

    assert world.left_of(first) == world.left_of(second) == set()
    assert world.left_of(third) >= EVERYTHING
    assert world.left_of(fourth) >= EVERYTHING
