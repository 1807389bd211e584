"""The regions with their display names and geographies.

Source: https://learn.microsoft.com/azure/reliability/regions-list and the answer of `az account list-locations`; of the
national clouds a few, so that templates for them can be tried.
"""

from emulator.clouds import PUBLIC, Cloud

_REGIONS = """
eastus|East US|United States
eastus2|East US 2|United States
centralus|Central US|United States
northcentralus|North Central US|United States
southcentralus|South Central US|United States
westcentralus|West Central US|United States
westus|West US|United States
westus2|West US 2|United States
westus3|West US 3|United States
canadacentral|Canada Central|Canada
canadaeast|Canada East|Canada
brazilsouth|Brazil South|Brazil
brazilsoutheast|Brazil Southeast|Brazil
mexicocentral|Mexico Central|Mexico
chilecentral|Chile Central|Chile
northeurope|North Europe|Europe
westeurope|West Europe|Europe
uksouth|UK South|United Kingdom
ukwest|UK West|United Kingdom
francecentral|France Central|France
francesouth|France South|France
germanywestcentral|Germany West Central|Germany
germanynorth|Germany North|Germany
switzerlandnorth|Switzerland North|Switzerland
switzerlandwest|Switzerland West|Switzerland
norwayeast|Norway East|Norway
norwaywest|Norway West|Norway
swedencentral|Sweden Central|Sweden
polandcentral|Poland Central|Poland
italynorth|Italy North|Italy
spaincentral|Spain Central|Spain
austriaeast|Austria East|Austria
israelcentral|Israel Central|Israel
uaenorth|UAE North|UAE
uaecentral|UAE Central|UAE
qatarcentral|Qatar Central|Qatar
southafricanorth|South Africa North|South Africa
southafricawest|South Africa West|South Africa
centralindia|Central India|India
southindia|South India|India
westindia|West India|India
jioindiawest|Jio India West|India
jioindiacentral|Jio India Central|India
eastasia|East Asia|Asia Pacific
southeastasia|Southeast Asia|Asia Pacific
japaneast|Japan East|Japan
japanwest|Japan West|Japan
koreacentral|Korea Central|Korea
koreasouth|Korea South|Korea
indonesiacentral|Indonesia Central|Indonesia
malaysiawest|Malaysia West|Malaysia
newzealandnorth|New Zealand North|New Zealand
australiaeast|Australia East|Australia
australiasoutheast|Australia Southeast|Australia
australiacentral|Australia Central|Australia
australiacentral2|Australia Central 2|Australia
usgovvirginia|USGov Virginia|Azure Government
usgovarizona|USGov Arizona|Azure Government
usgovtexas|USGov Texas|Azure Government
chinanorth3|China North 3|China
chinaeast3|China East 3|China
"""
_ROWS = [row.split("|") for row in _REGIONS.split("\n") if row]

_CLOUDS = {"Azure Government": "AzureUSGovernment", "China": "AzureChinaCloud"}

LOCATIONS = {name: display for name, display, _ in _ROWS}
GEOGRAPHY = {name: geography for name, _, geography in _ROWS}


def locations_of(cloud: Cloud) -> dict[str, str]:
    """The regions of a cloud with their display names."""
    return {name: display for name, display, geography in _ROWS if _CLOUDS.get(geography, PUBLIC.name) == cloud.name}
