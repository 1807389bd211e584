"""Deployments onto a site from a URL: `extensions/onedeploy`, `ZipDeploy` and `MSDeploy`.

The package is fetched and looked into before the deployment succeeds; on Flex Consumption it is put into the app's
deployment container as well. Source: https://learn.microsoft.com/azure/azure-functions/functions-infrastructure-as-code
and https://learn.microsoft.com/azure/app-service/deploy-zip (deploy from a URL through ARM), 2025.
"""

import uuid
from typing import Any

from emulator.arm.behaviours.generic import Behaviour, Surroundings
from emulator.arm.behaviours.rules import value_at
from emulator.arm.behaviours.web import flex, packages
from emulator.arm.behaviours.web.contents import NotAPackageError, read_package
from emulator.arm.behaviours.web.download import DownloadError, fetched, principal_of, upload
from emulator.arm.behaviours.web.errors import web_error
from emulator.arm.behaviours.web.settings import site_of
from emulator.arm.clock import now, timestamp
from emulator.arm.errors import ArmError
from emulator.arm.state import Resource

_KINDS = ("onedeploy", "zipdeploy", "msdeploy")


def _uri(resource: Resource) -> str:
    return str(resource.properties.get("packageUri") or "")


def _check(resource: Resource, surroundings: Surroundings) -> None:
    if resource.id.last_name.lower() not in _KINDS:
        message = f"The extension '{resource.id.last_name}' is not one of {', '.join(_KINDS)}."
        raise web_error(404, "NotFound", message)
    site = site_of(resource, surroundings)
    if site is not None and flex.is_flex(site, surroundings) and resource.id.last_name.lower() != "onedeploy":
        message = "Flex Consumption does not support zip deployment. Use onedeploy."  # our own words for Azure's fact
        raise web_error(400, "BadRequest", message)
    if not _uri(resource).lower().startswith(("https://", "http://")):
        raise web_error(400, "BadRequest", "The parameter packageUri has an invalid value.")


async def _deploy(resource: Resource, surroundings: Surroundings) -> None:
    site, outside = site_of(resource, surroundings), surroundings.outside
    if site is None or outside is None:
        return
    storage = value_at(site.properties, "functionAppConfig.deployment.storage") or {}
    principal = principal_of(site, packages.deployment_identity(storage))
    try:
        async with fetched(_uri(resource), site, principal, surroundings, outside) as file:
            functions = await read_package(file)
            if release := packages.wanted(site) if storage.get("value") else None:
                await upload(release.url, file, site, principal, surroundings, outside)
    except (DownloadError, NotAPackageError) as failure:
        raise _failed(str(failure)) from failure
    if release:
        packages.reload(site, surroundings)
    else:
        packages.deployed(site, functions, surroundings)


def _failed(reason: str) -> ArmError:
    return ArmError(
        409,
        "ResourceDeploymentFailure",
        "The resource operation completed with terminal provisioning state 'failed'.",
        details=[{"code": "Failed", "message": f"Package deployment failed: {reason}"}],
    )


def _provision(resource: Resource, surroundings: Surroundings) -> None:
    """The URL may hold a signature: it is not told again."""
    moment = timestamp(now())
    done: dict[str, Any] = {"deployer": resource.id.last_name, "startTime": moment, "endTime": moment, "complete": True}
    resource.document["properties"] = done | {"id": uuid.uuid4().hex, "status": 4}


_EXTENSION = Behaviour(seconds=20, check=_check, work=_deploy, provision=_provision)
BEHAVIOURS = {f"Microsoft.Web/{kind}/extensions": _EXTENSION for kind in ("sites", "sites/slots")}
