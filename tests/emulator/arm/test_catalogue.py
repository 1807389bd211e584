"""What the providers serve."""

import re

import pytest

from emulator.arm import catalogue


@pytest.mark.parametrize(
    ("kind", "location", "is_taken"),
    [
        ("Microsoft.Network/privateDnsZones", "global", True),
        ("Microsoft.Network/privateDnsZones/A", "global", True),
        ("Microsoft.Storage/storageAccounts", "global", False),
        ("Microsoft.Storage/storageAccounts", "East US 2", True),
        ("Microsoft.Storage/storageAccounts", "atlantis", False),
    ],
)
def test_where_a_type_is_served(kind: str, location: str, is_taken: bool) -> None:
    found = catalogue.find_type(kind)

    assert found is not None
    assert found.takes(location) is is_taken


def test_every_type_has_versions_newest_first() -> None:
    version = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z]+(\.\d+)?)?")
    for namespace in catalogue.PROVIDERS.values():
        for kind in catalogue.resource_types(namespace):
            dates = [found[:10] for found in kind["apiVersions"]]
            assert dates
            assert dates == sorted(dates, reverse=True), kind["resourceType"]
            assert all(version.fullmatch(found) for found in kind["apiVersions"]), kind["resourceType"]


def test_the_provider_of_examples_serves_anything() -> None:
    assert catalogue.is_open("microsoft.contoso")
    assert catalogue.find_type("Microsoft.Contoso/things") is None
