"""What makes two reads of a resource the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.fingerprints import fingerprint

RESOURCE = {
    "id": "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net",
    "location": "eastus2",
    "tags": {"team": "shop"},
    "sku": {"name": "Standard"},
    "properties": {
        "provisioningState": "Succeeded",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [
            {"name": "front", "etag": "1", "properties": {"provisioningState": "Succeeded", "ipConfigurations": []}}
        ],
    },
}


@pytest.mark.parametrize(
    "volatile",
    [
        {"etag": 'W/"2"'},
        {"systemData": {"lastModifiedAt": "2026-01-01T00:00:00Z"}},
        {"properties": {**RESOURCE["properties"], "provisioningState": "Updating"}},
        {"properties": {**RESOURCE["properties"], "lastModifiedTimeUtc": "2026-01-01T00:00:00.123Z"}},
        {"properties": {**RESOURCE["properties"], "createdDate": "2026-01-01T00:00:00+00:00"}},
        {"properties": {**RESOURCE["properties"], "state": "Running"}},
        {"properties": {**RESOURCE["properties"], "privateEndpointConnections": [{"id": "x"}]}},
        {"properties": {**RESOURCE["properties"], "dhcpOptions": {"dnsServers": []}}},
    ],
)
def test_what_changes_by_itself_does_not_count(volatile):
    assert fingerprint({**RESOURCE, **volatile}) == fingerprint(RESOURCE)


@pytest.mark.parametrize(
    "changed",
    [
        {"location": "westus"},
        {"tags": {"team": "shop", "new": "tag"}},
        {"tags": {}},
        {"sku": {"name": "Basic"}},
        {"kind": "linux"},
        {"properties": {**RESOURCE["properties"], "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}},
        {"properties": {**RESOURCE["properties"], "subnets": []}},
        {"properties": {**RESOURCE["properties"], "state": "Disabled"}},
        {"properties": {**RESOURCE["properties"], "startTime": "08:00"}},
    ],
)
def test_what_somebody_sets_counts(changed):
    assert fingerprint({**RESOURCE, **changed}) != fingerprint(RESOURCE)


@pytest.mark.parametrize("bag", ["tags", "parameters", "definition", "metadata"])
@pytest.mark.parametrize("name", ["state", "createdBy", "managedBy", "expiresOn", "etag"])
def test_what_bears_a_name_that_people_chose_counts_whatever_the_name(bag, name):
    before, after = ({bag: {name: f"2026-01-0{day}T00:00:00Z"}} for day in (1, 2))

    assert fingerprint({**RESOURCE, **before}) != fingerprint({**RESOURCE, **after})
    assert fingerprint({"properties": before}) != fingerprint({"properties": after})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=6))
def test_a_fingerprint_depends_on_the_content_only_and_tells_nothing_of_it(document):
    reordered = dict(reversed(document.items()))

    assert fingerprint(reordered) == fingerprint(document)
    assert len(fingerprint(document)) == 64
