"""The regions of a national cloud have domains of their own; tests/infra tries how they are used."""

import pytest

from emulator.arm.catalogue import domains_of


@pytest.mark.parametrize(
    ("location", "storage", "sites", "insights"),
    [
        ("eastus2", "core.windows.net", "azurewebsites.net", None),
        ("USGov Virginia", "core.usgovcloudapi.net", "azurewebsites.us", "applicationinsights.us"),
        ("usdodeast", "core.usgovcloudapi.net", "azurewebsites.us", "applicationinsights.us"),
        ("chinanorth3", "core.chinacloudapi.cn", "chinacloudsites.cn", "applicationinsights.azure.cn"),
        (None, "core.windows.net", "azurewebsites.net", None),
    ],
)
def test_a_region_has_the_domains_of_its_cloud(
    location: str | None, storage: str, sites: str, insights: str | None
) -> None:
    domains = domains_of(location)

    assert (domains.storage, domains.sites, domains.insights_suffix) == (storage, sites, insights)
