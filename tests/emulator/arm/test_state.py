"""What exists exists again after a restart: every kind of thing, with its secrets."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from emulator.arm.clock import now
from emulator.arm.documents import pack, unpack
from emulator.arm.identifiers import ResourceId
from emulator.arm.journal import Journal
from emulator.arm.models import Deployment, Operation, ProviderOperation, Resource, ResourceGroup
from emulator.arm.state import CloudState

GROUP = ResourceId("s", "rg")
SITE = GROUP.resource("Microsoft.Web/sites", "Site")


class Restarting:
    """A state on a file; `again` is what a process finds that starts after this one was killed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.journal = Journal(file)
        self.state = CloudState("t", ("s",), self.journal)

    def again(self) -> CloudState:
        self.journal.close()
        self.journal = Journal(self.file)
        self.state = CloudState("t", ("s",), self.journal)
        return self.state


def deployment(name: str = "main", **rest: object) -> Deployment:
    run = Deployment(GROUP.resource("Microsoft.Resources/deployments", name), "Incremental", "c", **rest)
    run.content = {"template": {}}
    return run


def test_every_model_survives_being_written() -> None:
    models = [
        ResourceGroup(GROUP, "eastus2", {"a": "b"}, "someone", "Deleting"),
        Resource(SITE, "2023-01-01", {"properties": {"x": [1, None, {"y": 2.5}]}}, {"key": "secret"}),
        Operation("Create", SITE, ended=now(), status_message={"error": {}}, output_resources=["/a"]),
        ProviderOperation("write", SITE, 2.5, {"id": "x"}, "2023-01-01", is_new=False, ended=now()),
        deployment(parameters={"p": {"type": "String"}}, changed=now() - timedelta(days=3), error={"code": "x"}),
    ]

    for model in models:
        assert pack(unpack(type(model), pack(model))) == pack(model)
        assert asdict(unpack(type(model), pack(model)))["id"] == asdict(model)["id"]


def test_everything_is_there_again(tmp_path: Path) -> None:
    world = Restarting(tmp_path / "arm.sqlite")
    run, operation = deployment(), Operation("Create", SITE)
    world.state.put_group(ResourceGroup(GROUP, "eastus2"))
    world.state.put_resource(Resource(SITE, "2023-01-01", {"properties": {}}, {"key": "secret"}))
    world.state.put_deployment(run)
    run.operations.append(operation)
    world.state.put_operation(run, operation)
    world.state.put_work(ProviderOperation("write", SITE, 1.0))
    world.state.put_record("quota", "EastUS2/cores", {"limit": 4})
    world.state.register_provider("S", "Microsoft.Web")

    state = world.again()

    assert state.group("S", "RG").location == "eastus2"
    assert state.resource(SITE).secrets == {"key": "secret"}
    assert [pack(o) for o in state.deployment(run.id).operations] == [pack(operation)]
    assert state.deployment(run.id).content == {"template": {}}
    assert [work.target for work in state.all_work()] == [SITE]
    assert state.record("quota", "eastus2/CORES") == {"limit": 4}
    assert state.registered_providers == {"s": {"microsoft.web": "Microsoft.Web"}}


def test_what_was_dropped_stays_gone(tmp_path: Path) -> None:
    world = Restarting(tmp_path / "arm.sqlite")
    group, run = ResourceGroup(GROUP, "eastus2"), deployment()
    run.operations.append(Operation("Create", SITE))
    world.state.put_group(group)
    world.state.put_resource(Resource(SITE, "2023-01-01", {}))
    world.state.put_deployment(run)
    world.state.put_operation(run, run.operations[0])
    world.state.put_record("quota", "x", {})

    world.state.drop_group(group)
    world.state.put_deployment(run)
    world.state.put_operation(run, run.operations[0])
    world.state.drop_record("quota", "X")

    state = world.again()
    assert state.find_group("s", "rg") is None
    assert list(state.resources(GROUP)) == []
    assert state.runs() == []
    assert state.record("quota", "x") is None


def test_a_name_that_is_used_again_has_one_entry_while_the_earlier_run_is_followed_to_its_end(tmp_path: Path) -> None:
    world = Restarting(tmp_path / "arm.sqlite")
    earlier, later = deployment(provisioning_state="Canceled"), deployment()
    earlier.operations.append(Operation("Create", SITE))
    world.state.put_deployment(earlier)
    world.state.put_operation(earlier, earlier.operations[0])
    world.state.put_deployment(later)

    state = world.again()

    assert [d.status_id for d in state.deployments(GROUP)] == [later.status_id]
    followed = state.run(earlier.status_id)
    assert followed is not None
    followed.operations[0].ended = now()
    state.put_deployment(followed)
    assert [d.status_id for d in world.again().runs()] == [later.status_id]
