"""Starting the emulated ARM and a template server in a test, and talking to them through the real Azure SDKs."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.mgmt.resource.deployments.aio import DeploymentsMgmtClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from emulator.arm.addresses import list_at, resource_at
from emulator.arm.catalogue import find_type
from emulator.arm.server import serve
from emulator.arm.settings import DEFAULT_SUBSCRIPTION, DEFAULT_TENANT, ArmSettings
from emulator.certificates import Certificates
from emulator.clouds import PUBLIC, Cloud

SUBSCRIPTION = DEFAULT_SUBSCRIPTION
GROUP_PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
API_VERSION = "2022-09-01"


def served(resource_type: str, version: str) -> str:
    """`version` when the type is served in it, else the newest version that is no preview."""
    known = find_type(resource_type)
    if known is None or version in known.api_versions:
        return version
    return next((v for v in known.api_versions if not v.endswith("-preview")), known.api_versions[0])


def version_of(path: str) -> str:
    """An api-version for a path: the usual one where the resource, list or action that it names is served in it."""
    resource_id = resource_at(path)
    if resource_id is None and (address := list_at(path)):
        resource_id = address.id if address.id.parts and find_type(address.type) is None else None
        return served(resource_id.type if resource_id else address.type, API_VERSION)
    if resource_id and find_type(resource_id.type) is None and resource_id.parent:
        resource_id = resource_id.parent
    return served(resource_id.type, API_VERSION) if resource_id else API_VERSION


def token(certificates: Certificates, **claims: Any) -> str:
    """A signed access token; `claims` replace the usual ones."""
    usual = {"aud": PUBLIC.resource_manager, "tid": DEFAULT_TENANT, "oid": "someone", "exp": int(time.time()) + 3600}
    return jwt.encode(usual | claims, _signing_key(certificates.token_key), algorithm="RS256")


@cache
def _signing_key(file: Path) -> RSAPrivateKey:
    """The key of a file, which takes longer to read than a token to sign."""
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


@dataclass
class StaticCredential:
    """A token that was made before."""

    value: str

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self.value, int(time.time()) + 3600)

    async def get_token_info(self, *_: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        return AccessTokenInfo(self.value, int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> "StaticCredential":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


@dataclass
class Arm:
    """A running ARM with its clients."""

    url: str
    folder: Path
    certificates: Certificates
    deployments_client: DeploymentsMgmtClient
    groups: ResourceManagementClient
    http: aiohttp.ClientSession

    @property
    def deployments(self) -> Any:
        return self.deployments_client.deployments

    @property
    def operations(self) -> Any:
        return self.deployments_client.deployment_operations

    async def request(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and parsed body of a request beside the SDKs."""
        parameters = {"api-version": version_of(path)} | options.pop("params", {})
        async with self.http.request(method, self.url + path, json=body, params=parameters, **options) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def deploy(self, template: dict[str, Any] | None = None, *, name: str = "main", **properties: Any) -> Any:
        """Deploy into `rg`, wait for the end and return the deployment, whether it failed or not."""
        parameters = {key: {"value": value} for key, value in properties.pop("parameters", {}).items()}
        content = {"mode": "Incremental", "parameters": parameters} | properties
        body = {"properties": content | ({"template": template} if template is not None else {})}
        status, answer = await self.request(
            "PUT", f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/{name}", body
        )
        assert status in (200, 201), answer
        return await self.ended(f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/{name}")

    async def ended(self, path: str) -> Any:
        """The deployment once it has ended."""
        while True:
            _, deployment = await self.request("GET", path)
            if deployment["properties"]["provisioningState"] in ("Succeeded", "Failed", "Canceled"):
                return deployment

    async def operations_of(self, name: str = "main") -> list[dict[str, Any]]:
        """The properties of the operations of a deployment in `rg`, in the order in which they began."""
        path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/{name}/operations"
        _, answer = await self.request("GET", path)
        return [operation["properties"] for operation in answer["value"]]


@asynccontextmanager
async def running_arm(
    certificates: Certificates,
    folder: Path,
    *,
    scale: float = 0,
    accounts: Path | None = None,
    blob: str = "https://127.0.0.1:1",
    throttle: bool = False,
    faults: Path | None = None,
    cloud: Cloud = PUBLIC,
) -> AsyncIterator[Arm]:
    """An ARM of a cloud on a free port."""
    settings = ArmSettings(
        token_key=certificates.token_public_key,
        accounts=accounts or folder / "accounts.json",
        blob_endpoint=blob,
        certificate=certificates.server,
        private_key=certificates.server_key,
        certificate_authority=certificates.authority,
        scale=scale,
        principal="someone",
        log=folder / "requests.log",
        database=folder / "arm.sqlite",
        throttle=throttle,
        faults=faults,
        cloud=cloud,
    )
    trust = str(certificates.authority)
    value = token(certificates, aud=cloud.resource_manager)
    async with serve(settings) as port:
        url = f"https://127.0.0.1:{port}"
        options: dict[str, Any] = {
            "base_url": url,
            "connection_verify": trust,
            "polling_interval": 0.02,
            "retry_total": 0,
            "credential_scopes": [f"{cloud.resource_manager}/.default"],
        }
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=trust))
        async with (
            DeploymentsMgmtClient(StaticCredential(value), SUBSCRIPTION, **options) as deployments,
            ResourceManagementClient(StaticCredential(value), SUBSCRIPTION, **options) as groups,
            aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {value}"}) as http,
        ):
            yield Arm(url, folder, certificates, deployments, groups, http)


