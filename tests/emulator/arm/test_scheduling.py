"""What runs when: explicit and implicit dependencies, loops, failures, and what the parts may know of each other."""

import asyncio
from itertools import pairwise

import pytest

from emulator.arm.clock import SimulatedTime
from tests.emulator.arm.running import GROUP_PATH, Arm, failing, nested, resource, storage, template


async def order_of(arm: Arm, content: dict[str, object]) -> list[str]:
    """The names of the resources of a deployment that succeeds, in the order in which they began."""
    deployment = await arm.deploy(content)
    assert deployment["properties"]["provisioningState"] == "Succeeded", deployment["properties"]["error"]
    made = [o for o in await arm.operations_of() if o["provisioningOperation"] == "Create"]
    return [operation["targetResource"]["resourceName"] for operation in made]


@pytest.mark.parametrize(
    "dependency",
    [
        "first",
        "[resourceId('Microsoft.Contoso/things', 'first')]",
        "[concat(resourceGroup().id, '/providers/microsoft.contoso/THINGS/first')]",
        "Microsoft.Contoso/things/first",
        "[concat('Microsoft.Contoso/things/', 'first')]",
    ],
)
async def test_depends_on_is_understood_in_every_form(arm: Arm, dependency: str) -> None:
    content = template(resource("second", dependsOn=[dependency]), resource("first"))

    assert await order_of(arm, content) == ["first", "second"]


async def test_the_name_of_a_loop_means_all_of_its_iterations(arm: Arm) -> None:
    loop = resource("[concat('one-', copyIndex(1))]", copy={"name": "ones", "count": 3})
    content = template(resource("last", dependsOn=["ones"]), loop)

    assert (await order_of(arm, content))[-1] == "last"


async def test_a_loop_without_iterations_holds_nobody_up(arm: Arm) -> None:
    loop = resource("[concat('one-', copyIndex())]", copy={"name": "ones", "count": 0})

    assert await order_of(arm, template(resource("last", dependsOn=["Ones"]), loop)) == ["last"]


async def test_a_symbolic_loop_without_iterations_holds_nobody_up(arm: Arm) -> None:
    loop = resource("[concat('one-', copyIndex())]", copy={"name": "ones", "count": "[length(createArray())]"})
    content = template(languageVersion="2.0") | {
        "resources": {"last": resource("last", dependsOn=["every"]), "every": loop}
    }

    assert await order_of(arm, content) == ["last"]


@pytest.mark.parametrize(
    ("loop", "words"),
    [
        ({"mode": "weird"}, "has an invalid copy mode 'weird'. The supported values are 'Parallel,Serial'."),
        ({"batchSize": 2}, "has an unexpected copy batch size value."),
        ({"mode": "Parallel", "batchSize": 2}, "has an unexpected copy batch size value."),
        ({"mode": "Serial", "batchSize": "two"}, "has an unexpected copy batch size value."),
    ],
)
async def test_a_loop_of_another_kind_is_refused(arm: Arm, loop: dict[str, object], words: str) -> None:
    looped = resource("[concat('a', copyIndex())]", copy={"name": "l", "count": 2} | loop)
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"

    status, answer = await arm.request(
        "PUT", path, {"properties": {"mode": "Incremental", "template": template(looped)}}
    )

    assert (status, answer["error"]["code"]) == (400, "InvalidTemplate")
    assert words in answer["error"]["message"]


async def test_a_deployment_is_depended_on_by_its_relative_id(arm: Arm) -> None:
    content = template(
        resource("last", dependsOn=["Microsoft.Resources/deployments/child"]), nested("child", template())
    )

    assert await order_of(arm, content) == ["child", "last"]


async def test_symbolic_names_are_dependencies_and_references(arm: Arm) -> None:
    content = template(languageVersion="2.0") | {
        "resources": {
            "late": resource("b", dependsOn=["early"]),
            "early": resource("a", properties={"from": "[reference('known').state]"}),
            "known": {"existing": True, "type": "Microsoft.Web/sites", "apiVersion": "2023-01-01", "name": "site"},
        }
    }
    await arm.deploy(template(resource("site", "Microsoft.Web/sites")), name="before")

    assert await order_of(arm, content) == ["a", "b"]
    _, a = await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a")
    assert a["properties"]["from"] == "Running"


