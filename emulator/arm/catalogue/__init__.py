"""What the cloud offers: locations, and resource providers with their types and the API versions of each."""

from emulator.arm.catalogue.domains import Domains, domains_of
from emulator.arm.catalogue.locations import GEOGRAPHY, LOCATIONS, locations_of
from emulator.arm.catalogue.types import (
    API_VERSIONS,
    PROVIDERS,
    ResourceType,
    find_type,
    is_open,
    resource_type,
    resource_types,
)

__all__ = [
    "API_VERSIONS",
    "GEOGRAPHY",
    "LOCATIONS",
    "PROVIDERS",
    "Domains",
    "ResourceType",
    "domains_of",
    "find_type",
    "is_open",
    "locations_of",
    "resource_type",
    "resource_types",
]
