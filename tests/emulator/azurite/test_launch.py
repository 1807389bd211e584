"""Azurite as the emulator starts it, through the real SDKs."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, ContainerClient, generate_blob_sas
from azure.storage.queue import QueueClient

from emulator.azurite.accounts import APP_ACCOUNT, new_key, write_accounts
from tests.running import RunningAzurite

HOUR = dt.timedelta(hours=1)
CONTENT = b'{"resources": []}'


@contextmanager
def blob_service(azurite: RunningAzurite, account: str = APP_ACCOUNT) -> Iterator[BlobServiceClient]:
    with (
        azurite.use_environment(),
        ManagedIdentityCredential() as credential,
        BlobServiceClient(f"{azurite.blob_endpoint}/{account}", credential=credential) as service,
    ):
        yield service


@contextmanager
def container(azurite: RunningAzurite, account: str = APP_ACCOUNT) -> Iterator[ContainerClient]:
    with blob_service(azurite, account) as service:
        yield service.create_container(f"c{uuid.uuid4().hex}")


def signed_url(azurite: RunningAzurite, *, ends_in: dt.timedelta = HOUR) -> str:
    """A new blob, with a read-only user-delegation SAS."""
    now = dt.datetime.now(dt.UTC)
    with blob_service(azurite) as service:
        blob = service.create_container(f"c{uuid.uuid4().hex}").upload_blob("templates/web.json", CONTENT)
        key = service.get_user_delegation_key(key_start_time=now - 2 * HOUR, key_expiry_time=now + HOUR)
        sas = generate_blob_sas(
            account_name=APP_ACCOUNT,
            container_name=blob.container_name,
            blob_name=blob.blob_name,
            user_delegation_key=key,
            permission=BlobSasPermissions(read=True),
            start=now - 2 * HOUR,
            expiry=now + ends_in,
            protocol="https",
        )
        return f"{blob.url}?{sas}"


def get(azurite: RunningAzurite, url: str) -> requests.Response:
    return requests.get(url, verify=azurite.settings["REQUESTS_CA_BUNDLE"], timeout=10)


def test_a_container_and_a_blob_are_made_with_a_token_of_the_identity(azurite: RunningAzurite) -> None:
    with container(azurite) as created:
        created.upload_blob("a", CONTENT)

        assert created.download_blob("a").readall() == CONTENT


def test_without_a_token_nothing_is_answered(azurite: RunningAzurite) -> None:
    with azurite.use_environment(), BlobServiceClient(f"{azurite.blob_endpoint}/{APP_ACCOUNT}") as anonymous:
        container = anonymous.get_container_client("mine")

        with pytest.raises(HttpResponseError) as refused:
            container.create_container()

    assert refused.value.status_code in {401, 403}


def test_a_token_that_is_no_good_is_challenged(azurite: RunningAzurite) -> None:
    for url in (
        f"{azurite.blob_endpoint}/{APP_ACCOUNT}/mine/a",
        f"{azurite.queue_endpoint}/{APP_ACCOUNT}/mine/messages",
    ):
        headers = {"Authorization": "Bearer e30.e30.e30", "x-ms-version": "2023-11-03"}

        response = requests.get(url, headers=headers, verify=azurite.settings["REQUESTS_CA_BUNDLE"], timeout=10)

        assert (response.status_code, response.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
        challenge = response.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer authorization_uri=https://login.microsoftonline.com/")
        assert challenge.endswith(" resource_id=https://storage.azure.com")


def test_a_blob_is_written_once_under_a_condition(azurite: RunningAzurite) -> None:
    with container(azurite) as created:
        created.upload_blob("packages/abc", CONTENT)

        with pytest.raises(ResourceExistsError):
            created.upload_blob("packages/abc", CONTENT)


def test_a_user_delegation_sas_reads(azurite: RunningAzurite) -> None:
    url = signed_url(azurite)

    response = get(azurite, url)

    assert (response.status_code, response.content) == (200, CONTENT)


def test_a_read_only_sas_does_not_write(azurite: RunningAzurite) -> None:
    url = signed_url(azurite)

    response = requests.put(
        url,
        data=b"other",
        headers={"x-ms-blob-type": "BlockBlob"},
        verify=azurite.settings["REQUESTS_CA_BUNDLE"],
        timeout=10,
    )

    assert response.status_code == 403


def test_an_expired_sas_is_refused(azurite: RunningAzurite) -> None:
    url = signed_url(azurite, ends_in=-HOUR)

    response = get(azurite, url)

    assert response.status_code == 403


def test_a_sas_is_refused_for_another_blob(azurite: RunningAzurite) -> None:
    url = signed_url(azurite)

    response = get(azurite, url.replace("web.json", "api.json"))

    assert response.status_code == 403


def test_a_sas_with_more_rights_than_were_signed_is_refused(azurite: RunningAzurite) -> None:
    url = signed_url(azurite)

    response = get(azurite, url.replace("sp=r&", "sp=rw&"))

    assert response.status_code == 403


def test_there_is_no_plain_http(azurite: RunningAzurite) -> None:
    url = signed_url(azurite).replace("https://", "http://", 1)

    with pytest.raises(requests.ConnectionError):
        get(azurite, url)


def test_an_account_that_is_provisioned_while_azurite_runs_works_at_once(azurite: RunningAzurite) -> None:
    name = f"st{uuid.uuid4().hex[:20]}"
    file = azurite.foundation.accounts_file
    write_accounts(file, {**json.loads(file.read_text()), name: new_key()})

    with container(azurite, name) as created:
        created.upload_blob("a", CONTENT)

        assert [blob.name for blob in created.list_blobs()] == ["a"]


def test_an_account_that_nobody_provisioned_is_not_found(azurite: RunningAzurite) -> None:
    with blob_service(azurite, "nobody") as service, pytest.raises(HttpResponseError) as refused:
        service.create_container("abc")

    assert refused.value.status_code == 404


def test_a_queue_works_with_the_connection_string_of_the_host(azurite: RunningAzurite) -> None:
    with (
        azurite.use_environment(),
        QueueClient.from_connection_string(azurite.settings["AzureWebJobsStorage"], f"q{uuid.uuid4().hex}") as queue,
    ):
        queue.create_queue()
        queue.send_message("start")

        assert [message.content for message in queue.receive_messages()] == ["start"]


def test_the_access_log_has_the_requests_and_no_signature(azurite: RunningAzurite) -> None:
    url = signed_url(azurite)
    get(azurite, url)
    signature = url.split("sig=")[1].split("&")[0]

    log = (azurite.foundation.state / "logs" / "azurite.log").read_text()

    assert "sig=REDACTED" in log
    assert signature not in log
