"""Resource ids: read and written without loss, compared without regard to case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups"
NAMES = st.from_regex(r"[A-Za-z0-9_.()-]{1,20}", fullmatch=True).filter(lambda name: name.lower() != "providers")
KINDS = st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True).filter(lambda kind: kind.lower() != "providers")


@st.composite
def resource_ids(draw: st.DrawFn) -> str:
    """An id of a resource in a group, in a subscription or in the tenant, perhaps an extension of another."""
    roots = ["", SUBSCRIPTION, f"{SUBSCRIPTION}/resourceGroups/{draw(NAMES)}", f"{MANAGEMENT_GROUPS}/{draw(NAMES)}"]
    root = draw(st.sampled_from(roots))
    parts = draw(st.lists(st.lists(st.tuples(KINDS, NAMES), min_size=1, max_size=3), min_size=1, max_size=2))
    return root + "".join(f"/providers/Contoso.X{''.join(f'/{k}/{n}' for k, n in pairs)}" for pairs in parts)


@given(resource_ids())
def test_an_id_is_written_as_it_was_read(text: str) -> None:
    assert str(ResourceId.parse(text)) == text


@given(resource_ids())
def test_an_id_is_its_scope_with_its_type_and_name(text: str) -> None:
    resource_id = ResourceId.parse(text)

    assert resource_id.scope.resource(resource_id.type, resource_id.name).key == resource_id.key


@given(resource_ids())
def test_letter_case_does_not_make_another_id(text: str) -> None:
    assert ResourceId.parse(text.upper()).key == ResourceId.parse(text).key


def test_a_group_has_one_id_however_it_is_written() -> None:
    written = ResourceId.parse(f"{SUBSCRIPTION}/providers/Microsoft.Resources/resourceGroups/rg")

    assert str(written) == f"{SUBSCRIPTION}/resourceGroups/rg"
    assert written.is_resource_group


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("/", "Microsoft.Resources/tenants", ""),
        (f"{MANAGEMENT_GROUPS}/mg", "Microsoft.Management/managementGroups", "mg"),
        (SUBSCRIPTION, "Microsoft.Resources/subscriptions", SUBSCRIPTION.rpartition("/")[2]),
        (f"{SUBSCRIPTION}/resourceGroups/rg", "Microsoft.Resources/resourceGroups", "rg"),
    ],
)
def test_a_root_holds_resources_and_is_one_itself(text: str, kind: str, name: str) -> None:
    root = ResourceId.parse(text)

    deployment = root.resource("Microsoft.Resources/deployments", "d")

    assert (str(root), root.type, root.name, root.namespace) == (text, kind, name, kind.partition("/")[0])
    assert str(deployment) == f"{text.rstrip('/')}/providers/Microsoft.Resources/deployments/d"
    assert (deployment.scope, deployment.root, deployment.is_extension) == (root, root, False)
    assert [root.is_tenant, root.is_management_group, root.is_subscription, root.is_resource_group].count(True) == 1


def test_a_subscription_in_a_management_group_is_a_child_and_no_root() -> None:
    membership = ResourceId.parse(f"{MANAGEMENT_GROUPS}/mg{SUBSCRIPTION}")

    assert membership.type == "Microsoft.Management/managementGroups/subscriptions"
    assert membership.scope.is_tenant


def test_a_child_knows_its_parent_and_an_extension_what_it_extends() -> None:
    child = ResourceId.parse(f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites/a/config/b")
    extension = ResourceId.parse(f"{child}/providers/Microsoft.Authorization/locks/l")

    assert str(child.parent) == f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites/a"
    assert (child.type, child.name, child.last_name) == ("Microsoft.Web/sites/config", "a/b", "b")
    assert extension.scope == child
    assert extension.is_extension
    assert extension.is_within(child)


def test_the_older_way_to_write_an_extension_is_the_same_resource() -> None:
    group = ResourceId.parse(f"{SUBSCRIPTION}/resourceGroups/rg")

    older = group.resource("Microsoft.Web/sites/providers/locks", "a/Microsoft.Authorization/l")

    assert str(older) == f"{group}/providers/Microsoft.Web/sites/a/providers/Microsoft.Authorization/locks/l"


@pytest.mark.parametrize(
    "text", ["x", "/x", "/providers/A", "/providers/A/b", "/providers/A/b/c/d", f"{SUBSCRIPTION}/x"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ArmError, match="LinkedInvalidPropertyId"):
        ResourceId.parse(text)


@pytest.mark.parametrize(("kind", "name"), [("A.B/c", "x/y"), ("A.B/c/d", "x"), ("A.B/c", ""), ("A.B", "x")])
def test_type_and_name_must_have_as_many_segments(kind: str, name: str) -> None:
    with pytest.raises(ValueError, match=r"A\.B"):
        ResourceId(SUBSCRIPTION.rpartition("/")[2], "rg").resource(kind, name)
