"""Azure's what-if read: noise folded by rule, losses found, secrets hidden, doubts kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.preview import ChangeKind, Untold
from armature.preview.secrets import HIDDEN
from tests.armature.preview.parts import GROUP, answered, delta, modified, read, resource_id

ACCOUNT = "Microsoft.Storage/storageAccounts"
NETWORK = "Microsoft.Network/virtualNetworks"
SITE = "Microsoft.Web/sites"
VNET = f"{GROUP}/providers/{NETWORK}/one"


def only(*deltas: dict[str, Any], kind: str = ACCOUNT, tags: dict[str, str] | None = None) -> Any:
    [change, *_] = read(modified(kind, *deltas), tags=tags)
    return change


@pytest.mark.parametrize(
    ("rule", "kind", "difference"),
    [
        ("noEffect", ACCOUNT, delta("properties.x", "NoEffect", 1, 2)),
        ("nothing", ACCOUNT, delta("properties.x", "Create", None, None)),
        ("nothing", ACCOUNT, delta("properties.rules", "Delete", [])),
        ("nothing", ACCOUNT, delta("properties.rules", "Create", None, {})),
        ("same", ACCOUNT, delta("location", "Modify", "eastus2", "East US 2")),
        ("same", ACCOUNT, delta("properties.subnet.id", "Modify", VNET, VNET.upper().replace("/SUBSCR", "/subscr", 1))),
        ("same", ACCOUNT, delta("properties.rule", "Modify", {"a": 1, "b": None}, {"A": 1})),
        ("readOnly", ACCOUNT, delta("properties.provisioningState", "Delete", "Succeeded")),
        ("readOnly", ACCOUNT, delta("properties.primaryEndpoints.blob", "Delete", "https://x/")),
        ("readOnly", SITE, delta("identity.principalId", "Delete", "4f")),
        ("default", NETWORK, delta("properties.enableDdosProtection", "Delete", False)),
        ("ownTags", ACCOUNT, delta("tags.armature-deployment-id", "Delete", "shop-1")),
        ("ownTags", ACCOUNT, delta("tags", "Delete", {"armature-x": "1"})),
        (
            "artifacts",
            ACCOUNT,
            delta(
                "properties.uri",
                "Modify",
                "https://starm.blob.core.windows.net/templates-shop-1/x.sh?sig=abcdef",
                "https://starm.blob.core.windows.net/templates-shop-2/x.sh",
            ),
        ),
    ],
)
def test_a_difference_that_is_none_is_folded_and_a_resource_of_which_nothing_is_left_does_not_change(
    rule: str, kind: str, difference: dict[str, Any]
) -> None:
    change = only(difference, kind=kind)

    assert [each.folded for each in change.properties] == [rule]
    assert change.kind is ChangeKind.NO_CHANGE
    assert change.folded == 1


NEW, OLD = "2024-05-01", "2023-02-01"
SUBNET = f"{NETWORK}/subnets"
POLICY = "privateEndpointNetworkPolicies"
LISTED = [{"name": "web", "properties": {}}, {"name": "data", "properties": {}}]


@pytest.mark.parametrize(
    ("kind", "difference", "version", "rule"),
    [
        (SUBNET, delta(f"properties.{POLICY}", "Modify", "Disabled", None), OLD, "default"),
        (SUBNET, delta(f"properties.{POLICY}", "Delete", "Disabled"), OLD, "default"),
        (SUBNET, delta(f"properties.{POLICY}", "Delete", "Disabled"), "2021-08-01", None),
        (SUBNET, delta(f"properties.{POLICY}", "Delete", "Disabled"), "", None),
        (SUBNET, delta(f"properties.{POLICY}", "Modify", "Enabled", None), NEW, None),
        (
            NETWORK,
            delta("properties.subnets", "Array", children=[
                delta("0", children=[delta("properties.privateLinkServiceNetworkPolicies", "Delete", "Enabled")])
            ]),
            NEW,
            "default",
        ),
        (NETWORK, delta("properties.subnets", "Delete", LISTED), NEW, "kept"),
        (NETWORK, delta("properties.subnets", "Modify", LISTED, None), NEW, "kept"),
    ],
)  # fmt: skip
def test_what_a_template_does_not_mention_is_none_only_by_api_versions_that_leave_it_so(
    kind: str, difference: dict[str, Any], version: str, rule: str | None
) -> None:
    [change] = read(modified(kind, difference, api_version=version))

    assert [each.folded for each in change.properties] == [rule]
    assert change.kind is (ChangeKind.NO_CHANGE if rule else ChangeKind.MODIFY)


COSMOS = "Microsoft.DocumentDB/databaseAccounts"
VAULT = "Microsoft.KeyVault/vaults"
PLACE = {"locationName": "eastus2", "failoverPriority": 0}
SHOWN = {"id": "x-eastus2", "locationName": "East US 2", "documentEndpoint": "https://x", "failoverPriority": 0}


def moved(before: Any, after: Any) -> dict[str, Any]:
    return delta(
        "properties.locations", "Array", children=[delta("0", "Create", None, after), delta("0", "Delete", before)]
    )


def test_an_element_that_goes_and_one_of_its_name_that_comes_are_one_that_changes() -> None:
    same = only(moved(SHOWN, PLACE), kind=COSMOS)
    changed = only(moved(SHOWN, {**PLACE, "failoverPriority": 1}), kind=COSMOS)
    other = only(moved(SHOWN, {**PLACE, "locationName": "westus"}), kind=COSMOS)
    subnet = {"name": "web", "properties": {"addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded"}}
    narrower = {"name": "Web", "properties": {"addressPrefix": "10.0.0.0/25"}}
    gone, come = delta("0", "Delete", subnet), delta("1", "Create", None, narrower)
    found = read(modified(NETWORK, delta("properties.subnets", "Array", children=[gone, come])))

    assert same.kind is ChangeKind.NO_CHANGE
    assert sorted(each.folded for each in same.properties) == ["readOnly", "readOnly", "same"]
    assert [each.path for each in changed.certain] == ["properties.locations[0].failoverPriority"]
    assert {each.path for each in other.certain} == {"properties.locations[0]"}
    assert [each.kind for each in found] == [ChangeKind.MODIFY]
    assert "properties.subnets[1].properties.addressPrefix" in {each.path for each in found[0].certain}


def test_to_say_a_default_that_is_never_shown_is_no_change() -> None:
    said, chosen = (
        only(delta("properties.enablePurgeProtection", "Create", None, on), kind=VAULT) for on in (False, True)
    )

    assert (said.kind, chosen.kind) == (ChangeKind.NO_CHANGE, ChangeKind.MODIFY)


@pytest.mark.parametrize(
    ("kind", "array", "children", "version"),
    [
        (NETWORK, "subnets", "subnets", OLD),
        ("Microsoft.Network/networkSecurityGroups", "securityRules", "securityRules", NEW),
        ("Microsoft.Network/routeTables", "routes", "routes", NEW),
    ],
)
def test_all_children_go_with_an_array_that_a_template_does_not_mention_any_more(
    kind: str, array: str, children: str, version: str
) -> None:
    found = read(modified(kind, delta(f"properties.{array}", "Delete", LISTED), api_version=version))

    gone = [change.id for change in found if change.kind is ChangeKind.DELETE]
    assert gone == [f"{resource_id(kind, 'one')}/{children}/{name}" for name in ("web", "data")]


@pytest.mark.parametrize(
    ("array", "version"), [("virtualNetworkPeerings", OLD), ("virtualNetworkPeerings", NEW), ("subnets", "")]
)
def test_what_becomes_of_an_array_that_is_not_mentioned_is_not_made_up(array: str, version: str) -> None:
    [network] = read(modified(NETWORK, delta(f"properties.{array}", "Delete", LISTED), api_version=version))

    assert network.kind is ChangeKind.MODIFY


@pytest.mark.parametrize(
    "difference",
    [
        delta("properties.accessTier", "Modify", "Hot", "hot"),
        delta("properties.rules", "Delete", [1]),
        delta("properties.provisioningState", "Modify", "a", "b"),
        delta("properties.enableDdosProtection", "Delete", True),
        delta("properties.enableDdosProtection", "Modify", False, True),
        delta("tags.team", "Delete", "web"),
        delta("tags.etag", "Delete", "mine"),
        delta("properties.count", "Modify", 1, True),
        delta("properties.count", "Modify", "1", 1),
        delta("properties.uri", "Modify", "https://a/templates-x-1/x", "https://b/templates-x-2/x"),
        delta("properties.dnsServers", "Array", children=[delta("0", "Delete", "a"), delta("1", "Create", None, "b")]),
    ],
)
def test_what_may_be_a_change_is_none_of_the_noise(difference: dict[str, Any]) -> None:
    change = only(difference, kind=NETWORK)

    assert change.kind is ChangeKind.MODIFY
    assert change.told == change.properties


def test_the_tags_of_the_options_are_not_deleted_when_they_are_put_back() -> None:
    gone = delta("tags.team", "Delete", "web")

    assert only(gone, tags={"Team": "web"}).kind is ChangeKind.NO_CHANGE
    assert only(gone, tags={"team": "shop"}).kind is ChangeKind.MODIFY


@pytest.mark.parametrize(("array", "kind"), [("zones", ChangeKind.NO_CHANGE), ("dnsServers", ChangeKind.MODIFY)])
def test_only_the_order_of_a_set_means_nothing(array: str, kind: ChangeKind) -> None:
    moved = [
        delta("0", "Delete", "1"),
        delta("0", "Create", None, "2"),
        delta("1", "Delete", "2"),
        delta("1", "Create", None, "1"),
    ]

    assert only(delta(f"properties.{array}", "Array", children=moved)).kind is kind


def test_what_is_left_of_a_change_is_told_first_and_the_noise_is_counted() -> None:
    change = only(
        delta("properties.a", "NoEffect", 1, 2),
        delta("properties.minimumTlsVersion", "Modify", "TLS1_0", "TLS1_2"),
        delta("properties.b", "Create", None, None),
    )

    assert change.kind is ChangeKind.MODIFY
    assert [each.path for each in change.told] == ["properties.minimumTlsVersion"]
    assert change.folded == 2


@pytest.mark.parametrize(
    ("kind", "difference"),
    [
        (ACCOUNT, delta("location", "Modify", "eastus", "westus")),
        (ACCOUNT, delta("kind", "Modify", "StorageV2", "FileStorage")),
        (ACCOUNT, delta("properties.isHnsEnabled", "Modify", False, True)),
        ("Microsoft.Compute/virtualMachines", delta("properties.osProfile.adminUsername", "Modify", "a", "b")),
        (
            "Microsoft.Compute/virtualMachines",
            delta("properties.storageProfile.imageReference.sku", "Modify", "20", "22"),
        ),
        ("Microsoft.Compute/virtualMachines", delta("zones", "Array", children=[delta("0", "Modify", "1", "2")])),
    ],
)
def test_a_property_that_can_not_change_in_place_replaces_the_resource(kind: str, difference: dict[str, Any]) -> None:
    change = only(difference, kind=kind)

    assert change.kind is ChangeKind.REPLACE
    assert change.properties[0].replaces
    assert change.reasons


@pytest.mark.parametrize(
    "difference",
    [
        delta("location", "Modify", "eastus2", "East US 2"),
        delta("kind", "Modify", "Storage", "StorageV2"),
        delta("properties.isHnsEnabled", "Delete", False),
        delta("location", "Modify", "eastus", "[resourceGroup().location]"),
    ],
)
def test_what_can_change_or_does_not_or_is_not_known_replaces_nothing(difference: dict[str, Any]) -> None:
    assert only(difference).kind is not ChangeKind.REPLACE


def test_a_subnet_that_its_network_does_not_write_any_more_is_a_deletion_of_its_own() -> None:
    gone = delta("1", "Delete", {"name": "data", "properties": {"addressPrefix": "10.0.2.0/24"}})

    network, subnet = read(modified(NETWORK, delta("properties.subnets", "Array", children=[gone])))

    assert network.kind is ChangeKind.MODIFY
    assert (subnet.kind, subnet.id, subnet.type) == (ChangeKind.DELETE, f"{VNET}/subnets/data", f"{NETWORK}/subnets")


def test_a_subnet_that_only_moves_in_the_array_is_not_deleted() -> None:
    one, two = {"name": "web"}, {"name": "data"}
    moved = [
        delta("0", "Delete", one),
        delta("0", "Create", None, two),
        delta("1", "Delete", two),
        delta("1", "Create", None, one),
    ]

    [network] = read(modified(NETWORK, delta("properties.subnets", "Array", children=moved)))

    assert network.kind is ChangeKind.NO_CHANGE


@pytest.mark.parametrize(
    ("kind", "difference", "why"),
    [
        (
            ACCOUNT,
            delta("properties.principalId", "Modify", "4f", "[reference('x').principalId]"),
            Untold.WHEN_DEPLOYED,
        ),
        (
            SITE,
            delta("properties.siteConfig.appSettings", "Create", None, [{"name": "A", "value": "b"}]),
            Untold.NOT_SHOWN,
        ),
        (
            "Microsoft.Sql/servers",
            delta("properties.administratorLoginPassword", "Create", None, "x"),
            Untold.NOT_SHOWN,
        ),
    ],
)
def test_a_resource_of_which_only_doubts_are_left_can_not_be_told(
    kind: str, difference: dict[str, Any], why: Untold
) -> None:
    doubtful = only(difference, kind=kind)
    certain = only(difference, delta("properties.x", "Modify", 1, 2), kind=kind)

    assert (doubtful.kind, doubtful.properties[0].untold) == (ChangeKind.UNSUPPORTED, why)
    assert certain.kind is ChangeKind.MODIFY
    assert len(certain.certain) == 1


@pytest.mark.parametrize(
    ("kind", "difference"),
    [
        (ACCOUNT, delta("properties.adminPassword", "Modify", "S3cret!", "S3cret!")),
        (ACCOUNT, delta("properties.connectionString", "Create", None, "S3cret!")),
        (ACCOUNT, delta("properties.text", "Create", None, "DefaultEndpointsProtocol=https;AccountKey=S3cret!==")),
        (ACCOUNT, delta("properties.uri", "Create", None, "https://a/b?sv=1&sig=S3cret!S3cret!S3cret!")),
        (SITE, delta("properties.siteConfig.appSettings", "Create", None, [{"name": "ANY", "value": "S3cret!"}])),
        (
            SITE,
            delta(
                "properties.siteConfig.appSettings",
                "Array",
                children=[delta("0", "Modify", children=[delta("value", "Modify", "S3cret!", "S3cret!")])],
            ),
        ),
        ("Microsoft.Web/sites/config", delta("properties.ANY", "Modify", "S3cret!", "S3cret!")),
        ("Microsoft.KeyVault/vaults/secrets", delta("properties.value", "Create", None, "S3cret!")),
        (ACCOUNT, delta("properties.adminPassword2", "Create", None, "S3cret!")),
        (ACCOUNT, delta("properties.authorizationKey", "Modify", "S3cret!", "S3cret!!")),
        (ACCOUNT, delta("properties.sharedAccessSignature", "Create", None, "S3cret!")),
        (ACCOUNT, delta("properties.list", "Create", None, [{"name": "API_KEY", "value": "S3cret!"}])),
        (
            ACCOUNT,
            delta("properties.settings", "Create", None, {"clientSecret": "S3cret!", "x": {"sasToken": "S3cret!"}}),
        ),
    ],
)
def test_what_may_be_secret_is_in_nothing_that_is_kept(kind: str, difference: dict[str, Any]) -> None:
    kept = json.dumps(only(difference, kind=kind).dump())

    assert "S3cret!" not in kept
    assert HIDDEN in kept or "REDACTED" in kept


def test_what_only_names_a_secret_is_shown() -> None:
    reference = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v/secrets/s"

    change = only(
        delta("properties.clientSecret", "Create", None, reference),
        delta("properties.allowSharedKeyAccess", "Modify", True, False),
    )

    assert {each.after for each in change.properties} == {reference, False}


def test_long_texts_and_many_properties_are_cut_and_counted() -> None:
    many = [delta(f"properties.p{number}", "Modify", 1, 2) for number in range(70)]

    change = only(*many, delta("properties.a", "Create", None, "x" * 5000))

    assert len(change.properties) == 60
    assert change.more_properties == 11
    assert len(json.dumps(change.dump())) < 15_000


def test_what_is_created_is_told_with_its_values_and_a_deployment_is_no_resource() -> None:
    after = {
        "id": "x",
        "name": "one",
        "type": ACCOUNT,
        "apiVersion": "2023-01-01",
        "sku": {"name": "Standard_LRS"},
        "tags": {"a.b": "c"},
    }
    created = {"resourceId": resource_id(ACCOUNT, "one"), "changeType": "Create", "before": None, "after": after}
    nested = {"resourceId": resource_id("Microsoft.Resources/deployments", "n"), "changeType": "Create", "after": {}}

    [change] = read(created, nested)

    assert change.kind is ChangeKind.CREATE
    assert {each.path: each.after for each in change.properties} == {"sku.name": "Standard_LRS", "tags['a.b']": "c"}


def test_an_entry_that_nobody_understands_is_told_as_such() -> None:
    [change] = read({"changeType": "Explode", "resourceId": "[parameters('x')]", "unsupportedReason": "who knows"})

    assert (change.kind, change.id, change.reasons) == (ChangeKind.UNSUPPORTED, "[parameters('x')]", ("who knows",))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc/ []", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abN.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
DELTAS = st.recursive(
    st.builds(
        delta,
        st.text("abc.", min_size=1, max_size=6),
        st.sampled_from(["Create", "Modify", "Delete", "NoEffect", "Array", "x"]),
        VALUES,
        VALUES,
    ),
    lambda inner: st.builds(
        delta,
        st.text("ab0", min_size=1, max_size=3),
        st.sampled_from(["Array", "Modify"]),
        st.none(),
        st.none(),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
CHANGES = st.builds(
    lambda name, kind, deltas, after: {
        "resourceId": resource_id(ACCOUNT, name),
        "changeType": kind,
        "delta": deltas,
        "after": after,
    },
    st.text("abc", min_size=1, max_size=3),
    st.sampled_from(["Create", "Delete", "Modify", "NoChange", "Ignore", "Unsupported", "Deploy"]),
    st.lists(DELTAS, max_size=4),
    VALUES,
)


@given(st.lists(CHANGES, max_size=6))
def test_folding_hides_no_resource_and_neither_a_creation_nor_a_deletion(told: list[dict[str, Any]]) -> None:
    found = read(*told)
    whole = [change for change in found if not change.id.count("/subnets/")]

    assert [change.id for change in whole] == [each["resourceId"] for each in told]
    for each, change in zip(told, whole, strict=True):
        if each["changeType"] in ("Create", "Delete", "Ignore", "NoChange", "Unsupported"):
            assert change.kind.value.lower() == each["changeType"].lower()
        elif not each["delta"]:
            assert change.kind is ChangeKind.MODIFY


def test_an_answer_without_changes_tells_nothing() -> None:
    assert read() == ()
    assert answered()["changes"] == []
