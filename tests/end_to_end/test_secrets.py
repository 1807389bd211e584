"""The secrets that a run really used are nowhere but where they belong.

A stack of its own deploys a bundle with a package by SAS, a linked template, secure parameters and secure outputs; then
one whose templates are looked ahead at, sent in the request of a root, and checked, with somebody told of it; and looks
at what mode Complete would do to that. Its identity and ARM write down the tokens and signatures they saw
(emulator.witness); storage keys are those that ARM made. Then every log, the host's SQLite, and all blobs and queues
are searched.
"""

import base64
import json
import re
import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from armature.azure.services import services
from armature.preview.secrets import HIDDEN
from armature.settings import load_settings
from emulator.processes import free_port
from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.https_server import Page, served
from tests.end_to_end.receiver import receiver
from tests.running import APPROVALS, NOTIFICATION_KEY, ROOT, environment_of
from tests.waiting import wait_until

pytestmark = pytest.mark.long

SECRET_OUTPUT = "correct-horse-battery-staple-4711"
SECRET_SETTING = "correct-horse-battery-staple-4712"
SECRET_BODY = "correct-horse-battery-staple-4713"
SECRET_ADDRESS = "correct-horse-battery-staple-4714"
ACCOUNT = "stsecretsofarun"


def storage_and_outputs(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A storage account; its key and a phrase as secure outputs, and one output that is not secret."""
    storage = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-05-01",
        "name": name,
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {},
    }
    keys = f"[listKeys(resourceId('Microsoft.Storage/storageAccounts', '{name}'), '2023-05-01').keys[0].value]"
    outputs = {
        "key": {"type": "securestring", "value": keys},
        "phrase": {"type": "securestring", "value": _unwritten(SECRET_OUTPUT)},
        "plain": {"type": "string", "value": "nothing to hide"},
    }
    return storage, outputs


def _unwritten(secret: str) -> str:
    """An expression for it, so that it stands in no file of a bundle."""
    return f"[replace('{secret.replace('-', '_')}', '_', '-')]"


def linking(name: str) -> dict[str, Any]:
    """A deployment of a linked template."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": {"mode": "Incremental", "templateLink": {"relativePath": "linked.json"}},
    }


def site(account: str) -> list[dict[str, Any]]:
    """An app with a secret, and a key that Azure gives, among its settings; and its plan."""
    key = f"listKeys(resourceId('Microsoft.Storage/storageAccounts', '{account}'), '2023-05-01').keys[0].value"
    settings = [
        {"name": "PHRASE", "value": _unwritten(SECRET_SETTING)},
        {"name": "STORAGE", "value": f"[concat('DefaultEndpointsProtocol=https;AccountKey=', {key})]"},
    ]
    plan = {"type": "Microsoft.Web/serverfarms", "name": "plan-secrets", "sku": {"name": "B1"}, "properties": {}}
    app = {
        "type": "Microsoft.Web/sites",
        "name": "app-secrets-of-a-run",
        "kind": "app",
        "dependsOn": ["plan-secrets", f"[resourceId('Microsoft.Storage/storageAccounts', '{account}')]"],
        "properties": {
            "serverFarmId": "[resourceId('Microsoft.Web/serverfarms', 'plan-secrets')]",
            "siteConfig": {"appSettings": settings},
        },
    }
    return [{"apiVersion": "2023-12-01", "location": LOCATION, **one} for one in (plan, app)]


