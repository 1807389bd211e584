"""From the words on the command line to the request that the API gets. Only what was asked for is sent."""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pydantic

from armature.cli.exits import CommandError, ExitCode
from armature.request import MAX_ID_CHARACTERS, DeploymentRequest
from armature.shape import words_of

NOT_STORED_YET = {"id": "not-stored-yet"}
"""Stands for the bundle's id while the bundle is checked here, before the API has given it one."""

SUBSCRIPTION_VARIABLES = ("ARMATURE_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID")

_NOT_IN_AN_ID = re.compile(r"[^a-z0-9]+")
_SLUG_CHARACTERS = 20


@dataclass(frozen=True)
class Wanted:
    """What the options of `deploy` and `bundle validate` say; None or empty where nothing was said."""

    target: str | None = None
    subscription: str | None = None
    resource_group: str | None = None
    management_group: str | None = None
    location: str | None = None
    tenant: str | None = None
    stack_resource_groups: Sequence[str] = ()
    project: str | None = None
    environment: str | None = None
    tags: Sequence[str] = ()
    deployment_id: str | None = None
    notification_url: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def usage_error(message: str, next_step: str = "") -> CommandError:
    """The error of a command line that can't be understood."""
    return CommandError(ExitCode.USAGE, message, next_step)


def has_target(wanted: Wanted) -> bool:
    """True when there is a subscription to deploy to."""
    return bool(wanted.target or wanted.subscription or _default_subscription())


def request_from(wanted: Wanted, bundle: dict[str, str]) -> DeploymentRequest:
    """The request; fields that nobody asked for stay unset, so that the app's own defaults hold.

    Raises:
        CommandError: there is no subscription, an option contradicts another or does not have the right form.
    """
    body = _without_empty(
        {
            "bundle": bundle,
            "target": _target(wanted),
            "options": _without_empty({**wanted.options, "tags": _pairs(wanted.tags, "--tag", "NAME=VALUE")}),
            "deploymentId": wanted.deployment_id,
            "project": wanted.project,
            "environment": wanted.environment,
            "notificationUrl": wanted.notification_url,
        }
    )
    try:
        return DeploymentRequest.model_validate(body)
    except pydantic.ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'request'} {words_of(each)}." for each in error.errors()]
        raise usage_error("The request is not valid.\n" + "\n".join(f"  {fault}" for fault in faults)) from error


def retry_policy(
    max_attempts: int | None, first_interval_seconds: float | None, backoff_multiplier: float | None
) -> dict[str, float]:
    """The option `retryPolicy`, with what was asked for of it."""
    return _without_empty(
        {
            "maxAttempts": max_attempts,
            "firstIntervalSeconds": first_interval_seconds,
            "backoffMultiplier": backoff_multiplier,
        }
    )


def body_of(request: DeploymentRequest) -> dict[str, Any]:
    """The JSON to send: what is set, and no default."""
    return request.model_dump(mode="json", by_alias=True, exclude_unset=True)


def new_deployment_id(bundle_name: str, now: datetime, room: int = MAX_ID_CHARACTERS) -> str:
    """An id that says which bundle and when, with 4 random digits: `web-stack-20261124-0915-3fa2`. It has at most
    `room` characters, which are 25 at least.

    The command makes it, not the API, so that a start request whose answer was lost can be repeated.
    """
    when = f"-{now:%Y%m%d-%H%M}-{secrets.token_hex(2)}"
    most = min(_SLUG_CHARACTERS, room - len(when))
    slug = _NOT_IN_AN_ID.sub("-", bundle_name.lower()).strip("-")[:most].strip("-") or "bundle"
    return f"{slug}{when}"


def _target(wanted: Wanted) -> dict[str, Any]:
    subscription, _, group = (wanted.target or "").partition("/")
    if subscription and wanted.subscription and subscription != wanted.subscription:
        raise usage_error("--target and --subscription name different subscriptions.", "Give one of them.")
    if group and wanted.resource_group and group != wanted.resource_group:
        raise usage_error("--target and --resource-group name different groups.", "Give one of them.")
    chosen = subscription or wanted.subscription or _default_subscription()
    if not chosen:
        raise usage_error(
            "There is no subscription to deploy to.", "Give --subscription or --target, or set ARMATURE_SUBSCRIPTION."
        )
    return _without_empty(
        {
            "subscription": chosen,
            "resourceGroup": group or wanted.resource_group,
            "managementGroup": wanted.management_group,
            "location": wanted.location,
            "tenant": wanted.tenant,
            "resourceGroups": _stack_groups(wanted.stack_resource_groups),
        }
    )


def _default_subscription() -> str | None:
    """What the environment says, where the command line says nothing."""
    return next(filter(None, map(os.environ.get, SUBSCRIPTION_VARIABLES)), None)


def _stack_groups(pairs: Sequence[str]) -> dict[str, str]:
    return _pairs(pairs, "--stack-resource-group", "STACK=GROUP")


def _pairs(pairs: Sequence[str], option: str, form: str) -> dict[str, str]:
    """What an option that may be repeated says; a value may be empty, and hold a `=`."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise usage_error(f"{option} {pair!r} is not of the form {form}.")
        if name in found:
            raise usage_error(f"{option} names {name!r} twice.", "Give each once.")
        found[name] = value
    return found


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != {}}
