"""What the providers serve."""

import re

import pytest

from emulator.arm import catalogue
from emulator.clouds import CLOUDS, PUBLIC


@pytest.mark.parametrize(
    ("kind", "location", "is_taken"),
    [
        ("Microsoft.Network/privateDnsZones", "global", True),
        ("Microsoft.Network/privateDnsZones/A", "global", True),
        ("Microsoft.Storage/storageAccounts", "global", False),
        ("Microsoft.Storage/storageAccounts", "East US 2", True),
        ("Microsoft.Storage/storageAccounts", "atlantis", False),
        ("Microsoft.Storage/storageAccounts", "usgovvirginia", False),
    ],
)
def test_where_a_type_is_served(kind: str, location: str, is_taken: bool) -> None:
    found = catalogue.find_type(kind)

    assert found is not None
    assert found.takes(location, PUBLIC) is is_taken


def test_every_type_has_versions_newest_first() -> None:
    version = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z]+(\.\d+)?)?")
    for namespace in catalogue.PROVIDERS.values():
        for kind in catalogue.resource_types(namespace, PUBLIC):
            dates = [found[:10] for found in kind["apiVersions"]]
            assert dates
            assert dates == sorted(dates, reverse=True), kind["resourceType"]
            assert all(version.fullmatch(found) for found in kind["apiVersions"]), kind["resourceType"]


def test_the_provider_of_examples_serves_anything() -> None:
    assert catalogue.is_open("microsoft.contoso")
    assert catalogue.find_type("Microsoft.Contoso/things") is None


def test_each_region_is_of_one_cloud() -> None:
    regions = {name: catalogue.locations_of(cloud) for name, cloud in CLOUDS.items()}

    assert sum(map(len, regions.values())) == len(catalogue.LOCATIONS)
    for name, cloud in CLOUDS.items():
        assert {cloud.default_location, cloud.other_location} <= regions[name].keys()
        assert cloud.default_location != cloud.other_location
