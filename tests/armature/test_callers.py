"""Who is calling, read from what App Service authentication puts into a request."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.callers import MAX_HEADER, MAX_NAME, MAX_ROLES, Caller, caller_in

ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


def principal(*claims: tuple[str, str], **parts) -> dict[str, str]:
    body = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims], **parts}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(body).encode()).decode()}


def test_a_user_is_known_by_name_object_id_tenant_and_roles():
    headers = principal(
        ("preferred_username", "ada@contoso.com"),
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", "AAAA-1"),
        ("http://schemas.microsoft.com/identity/claims/tenantid", "T-1"),
        ("roles", "Approver"),
        (ROLE, "Operator"),
    )

    assert caller_in(headers) == Caller(
        name="ada@contoso.com", id="aaaa-1", tenant="t-1", roles=("Approver", "Operator")
    )


def test_the_types_of_claims_that_the_principal_names_come_first():
    headers = principal(("nick", "ada"), ("name", "Ada"), ("duty", "boss"), name_typ="nick", role_typ="duty")

    caller = caller_in(headers)

    assert caller is not None
    assert (caller.name, caller.roles) == ("ada", ("boss",))


def test_a_service_principal_without_a_name_is_known_by_its_application_and_object_id():
    caller = caller_in(principal(("appid", "app-1"), ("oid", "o-1")))

    assert caller is not None
    assert (caller.shown, caller.id) == ("app-1", "o-1")


def test_a_caller_who_claims_to_be_two_is_known_by_name_only():
    twice = principal(("name", "Ada"), ("oid", "o-1"), ("oid", "O-1"))
    two = principal(("name", "Ada"), ("oid", "o-1"), ("oid", "o-2"))

    assert caller_in({**twice, "x-ms-client-principal-id": "o-1"}) == Caller(name="Ada", id="o-1")
    assert caller_in({**two, "x-ms-client-principal-id": "o-1"}) == Caller(name="Ada")


def test_headers_without_a_principal_are_enough_and_give_no_role():
    caller = caller_in({"x-ms-client-principal-name": "ada", "x-ms-client-principal-id": "O-1"})

    assert caller == Caller(name="ada", id="o-1")


@pytest.mark.parametrize(
    "header",
    ["", "not base64!", *(base64.b64encode(text.encode()).decode() for text in ("[]", '"x"', "{", '{"claims": [1]}'))],
)
def test_what_is_no_principal_is_nobody(header):
    assert caller_in({"x-ms-client-principal": header}) is None


def test_line_breaks_and_length_can_not_forge_a_log():
    caller = caller_in({"x-ms-client-principal-name": "ada\r\nadmin" + "x" * 500})

    assert caller is not None
    assert caller.name is not None
    assert "\n" not in caller.name
    assert len(caller.name) == MAX_NAME


def test_a_header_beyond_all_measure_is_not_read_and_roles_are_bounded():
    many = principal(("name", "Ada"), *[("roles", f"r{number}") for number in range(MAX_ROLES + 1)])
    caller = caller_in(many)

    assert caller is not None
    assert len(caller.roles) == MAX_ROLES
    assert caller_in(principal(("name", "x" * MAX_HEADER))) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["claims", "typ", "val", "name_typ", "role_typ"]), inner)
        ),
    )
)
def test_no_document_is_more_than_a_caller_or_nobody(document):
    header = base64.b64encode(json.dumps(document).encode()).decode()

    caller = caller_in({"x-ms-client-principal": header})

    assert caller is None or caller.shown
