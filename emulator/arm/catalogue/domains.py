"""The DNS domains of services, by region: the national clouds have regions and domains of their own.

Source: https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and
https://learn.microsoft.com/azure/china/resources-developer-guide, 2025; of Application Insights the connection strings
of its components.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Domains:
    """Suffixes without a leading dot; `insights_suffix` is that of Application Insights in a national cloud."""

    storage: str
    sites: str
    monitor: str
    insights_suffix: str | None = None

    @property
    def monitor_audience(self) -> str:
        """The audience of tokens for sending telemetry."""
        return f"https://monitor.{self.monitor}/"


_PUBLIC = Domains("core.windows.net", "azurewebsites.net", "azure.com")
_NATIONAL = {
    "usgov": Domains("core.usgovcloudapi.net", "azurewebsites.us", "azure.us", "applicationinsights.us"),
    "usdod": Domains("core.usgovcloudapi.net", "azurewebsites.us", "azure.us", "applicationinsights.us"),
    "china": Domains("core.chinacloudapi.cn", "chinacloudsites.cn", "azure.cn", "applicationinsights.azure.cn"),
}


def domains_of(location: object) -> Domains:
    """The domains of a region, written in any way; the public cloud's for what is none."""
    region = str(location or "").replace(" ", "").lower()
    return next((found for start, found in _NATIONAL.items() if region.startswith(start)), _PUBLIC)
