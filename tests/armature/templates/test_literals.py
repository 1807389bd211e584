"""Text that only looks like an expression, and secrets in plain text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.templates.literals import has_secret, lookalike, masked, plain_text_secrets


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("/subscriptions/[subscription().subscriptionId]/x", "[subscription().subscriptionId]"),
        ("a [toLower('b')] c", "[toLower('b')]"),
        ("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}", "{subscriptionId}"),
        ("https://${cosmosEndpoint}/", "${cosmosEndpoint}"),
    ],
)
def test_what_looks_like_an_expression_is_found(text: str, part: str) -> None:
    assert lookalike(text) == part


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "[[concat('a')]",
        "[unknownFunction('x')] y",
        "[a-z]+(b)",
        "/items/{id}",
        "{0} of {1}",
        "echo ${HOME} && ls",
        "$HOME",
        "arr[0]",
        "[see (this)]",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert lookalike(text) is None


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    found = lookalike(text)

    assert found is None or found in text
    assert isinstance(has_secret(text), bool)
    assert len(masked(text, keep_length=True)) == len(text)


@pytest.mark.parametrize(
    ("text", "has_one"),
    [
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc123==;", True),
        ("Server=x;Password=hunter22;", True),
        ("Endpoint=sb://x/;SharedAccessKey=abcdef", True),
        ("AccountKey=", False),
        ("AccountKey=;EndpointSuffix=x", False),
        ("Password=${secret}", False),
        ("Password={0}", False),
        ("Server=x;Authentication=Active Directory Default", False),
    ],
)
def test_secrets_inside_connection_strings_are_found(text: str, has_one: bool) -> None:
    assert has_secret(text) is has_one


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"administratorLoginPassword": "x1"}, [("administratorLoginPassword",)]),
        ({"clientSecret": "x1", "name": "a"}, [("clientSecret",)]),
        ({"adminPassword": {"value": "x1"}}, [("adminPassword", "value")]),
        ({"apiKey": {"type": "string", "defaultValue": "x1"}}, [("apiKey", "defaultValue")]),
        ({"name": "SQL_PASSWORD", "value": "x1"}, [("value",)]),
        ({"password": "['x1']"}, [("password",)]),
        ({"password": ""}, []),
        ({"password": "[parameters('p')]"}, []),
        ({"password": {"reference": {"secretName": "x"}}}, []),
        ({"password": "@Microsoft.KeyVault(SecretUri=https://v/s)"}, []),
        ({"secret": "https://vault/secrets/x"}, []),
        ({"disablePasswordAuthentication": True, "passwordPolicy": "strict", "secretName": "x"}, []),
        ({"name": "PASSWORD_POLICY", "value": "x1"}, []),
    ],
)
def test_secrets_are_known_by_their_names(value: dict[str, Any], paths: list[tuple[str, ...]]) -> None:
    assert list(plain_text_secrets(value)) == paths


def test_what_is_shown_has_no_secrets() -> None:
    assert masked("https://a/b?sv=1&sig=abc%3D&x=2") == "https://a/b?sv=1&sig=***&x=2"
    assert masked("AccountName=a;AccountKey=abc==;b") == "AccountName=a;AccountKey=***;b"


def test_a_password_followed_by_very_many_spaces_is_looked_at_in_time() -> None:
    assert not has_secret("Password=" + " " * 200_000)
    assert has_secret("Password=" + " " * 200_000 + "hunter22")
