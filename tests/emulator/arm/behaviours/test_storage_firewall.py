"""Who gets into a storage account that is closed to public networks: who comes through its private network."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, eventually, put
from tests.emulator.arm.behaviours.test_networks import NET, make_network, subnet
from tests.emulator.arm.behaviours.test_packages import (
    ACCOUNT,
    CONTAINER,
    SITE,
    assign,
    failure,
    is_running,
    make_site,
    uploaded,
    zipped,
)
from tests.emulator.arm.behaviours.test_private_endpoints import ENDPOINT, endpoint_to
from tests.emulator.arm.behaviours.test_real_storage import uploaded as uploaded_templates
from tests.emulator.arm.running import GROUP_PATH, Arm, template

OPEN = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}
CLOSED = {"publicNetworkAccess": "Disabled"}
DENYING = {"networkAcls": {"defaultAction": "Deny"}}
SUBNET = f"{NET}/subnets/a"
LETTING_THE_SUBNET_IN = {"networkAcls": {"defaultAction": "Deny", "virtualNetworkRules": [{"id": SUBNET}]}}


@pytest.mark.parametrize(
    ("name", "rules"),
    [("stclosed", CLOSED), ("stdenying", DENYING), ("stperimeter", {"publicNetworkAccess": "SecuredByPerimeter"})],
)
async def test_arm_can_not_download_templates_from_a_closed_account(
    storing_arm: Arm, name: str, rules: dict[str, Any]
) -> None:
    address, sas = await uploaded_templates(storing_arm, name, {"main.json": template()})
    link = {"uri": f"{address}/main.json", "queryString": sas}
    body = {"properties": {"mode": "Incremental", "templateLink": link}}
    deployment = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    account = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/{name}"

    await put(storing_arm, account, properties=rules)
    refused, answer = await storing_arm.request("PUT", deployment, body)
    await put(storing_arm, account, properties=OPEN)
    accepted, _ = await storing_arm.request("PUT", deployment, body)

    assert (refused, answer["error"]["code"], accepted) == (400, "InvalidContentLink", 201)


@pytest.mark.parametrize(
    ("rules", "is_integrated", "has_endpoint", "is_let_in"),
    [
        (CLOSED, True, True, True),
        (CLOSED, False, True, False),
        (CLOSED, True, False, False),
        (DENYING, True, True, True),
        (DENYING, True, False, False),
        (LETTING_THE_SUBNET_IN, True, False, True),
        (LETTING_THE_SUBNET_IN, False, False, False),
        (LETTING_THE_SUBNET_IN | CLOSED, True, False, False),
    ],
)
async def test_a_site_reads_its_package_through_the_private_network(
    storing_arm: Arm, rules: dict[str, Any], is_integrated: bool, has_endpoint: bool, is_let_in: bool
) -> None:
    arm = storing_arm
    url, _ = await uploaded(arm, zipped())
    await make_network(arm, subnet("a", "10.0.0.0/24"))
    await put(arm, ACCOUNT, properties=rules)
    if has_endpoint:
        await put(arm, ENDPOINT, properties=endpoint_to(ACCOUNT))
    site = await make_site(arm, url, properties={"virtualNetworkSubnetId": SUBNET if is_integrated else None})
    await assign(arm, site["identity"]["principalId"], scope=CONTAINER)

    await put(arm, f"{SITE}/config/appsettings", properties={"WEBSITE_RUN_FROM_PACKAGE": url})

    if is_let_in:
        await eventually(lambda: is_running(arm))
    else:
        assert await failure(arm) == f"{url} answered 403 (This request is not authorized to perform this operation.)"