def arm_command(certificates: Certificates, folder: Path, *, port: int = 0, scale: float = 0) -> list[str]:
    """How the process is started; its files are in `folder`."""
    command = [sys.executable, "-m", "emulator.arm", "--port", str(port), "--scale", str(scale), "--no-throttle"]
    command += ["--certificate", str(certificates.server), "--private-key", str(certificates.server_key)]
    command += ["--ca", str(certificates.authority), "--token-key", str(certificates.token_public_key)]
    command += ["--accounts", str(folder / "accounts.json"), "--blob-endpoint", "https://127.0.0.1:1"]
    command += ["--principal", "someone"]
    return [*command, "--log", str(folder / "requests.log"), "--database", str(folder / "arm.sqlite")]


@dataclass
class TemplateServer:
    """Serves `files` by path to who knows the query `sig=right`, while it `is_open`."""

    url: str = ""
    files: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        await self.is_open.wait()
        if request.query.get("sig") != "right":
            return web.Response(status=403)
        if request.path not in self.files:
            return web.Response(status=404)
        content = self.files[request.path]
        return web.Response(body=content if isinstance(content, bytes) else json.dumps(content).encode())


@asynccontextmanager
async def serving_templates(certificates: Certificates) -> AsyncIterator[TemplateServer]:
    """An HTTPS server for linked templates on a free port."""
    server = TemplateServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server, certificates.server_key)
    application = web.Application()
    application.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    server.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def template(*resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A deployment template."""
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources)} | sections


def resource(name: str, kind: str = "Microsoft.Contoso/things", **rest: Any) -> dict[str, Any]:
    """A resource of a template, by default of a type that nobody described."""
    version = served(kind, "2024-01-01")
    return {"type": kind, "apiVersion": version, "name": name, "location": "eastus2"} | rest


def storage(name: str = "stcontoso", **rest: Any) -> dict[str, Any]:
    """A storage account."""
    account = resource(name, "Microsoft.Storage/storageAccounts", sku={"name": "Standard_LRS"}, **rest)
    return account | {"kind": "StorageV2"}


def failing(name: str = "not-valid", **rest: Any) -> dict[str, Any]:
    """A resource that its provider refuses when its turn comes, with 400 InvalidRoleAssignmentId."""
    role = "[resourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')]"
    properties = {"roleDefinitionId": role, "principalId": "99999999-0000-0000-0000-000000000009"}
    return resource(name, "Microsoft.Authorization/roleAssignments", properties=properties, **rest)


def nested(name: str, content: dict[str, Any], *, scope: str = "inner", **rest: Any) -> dict[str, Any]:
    """A nested deployment; `parameters` of `rest` go into its properties, the rest beside them."""
    properties = {"mode": "Incremental", "expressionEvaluationOptions": {"scope": scope}, "template": content}
    properties |= {"parameters": rest.pop("parameters")} if "parameters" in rest else {}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": properties,
    } | rest


def linked(name: str, link: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A linked deployment."""
    properties = {"mode": "Incremental", "templateLink": link}
    properties |= {"parameters": rest.pop("parameters")} if "parameters" in rest else {}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": properties,
    } | rest
