"""Who is calling, where the platform's own authentication is on: else anybody could say that they are anybody."""

import os
from collections.abc import Mapping

from armature.callers import Caller, caller_in
from armature.settings import load_settings

PLATFORM_AUTHENTICATES = "WEBSITE_AUTH_ENABLED"
"""Set by App Service, read-only: whether its authentication is enabled (Environment variables and app settings in Azure
App Service, 2025). While it is not, nothing strips the headers from what callers send."""


def caller_of(headers: Mapping[str, str]) -> Caller | None:
    """The caller that the platform vouches for; None when it vouches for nobody, whatever the headers say."""
    trusted = load_settings().trust_client_principal
    if trusted is None:
        trusted = os.environ.get(PLATFORM_AUTHENTICATES, "").lower() == "true"
    return caller_in(headers) if trusted else None


def caller_name(headers: Mapping[str, str]) -> str | None:
    """What people know the caller by, or None."""
    caller = caller_of(headers)
    return caller.shown if caller else None
