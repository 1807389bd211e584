"""What a deployment is refused for before it starts."""

from typing import Any

from tests.emulator.arm.governance.asking import refusal
from tests.emulator.arm.running import GROUP_PATH, Arm, nested, resource, storage, template

DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d"


def deploying(content: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": content}}


async def test_everything_that_providers_refuse_is_told_at_once(arm: Arm) -> None:
    content = template(storage("Not_Valid"), nested("child", template(storage("x"))), resource("a"))

    status, error = await refusal(arm, "PUT", DEPLOYMENT, deploying(content))
    _, listed = await arm.request("GET", f"{GROUP_PATH}/resources")

    assert (status, error["code"]) == (400, "InvalidTemplateDeployment")
    assert error["message"].startswith(
        "The template deployment 'd' is not valid according to the validation procedure."
    )
    assert [detail["code"] for detail in error["details"]] == ["AccountNameInvalid"] * 2
    assert listed["value"] == []


async def test_what_refers_to_what_the_template_makes_is_looked_at_in_its_turn(arm: Arm) -> None:
    plan = resource("plan", "Microsoft.Web/serverfarms", sku={"name": "B1"})
    farm = "[resourceId('Microsoft.Web/serverfarms', 'plan')]"
    site = resource("site", "Microsoft.Web/sites", dependsOn=["plan"], properties={"serverFarmId": farm})

    deployment = await arm.deploy(template(plan, site))

    assert deployment["properties"]["provisioningState"] == "Succeeded"


async def test_validation_tells_the_same(arm: Arm) -> None:
    content = deploying(template(storage("Not_Valid")))

    status, error = await refusal(arm, "POST", f"{DEPLOYMENT}/validate", content)

    assert (status, error["code"]) == (400, "InvalidTemplateDeployment")
