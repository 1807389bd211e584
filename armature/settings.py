"""The settings of the app: read once from the environment into one typed object.

`python -m armature.settings` prints docs/settings.md, so that the page can't disagree with the code.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from armature.approval import is_target_pattern
from armature.checks.declared import MAX_WARM_UP_SECONDS
from armature.options import Options, RetryPolicy
from armature.outbound import OutboundError, networks_of, target_of

_HTTPS = re.compile(r"https://[^\s/?#@]+(/[^\s?#]*)?")
_GIB = 1024**3


def _https_url(value: str) -> str:
    if not _HTTPS.fullmatch(value):
        raise ValueError("must be an https:// address without a user and a query string")
    return value.rstrip("/")


HttpsUrl = Annotated[str, AfterValidator(_https_url)]


def _setting(name: str, description: str, default: Any = ..., **limits: Any) -> Any:
    return Field(default, validation_alias=name, description=description, **limits)


class Settings(BaseSettings):
    """What the operator of the app decides. Every field says its environment variable, meaning and unit."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    azure_cloud: str = _setting(
        "AZURE_CLOUD",
        "The cloud the app runs in: `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or another name (`custom`) "
        "whose endpoints come from the settings below and, where they leave one out, from the metadata of the ARM at "
        "`ARMATURE_ARM_ENDPOINT`. A manifest's `cloud` must equal it.",
        "AzureCloud",
    )
    azure_client_id: str | None = _setting(
        "AZURE_CLIENT_ID",
        "Client id of the user-assigned managed identity the app acts as; unset for the system-assigned one.",
        None,
    )
    arm_endpoint: HttpsUrl | None = _setting(
        "ARMATURE_ARM_ENDPOINT", "Azure Resource Manager's address, in place of the cloud's own.", None
    )
    arm_audience: HttpsUrl | None = _setting(
        "ARMATURE_ARM_AUDIENCE", "The resource that tokens for ARM are asked for, in place of the cloud's own.", None
    )
    authority_host: HttpsUrl | None = _setting(
        "ARMATURE_AUTHORITY_HOST", "Microsoft Entra's address, in place of the cloud's own.", None
    )
    storage_suffix: str | None = _setting(
        "ARMATURE_STORAGE_SUFFIX", "DNS suffix of storage accounts, without a leading dot.", None
    )
    key_vault_suffix: str | None = _setting(
        "ARMATURE_KEY_VAULT_SUFFIX", "DNS suffix of key vaults, without a leading dot.", None
    )
    portal_url: HttpsUrl | None = _setting(
        "ARMATURE_PORTAL_URL", "The portal that links to deployments open, in place of the cloud's own.", None
    )
    storage_blob_endpoint: HttpsUrl = _setting(
        "ARMATURE_STORAGE_BLOB_ENDPOINT",
        "Blob endpoint of the app's own storage account: bundles, state, events, plans, locks.",
    )
    default_location: str | None = _setting(
        "ARMATURE_DEFAULT_LOCATION", "The region used when neither the request nor the manifest names one.", None
    )
    max_concurrency: int = _setting(
        "ARMATURE_MAX_CONCURRENCY",
        "Templates, or uploads, in flight at once when the request does not say.",
        5,
        ge=1,
        le=50,
    )
    poll_interval_seconds: float = _setting(
        "ARMATURE_POLL_INTERVAL_SECONDS", "Seconds between two looks at ARM.", 5, ge=0.1, le=300
    )
    retry_max_attempts: int = _setting(
        "ARMATURE_RETRY_MAX_ATTEMPTS",
        "Attempts in all for a passing failure, the first included.",
        3,
        ge=1,
        le=10,
    )
    retry_backoff_multiplier: float = _setting(
        "ARMATURE_RETRY_BACKOFF_MULTIPLIER", "Factor between one wait and the next.", 2, ge=1, le=10
    )
    retry_first_interval_seconds: float = _setting(
        "ARMATURE_RETRY_FIRST_INTERVAL_SECONDS", "Seconds before the second attempt.", 5, gt=0, le=300
    )
    timeout_minutes: float = _setting(
        "ARMATURE_TIMEOUT_MINUTES",
        "Minutes until a deployment is given up, when the request does not say.",
        240,
        gt=0,
        le=10080,
    )
    rollback_on_failure: bool = _setting(
        "ARMATURE_ROLLBACK_ON_FAILURE",
        "Whether a deployment that fails, is cancelled or times out is rolled back, when the request does not say.",
        True,
    )
    approval_timeout_minutes: float = _setting(
        "ARMATURE_APPROVAL_TIMEOUT_MINUTES",
        "Minutes for which a deployment waits for approval; then it is cancelled.",
        1440,
        gt=0,
        le=43200,
    )
    preview_before_deploying: bool = _setting(
        "ARMATURE_PREVIEW_BEFORE_DEPLOYING",
        "Whether a deployment without `force` asks Azure first what would change, and waits for approval when "
        "something would be deleted or replaced.",
        True,
    )
    protected_targets: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_PROTECTED_TARGETS",
        "Resource ids of subscriptions, resource groups and management groups, separated by commas, `*` for any part "
        "of a name: what is deployed there without `force` waits for approval.",
        (),
    )
    approver_roles: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_APPROVER_ROLES",
        "App roles, separated by commas, of which a caller needs one to approve or reject. Unset: whoever may call the "
        "API may.",
        (),
    )
    force_roles: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_FORCE_ROLES",
        "App roles, separated by commas, of which a caller needs one to deploy with `force`, which asks nobody. Unset: "
        "whoever may call the API may.",
        (),
    )
    initiator_may_approve: bool = _setting(
        "ARMATURE_INITIATOR_MAY_APPROVE",
        "Whether who asked for a deployment may also approve it. When not, both must be known to the app by their "
        "object ids.",
        True,
    )
    queue_may_approve: bool = _setting(
        "ARMATURE_QUEUE_MAY_APPROVE",
        "Whether queue messages may approve and reject. Nobody vouches for who sent one, so they never may where roles "
        "are required or the initiator may not approve.",
        False,
    )
    rollback_roles: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_ROLLBACK_ROLES",
        "App roles, separated by commas, of which a caller needs one to ask for a rollback. Unset: whoever may call "
        "the API may.",
        (),
    )
    trust_client_principal: bool | None = _setting(
        "ARMATURE_TRUST_CLIENT_PRINCIPAL",
        "Whether the headers `X-MS-CLIENT-PRINCIPAL…` are believed. Unset: when the platform's own authentication is "
        "on (`WEBSITE_AUTH_ENABLED`), which strips what callers send. `true` only behind something else that does.",
        None,
    )
    notification_url: SecretStr | None = _setting(
        "ARMATURE_NOTIFICATION_URL",
        "https address that is told of every approval that is asked for or decided, and of every end of a deployment.",
        None,
    )
    notification_key: SecretStr | None = _setting(
        "ARMATURE_NOTIFICATION_KEY",
        "Signs what is told: `whsec_` and the Base64 of 24 to 64 random bytes. A Key Vault reference, best.",
        None,
    )
    notification_hosts: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_NOTIFICATION_HOSTS",
        "Hosts, separated by commas, `*.` for any below a domain, that a request's `notificationUrl` may name.",
        (),
    )
    notification_networks: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_NOTIFICATION_NETWORKS",
        "Networks such as `10.1.0.0/16`, separated by commas, in which addresses to notify may lie besides the public "
        "internet.",
        (),
    )
    drift_nightly: bool = _setting(
        "ARMATURE_DRIFT_NIGHTLY",
        "Whether the app looks every night at each lineage, whether what it has deployed is still so.",
        False,
    )
    retention_days: float = _setting(
        "ARMATURE_RETENTION_DAYS",
        "Days for which a deployment is kept after its last change; then it is removed unless something needs it.",
        30,
        ge=0,
        le=3650,
    )
    retention_keep_completed: int = _setting(
        "ARMATURE_RETENTION_KEEP_COMPLETED",
        "Completed deployments of each lineage that are kept however old they are.",
        5,
        ge=1,
        le=100,
    )
    retention_dry_run: bool = _setting(
        "ARMATURE_RETENTION_DRY_RUN",
        "Whether retention only tells what it would remove, by night and when the request does not say.",
        False,
    )
    artifacts_public_access: Literal["Enabled", "Disabled"] = _setting(
        "ARMATURE_ARTIFACTS_PUBLIC_ACCESS",
        "Whether an artifact storage account that Armature makes can be reached from public networks: `Enabled`, or "
        "`Disabled`. The app then needs a private endpoint to it, and sends templates in the body of its requests. One "
        "that is there is used as it is.",
        "Enabled",
    )
    validation_warm_up_seconds: int = _setting(
        "ARMATURE_VALIDATION_WARM_UP_SECONDS",
        "Seconds for which a check after the deployment that is not good yet is made again, when the manifest does not "
        "say.",
        300,
        ge=0,
        le=MAX_WARM_UP_SECONDS,
    )
    endpoint_timeout_seconds: float = _setting(
        "ARMATURE_ENDPOINT_TIMEOUT_SECONDS",
        "Seconds for one answer of an endpoint that is checked, redirects included.",
        20,
        gt=0,
        le=60,
    )
    endpoint_slow_milliseconds: int = _setting(
        "ARMATURE_ENDPOINT_SLOW_MILLISECONDS",
        "Milliseconds after which an endpoint's answer is a warning, when the manifest does not say.",
        5000,
        ge=1,
    )
    endpoint_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_ENDPOINT_ALLOWED_HOSTS",
        "Hosts, separated by commas, `*.` for any below a domain, that alone may be checked as endpoints. Unset: any.",
        (),
    )
    endpoint_allowed_networks: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_ENDPOINT_ALLOWED_NETWORKS",
        "Networks such as `10.1.0.0/16`, separated by commas, in which endpoints that are checked may lie besides the "
        "public internet: for apps that are reached over the app's own network only.",
        (),
    )
    allowed_bundle_hosts: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_ALLOWED_BUNDLE_HOSTS",
        "Hosts, separated by commas, that a bundle `uri` may name besides the app's own storage account.",
        (),
    )
    allowed_template_hosts: Annotated[tuple[str, ...], NoDecode] = _setting(
        "ARMATURE_ALLOWED_TEMPLATE_HOSTS",
        "Hosts, separated by commas, that templates may link to besides the bundle. What is there is not checked.",
        (),
    )
    max_bundle_bytes: int = _setting(
        "ARMATURE_MAX_BUNDLE_BYTES", "Largest bundle, in bytes as it is stored.", 2 * _GIB, gt=0
    )
    max_entry_bytes: int = _setting(
        "ARMATURE_MAX_ENTRY_BYTES", "Largest file of a bundle, in bytes uncompressed.", 4 * _GIB, gt=0
    )
    max_bundle_uncompressed_bytes: int = _setting(
        "ARMATURE_MAX_BUNDLE_UNCOMPRESSED_BYTES",
        "All files of a bundle together, in bytes uncompressed.",
        8 * _GIB,
        gt=0,
    )
    max_compression_ratio: int = _setting(
        "ARMATURE_MAX_COMPRESSION_RATIO", "Uncompressed over compressed size of a file above 1 MiB.", 100, ge=1
    )
    max_entries: int = _setting("ARMATURE_MAX_ENTRIES", "Files and folders of a bundle.", 5000, ge=1)

    @field_validator("protected_targets")
    @classmethod
    def _must_be_target_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        """One that can't match anything would protect nothing, and nobody would see it."""
        for pattern in patterns:
            if not is_target_pattern(pattern):
                raise ValueError(
                    f"{pattern} is none of /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME, "
                    "/providers/Microsoft.Management/managementGroups/ID and / (the tenant)"
                )
        return patterns

    @field_validator("notification_url")
    @classmethod
    def _must_be_callable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                target_of(value.get_secret_value())
            except OutboundError as refused:
                raise ValueError(str(refused)) from refused
        return value

    @field_validator("notification_networks", "endpoint_allowed_networks")
    @classmethod
    def _must_be_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        networks_of(networks)
        return networks

    @field_validator("approver_roles", "force_roles", "rollback_roles", mode="before")
    @classmethod
    def _split_roles(cls, value: Any) -> Any:
        return tuple(role.strip() for role in value.split(",") if role.strip()) if isinstance(value, str) else value

    @field_validator(
        "allowed_bundle_hosts",
        "allowed_template_hosts",
        "protected_targets",
        "notification_hosts",
        "notification_networks",
        "endpoint_allowed_hosts",
        "endpoint_allowed_networks",
        mode="before",
    )
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        return (
            tuple(host.strip().lower() for host in value.split(",") if host.strip())
            if isinstance(value, str)
            else value
        )


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process, read at the first call.

    Raises:
        pydantic.ValidationError: a variable is missing or wrong; the message names it.
    """
    return Settings()


_DEFAULTS = {
    "max_concurrency": "max_concurrency",
    "poll_interval_seconds": "poll_interval_seconds",
    "timeout": "timeout_minutes",
    "rollback_on_failure": "rollback_on_failure",
}
"""The field of the settings that is the default of an option."""

_RETRY_DEFAULTS = {name: f"retry_{name}" for name in RetryPolicy.model_fields}


def options_with_defaults(asked: Mapping[str, Any], settings: Settings) -> Options:
    """The options of a request, `asked` as it stands in its JSON; what it leaves out takes the settings' defaults.

    Raises:
        pydantic.ValidationError: `asked` is not of the shape of `Options`.
    """
    options = Options.model_validate(asked)
    retry = RetryPolicy(**{part: getattr(settings, name) for part, name in _RETRY_DEFAULTS.items()})
    retry = retry.model_copy(update=_chosen(options.retry_policy))
    defaults = {option: getattr(settings, name) for option, name in _DEFAULTS.items()}
    return Options.model_validate({**defaults, **_chosen(options), "retry_policy": retry})


def setting_behind(option: str) -> str | None:
    """The variable that is the default of an option, by its path in Python's names (`retry_policy.max_attempts`)."""
    name = {**_DEFAULTS, **{f"retry_policy.{part}": name for part, name in _RETRY_DEFAULTS.items()}}.get(option)
    return None if name is None else str(Settings.model_fields[name].validation_alias)


def _chosen(model: Options | RetryPolicy) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.model_fields_set}


def settings_page() -> str:
    """docs/settings.md: a table of every setting."""
    lines = [
        "# Settings",
        "",
        "The app reads these environment variables (application settings in Azure, `Values` of `local.settings.json`",
        "under Core Tools) once, at its start. An empty value counts as unset. `local.settings.sample.json` lists all.",
        "",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
    ]
    for field in Settings.model_fields.values():
        default = "**required**" if field.is_required() else _shown(field.default)
        lines.append(f"| `{field.validation_alias}` | {default} | {field.description} |")
    lines += [
        "",
        "This page is written by `python -m armature.settings > docs/settings.md`.",
        "",
    ]
    return "\n".join(lines)


def _shown(default: Any) -> str:
    return "" if default is None or default == () else f"`{default}`"


if __name__ == "__main__":
    print(settings_page(), end="")  # noqa: T201  (the page is this command's output)