@pytest.mark.parametrize(
    "expression",
    [
        "[reference('stcontoso').primaryEndpoints.blob]",
        "[reference(resourceId('Microsoft.Storage/storageAccounts', 'stcontoso')).primaryEndpoints.blob]",
        "[listKeys('stcontoso', '2023-01-01').keys[0].value]",
        "[if(equals(1, 1), reference('stcontoso', '2023-01-01', 'Full').location, 'x')]",
    ],
)
async def test_a_reference_by_name_is_a_dependency(arm: Arm, expression: str) -> None:
    content = template(resource("second", properties={"x": expression}), storage())

    assert await order_of(arm, content) == ["stcontoso", "second"]


async def test_a_reference_by_id_with_a_version_is_none_and_finds_nothing(arm: Arm) -> None:
    expression = "[reference(resourceId('Microsoft.Storage/storageAccounts', 'stcontoso'), '2023-01-01').state]"

    deployment = await arm.deploy(template(resource("second", properties={"x": expression}), storage()))

    assert [detail["code"] for detail in deployment["properties"]["error"]["details"]] == ["ResourceNotFound"]


async def test_a_serial_loop_goes_batch_by_batch(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    running = 0

    async def counted(self: SimulatedTime, seconds: float) -> None:
        nonlocal running
        if not seconds:
            return
        running += 1
        at_once.append(running)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running -= 1

    monkeypatch.setattr(SimulatedTime, "pass_by", counted)
    loop = {"name": "many", "count": 6, "mode": "[toLower('SERIAL')]", "batchSize": "[add(1, 1)]"}

    names = await order_of(arm, template(resource("[concat('r', copyIndex())]", copy=loop)))

    assert max(at_once) == 2
    batches = [int(name[1:]) // 2 for name in names]
    assert all(one <= other for one, other in pairwise(batches))


async def test_a_failure_stops_what_depends_on_it_and_nothing_else(arm: Arm) -> None:
    content = template(
        failing("Bad_Name"),
        resource("after", dependsOn=["Bad_Name"]),
        resource("after-that", dependsOn=["after"]),
        resource("beside"),
        resource("beside-after", dependsOn=["beside"]),
    )

    deployment = await arm.deploy(content)

    assert deployment["properties"]["provisioningState"] == "Failed"
    begun = {o["targetResource"]["resourceName"]: o["provisioningState"] for o in await arm.operations_of()}
    assert begun == {"Bad_Name": "Failed", "beside": "Succeeded", "beside-after": "Succeeded"}


async def test_what_a_condition_excludes_is_not_made_and_holds_nobody_up(arm: Arm) -> None:
    content = template(
        resource("never", condition="[equals(parameters('make'), 'yes')]"),
        resource("after", dependsOn=["never"]),
        parameters={"make": {"type": "string", "defaultValue": "no"}},
    )

    assert await order_of(arm, content) == ["after"]


async def test_a_child_inside_its_parent_waits_when_told_to(arm: Arm) -> None:
    child = {"type": "parts", "apiVersion": "2024-01-01", "name": "c", "dependsOn": ["p"]}

    assert await order_of(arm, template(resource("p", resources=[child]))) == ["p", "p/c"]


async def test_a_child_that_does_not_wait_for_its_parent_fails(arm: Arm) -> None:
    content = template(resource("p/c", "Microsoft.Contoso/things/parts"), resource("p"))

    deployment = await arm.deploy(content)

    assert [detail["code"] for detail in deployment["properties"]["error"]["details"]] == ["ParentResourceNotFound"]


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ([resource("a", dependsOn=["b"]), resource("b", dependsOn=["a"])], "Circular dependency detected"),
        ([resource("a", dependsOn=["b"])], "The resource 'b' is not defined in the template"),
        ([resource("a"), resource("A")], "is defined multiple times in a template"),
        ([resource("a/b")], "segment(s) were expected"),
        ([resource("a", properties={"x": "[reference('b')]"})], "could not find template resource"),
        ([resource("a", copy={"name": "l", "count": 801})], "has an invalid copy count of: '801'"),
    ],
)
async def test_a_graph_that_cannot_be_is_refused(arm: Arm, resources: list[dict[str, object]], words: str) -> None:
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"

    status, answer = await arm.request(
        "PUT", path, {"properties": {"mode": "Incremental", "template": template(*resources)}}
    )

    assert (status, answer["error"]["code"]) == (400, "InvalidTemplate")
    assert words in answer["error"]["message"]


async def test_dependencies_are_told_in_the_deployment(arm: Arm) -> None:
    deployment = await arm.deploy(template(resource("b", dependsOn=["a"]), resource("a")))

    [dependency] = deployment["properties"]["dependencies"]
    assert dependency["resourceName"] == "b"
    assert [on["resourceName"] for on in dependency["dependsOn"]] == ["a"]
