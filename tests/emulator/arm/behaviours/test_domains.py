"""What lies in a region of a national cloud has addresses of that cloud."""

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, post, put
from tests.emulator.arm.running import Arm

SITE = f"{PROVIDERS}/Microsoft.Web/sites/web"


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("eastus2", "web.azurewebsites.net"),
        ("USGov Virginia", "web.azurewebsites.us"),
        ("chinanorth3", "web.chinacloudsites.cn"),
    ],
)
async def test_a_site_has_its_cloud_s_host_names(arm: Arm, location: str, host: str) -> None:
    site = await put(arm, SITE, location=location)
    credentials = await post(arm, f"{SITE}/config/publishingcredentials/list")

    management = host.replace("web.", "web.scm.")
    assert site["properties"]["enabledHostNames"] == [host, management]
    assert credentials["properties"]["scmUri"].endswith(f"@{management}")


@pytest.mark.parametrize(
    ("location", "queue"),
    [("eastus2", "https://stnational.queue.core.windows.net/"),
     ("usgovvirginia", "https://stnational.queue.core.usgovcloudapi.net/")],
)  # fmt: skip
async def test_an_account_has_its_cloud_s_endpoints(arm: Arm, location: str, queue: str) -> None:
    path = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/stnational"

    account = await put(arm, path, location=location, kind="StorageV2", sku={"name": "Standard_LRS"})

    assert account["properties"]["primaryEndpoints"]["queue"] == queue


async def test_telemetry_of_a_national_cloud_goes_there_with_a_token_for_its_audience(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.Insights/components"

    national = await put(arm, f"{path}/one", location="usgovvirginia", kind="web")
    public = await put(arm, f"{path}/two", location="eastus2", kind="web")

    string = national["properties"]["ConnectionString"]
    assert "EndpointSuffix=applicationinsights.us;" in string
    assert "IngestionEndpoint=https://usgovvirginia-0.in.applicationinsights.azure.us/;" in string
    assert "AADAudience=https://monitor.azure.us/;" in string
    assert "AADAudience" not in public["properties"]["ConnectionString"]
