"""What a URI names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.outbound import OutboundError, OutboundFault, host_matches, target_of
from armature.outbound.targets import MAX_URI, redirected


@pytest.mark.parametrize(
    ("uri", "host", "port", "path"),
    [
        ("https://shop.example", "shop.example", 443, "/"),
        ("https://Shop.Example:8443/healthz?deep=1#top", "shop.example", 8443, "/healthz?deep=1"),
        ("HTTPS://shop.example?x", "shop.example", 443, "/?x"),
        ("https://[2001:DB8::1]/", "2001:db8::1", 443, "/"),
        ("https://10.0.0.1/", "10.0.0.1", 443, "/"),
    ],
)
def test_host_port_and_path_are_found(uri: str, host: str, port: int, path: str) -> None:
    target = target_of(uri)

    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "shop.example",
        "//shop.example/",
        "",
        "https://",
        "https:///path",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://@shop.example/",
        "https://shop.example:0/",
        "https://shop.example:65536/",
        "https://shop.example:port/",
        "https://shop.example\\@evil.example/",
        "https://shop.example/a b",
        "https://shop.example/\r\nX-Header: 1",
        "https://shop.example/\x00",
        "https://shöp.example/",
        "https://shop.example%2f.evil/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://-shop.example/",
    ],
)
def test_what_is_no_plain_https_address_is_refused(uri: str) -> None:
    with pytest.raises(OutboundError) as refused:
        target_of(uri)

    assert refused.value.fault is OutboundFault.URI_REFUSED
    assert "secret" not in str(refused.value)


def test_the_length_of_an_address_is_limited() -> None:
    longest = "https://shop.example/".ljust(MAX_URI, "a")

    assert target_of(longest).host == "shop.example"
    with pytest.raises(OutboundError):
        target_of(longest + "a")


@pytest.mark.parametrize(
    ("location", "origin", "path"),
    [
        ("/login", ("shop.example", 8443), "/login"),
        ("next?a=1", ("shop.example", 8443), "/app/next?a=1"),
        ("//other.example/", ("other.example", 443), "/"),
        ("https://other.example/a", ("other.example", 443), "/a"),
    ],
)
def test_a_redirect_may_be_told_relative_to_where_one_is(location: str, origin: tuple[str, int], path: str) -> None:
    target = redirected(target_of("https://shop.example:8443/app/start"), location)

    assert (target.origin, target.path) == (origin, path)


@pytest.mark.parametrize("location", ["http://shop.example/", "javascript:alert(1)", "https://[", "https://a@b/"])
def test_a_redirect_to_anything_but_https_is_refused(location: str) -> None:
    with pytest.raises(OutboundError):
        redirected(target_of("https://shop.example/"), location)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        target = target_of(f"https://{text}")
    except OutboundError:
        return
    assert target.host
    assert target.path.startswith("/")
    assert not set(target.host + target.path) & set(" \r\n\t\\@#" if "@" not in target.path else " \r\n\t\\#")


@pytest.mark.parametrize(
    ("host", "patterns", "is_match"),
    [
        ("hooks.example", ("hooks.example",), True),
        ("HOOKS.example.", ("hooks.example",), True),
        ("a.hooks.example", ("*.hooks.example",), True),
        ("a.b.hooks.example", ("*.hooks.example",), True),
        ("hooks.example", ("*.hooks.example",), False),
        ("evilhooks.example", ("*.hooks.example",), False),
        ("hooks.example.evil", ("hooks.example", "*.hooks.example"), False),
        ("hooks.example", (), False),
    ],
)
def test_a_host_is_matched_as_a_whole_or_below_a_domain(host: str, patterns: tuple[str, ...], is_match: bool) -> None:
    assert host_matches(host, patterns) is is_match