def bundle(project: str, account: str, *more: dict[str, Any], **parts: Any) -> bytes:
    storage, outputs = storage_and_outputs(account)
    first = template([storage, linking(f"{project}-linked"), *more], outputs)
    second = template(
        [workspace(f"log-{project}")],
        parameters={"package": {"type": "securestring"}, "plain": {"type": "string"}},
    )
    items = [
        {"name": "first", "path": "first.json"},
        {
            "name": "second",
            "path": "second.json",
            "parameters": {"package": {"package": "code"}, "plain": {"output": "first.plain"}},
        },
    ]
    packages = {"packages": [{"name": "code", "path": "code.zip"}]}
    return zipped(
        {
            "manifest.json": manifest(project, items, **packages, **parts),
            "first.json": first,
            "linked.json": template([workspace(f"log-{project}-linked")]),
            "second.json": second,
            "code.zip": zipped({"host.json": {}}),
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Iterator[tuple[Stack, Path, list[str]]]:
    """A finished run: the stack, the file of what its services saw, and the upload address that its caller used."""
    witness = tmp_path_factory.mktemp("witness") / "secrets.txt"
    options = StackOptions(
        state=tmp_path_factory.mktemp("secrets"),
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.01,
        extra_settings={
            **APPROVALS,
            "ARMATURE_POLL_INTERVAL_SECONDS": "0.2",
            "ARMATURE_ENDPOINT_ALLOWED_NETWORKS": "127.0.0.0/8",
            "ARMATURE_NOTIFICATION_URL": f"https://127.0.0.1:{free_port()}/{SECRET_ADDRESS}?token={SECRET_ADDRESS}",
        },
        witness=witness,
    )
    with Stack(options) as stack:
        caller = Caller(stack)
        upload = caller.session.post(f"{caller.api}/bundles", timeout=30).json()
        put = requests.put(
            upload["uploadUrl"],
            data=bundle("secrets", ACCOUNT),
            headers={"x-ms-blob-type": "BlockBlob"},
            verify=stack.app_settings["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        assert put.status_code == 201, put.text
        request = {"bundle": {"id": upload["bundleId"]}, "target": {"subscription": SUBSCRIPTION}}
        state = caller.ended(caller.post(request).json()["deploymentId"])
        assert state["status"] == "completed", state
        broken = {**request, "bundle": {"id": "bundle-nowhere"}}
        ended = caller.ended(caller.post(broken).json()["deploymentId"])["deploymentId"]
        told = {"comment": f"see {upload['uploadUrl']}"}
        assert caller.session.post(f"{caller.api}/deployments/{ended}/cancel", json=told, timeout=30).status_code == 409
        deployed_again(stack, caller)
        yield stack, witness, [urllib.parse.parse_qs(urllib.parse.urlsplit(upload["uploadUrl"]).query)["sig"][0]]


def deployed_again(stack: Stack, caller: Caller) -> None:
    """Look ahead, deploy in the request of a root, check, tell; then look at what mode Complete would do."""
    account = f"{ACCOUNT}2"
    healthy = {"/healthz": Page([200], body=f'{{"status": "up", "secret": "{SECRET_BODY}"}}')}
    with served(stack, healthy) as health, receiver(stack.foundation.certificates) as told:
        endpoints = [{"uri": health.url("/healthz"), "matches": '"up"'}]
        again = bundle("secrets-again", account, *site(account), validation={"endpoints": endpoints})
        options = {"strategy": "root", "delivery": "inline"}
        state = caller.ended(caller.start(again, options=options, notificationUrl=told.url))
        look = caller.ended(caller.start(again, options={"mode": "Complete", "dryRun": True}))
        wait_until(lambda: told.kinds() == ["deploymentEnded"])
    assert state["status"] == look["status"] == "completed", (state, look)
    assert (state["validation"]["failed"], state["preview"]["creates"] > 0) == (0, True)
    assert look["preview"]["refused"] == []
    assert HIDDEN in caller.get(f"deployments/{state['deploymentId']}/preview?noise=true").text


def secrets_of(run) -> dict[str, set[str]]:
    """Every secret that the run used, by kind, in each spelling in which it could have been written."""
    stack, witness, uploads = run
    lines = [line.partition(" ")[::2] for line in witness.read_text().splitlines()]
    tokens = {value for kind, value in lines if kind == "token" and value}
    signatures = {urllib.parse.unquote(value) for kind, value in lines if kind == "signature"} | set(uploads)
    accounts = json.loads((stack.state / "accounts.json").read_text())
    return {
        "token": tokens,
        "signature": signatures | {urllib.parse.quote(value, safe="") for value in signatures},
        "secure output": {SECRET_OUTPUT, accounts[ACCOUNT]},
        "setting": {SECRET_SETTING},
        "answer of an endpoint": {SECRET_BODY},
        "address of a webhook": {SECRET_ADDRESS},
        "key of a webhook": {NOTIFICATION_KEY, NOTIFICATION_KEY.removeprefix("whsec_")},
        "account key": {key for name, key in accounts.items() if name != "devstoreaccount1"},
    }


def places(run) -> Iterator[tuple[str, str]]:
    """(where, text) of everything that a run leaves behind."""
    stack, _, _ = run
    for log in (stack.state / "logs").iterdir():
        yield f"log {log.name}", log.read_text(errors="replace")
    with sqlite3.connect(f"file:{stack.state / 'host.sqlite'}?mode=ro", uri=True) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            rows = connection.execute(f'select * from "{table}"').fetchall()
            yield f"SQLite {table}", "\n".join(str(row) for row in rows)
    with environment_of(stack.app_settings):
        load_settings.cache_clear()
        services.cache_clear()
        endpoint = stack.app_settings["ARMATURE_STORAGE_BLOB_ENDPOINT"]
        credential = services().credential
        for account in {endpoint, endpoint.replace("armatureapp", artifact_account(stack))}:
            blobs = BlobServiceClient(account, credential=credential)
            for container in blobs.list_containers():
                for blob in blobs.get_container_client(container.name).list_blobs(include=["metadata"]):
                    content = blobs.get_blob_client(container.name, blob.name).download_blob().readall()
                    yield f"blob {container.name}/{blob.name}", content.decode("latin1") + str(blob.metadata)
        queues = QueueServiceClient.from_connection_string(stack.app_settings["AzureWebJobsStorage"])
        for queue in queues.list_queues():
            for message in queues.get_queue_client(queue.name).peek_messages(32):
                text = message.content
                yield f"queue {queue.name}", text + base64.b64decode(text).decode("latin1")
    load_settings.cache_clear()
    services.cache_clear()


def artifact_account(stack: Stack) -> str:
    accounts = json.loads((stack.state / "accounts.json").read_text())
    return next(name for name in accounts if name.startswith("arm") and name != "armatureapp")


def test_the_run_used_secrets_of_every_kind(run, figures):
    found = secrets_of(run)

    figures(", ".join(f"{len(values)} of kind {kind}" for kind, values in found.items()))
    assert len(found["token"]) >= 2
    assert len(found["signature"]) >= 3
    assert len(found["secure output"]) == 2
    assert len(found["account key"]) >= 2


def test_none_of_them_is_in_a_log_the_database_a_blob_or_a_queue(run, figures):
    secrets = secrets_of(run)
    searched, leaks = [], []

    for where, text in places(run):
        searched.append(where)
        leaks += [(where, kind) for kind, values in secrets.items() for value in values if value in text]

    figures(f"{len(searched)} places searched for {sum(map(len, secrets.values()))} secrets: {len(leaks)} leaks")
    assert leaks == []
    assert {place.split(" ")[0] for place in searched} == {"log", "SQLite", "blob", "queue"}
    assert any("state/" in place for place in searched)
    for folder in ("events/", "previews/", "checks/", "cleanup/", "trail/"):
        assert any(folder in place for place in searched), folder


def test_nothing_that_looks_like_a_token_or_a_signature_is_there_either(run):
    patterns = [re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\."), re.compile(r"[?&]sig=[A-Za-z0-9%/+]{20,}")]

    assert [where for where, text in places(run) if any(pattern.search(text) for pattern in patterns)] == []
