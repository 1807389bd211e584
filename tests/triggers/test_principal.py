"""Who is calling is believed where the platform vouches for it, and nowhere else."""

import pytest

from armature.settings import load_settings
from triggers.principal import caller_name, caller_of

HEADERS = {"x-ms-client-principal-name": "ada@contoso.com", "x-ms-client-principal-id": "A-1"}


def test_the_platform_vouches_for_a_caller_once_its_authentication_is_on():
    caller = caller_of(HEADERS)

    assert caller is not None
    assert (caller.name, caller.id) == ("ada@contoso.com", "a-1")
    assert caller_name(HEADERS) == "ada@contoso.com"


def test_who_sends_no_principal_is_nobody():
    assert caller_of({}) is None
    assert caller_name({}) is None


@pytest.mark.parametrize("value", [None, "", "False", "0"])
def test_without_the_platforms_authentication_a_header_is_what_anybody_can_send(platform, value):
    if value is None:
        platform.delenv("WEBSITE_AUTH_ENABLED")
    else:
        platform.setenv("WEBSITE_AUTH_ENABLED", value)

    assert caller_of(HEADERS) is None


@pytest.mark.parametrize(("setting", "is_known"), [("true", True), ("false", False)])
def test_the_operator_has_the_last_word(platform, setting, is_known):
    platform.setenv("WEBSITE_AUTH_ENABLED", "False" if is_known else "True")
    platform.setenv("ARMATURE_TRUST_CLIENT_PRINCIPAL", setting)
    load_settings.cache_clear()

    assert (caller_of(HEADERS) is not None) is is_known
