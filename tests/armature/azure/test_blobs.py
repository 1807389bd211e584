import pytest

from armature.azure.blobs import BlobEndpoint


@pytest.mark.parametrize(
    ("url", "normalised", "account"),
    [
        ("https://shop.blob.core.windows.net/", "https://shop.blob.core.windows.net", "shop"),
        ("https://shop.z5.blob.storage.azure.net", "https://shop.z5.blob.storage.azure.net", "shop"),
        ("https://127.0.0.1:10000/devstoreaccount1/", "https://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1"),
        ("https://blob.local.azurestack.external/shop", "https://blob.local.azurestack.external/shop", "shop"),
    ],
)
def test_the_account_is_read_from_the_address_in_either_style(url: str, normalised: str, account: str) -> None:
    endpoint = BlobEndpoint.of(url)

    assert (endpoint.url, endpoint.account) == (normalised, account)


def test_a_blobs_address_escapes_its_name() -> None:
    endpoint = BlobEndpoint.of("https://127.0.0.1:1/account")

    assert endpoint.blob_url("c", "a b/ü#?.json") == "https://127.0.0.1:1/account/c/a%20b/%C3%BC%23%3F.json"


@pytest.mark.parametrize("url", ["http://a.example/x", "https://a.example?sig=x", "https:///x", "ftp://a"])
def test_an_address_without_tls_or_with_a_query_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https address") as caught:
        BlobEndpoint.of(url)

    assert "sig" not in str(caught.value)
