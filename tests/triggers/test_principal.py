"""Who is calling, as App Service authentication tells it."""

import base64
import json

import pytest

from triggers.principal import MAX_NAME, caller_name


def encoded(principal) -> str:
    return base64.b64encode(json.dumps(principal).encode()).decode()


def test_the_name_header_is_taken_first():
    assert caller_name({"x-ms-client-principal-name": "ada@contoso.com"}) == "ada@contoso.com"


def test_a_name_claim_of_the_principal_is_taken():
    principal = {"claims": [{"typ": "name", "val": "Ada"}, {"typ": "appid", "val": "123"}]}

    assert caller_name({"x-ms-client-principal": encoded(principal)}) == "Ada"


@pytest.mark.parametrize("value", ["", "not base64!", encoded([]), encoded({"claims": [1]}), encoded("x"), "eyJ4"])
def test_what_is_no_principal_is_nobody(value):
    assert caller_name({"x-ms-client-principal": value}) is None


def test_line_breaks_and_length_cannot_forge_a_log():
    name = caller_name({"x-ms-client-principal-name": "ada\r\nadmin" + "x" * 500})

    assert name is not None
    assert "\n" not in name
    assert len(name) == MAX_NAME
