"""host.json as Azure documents it: types, ranges, what this host follows, and what it does not.

Source: "host.json reference for Azure Functions 2.x and later", and the pages of the HTTP, Storage queue and Durable
Functions bindings. As with all .NET configuration, keys do not tell upper from lower case.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from emulator.functions_host.errors import HostError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")

NOT_FOLLOWED = frozenset(
    """
    concurrency customHandler functions healthMonitor managedDependency retry singleton watchDirectories watchFiles
    logging.console logging.debugLogger logging.fileLoggingMode extensions.blobs extensions.http.customHeaders
    extensions.http.dynamicThrottlesEnabled extensions.http.hsts
    extensions.durableTask.extendedSessionIdleTimeoutInSeconds
    extensions.durableTask.httpSettings extensions.durableTask.maxConcurrentEntityFunctions
    extensions.durableTask.maxEntityOperationBatchSize extensions.durableTask.maxOrchestrationActions
    extensions.durableTask.notifications extensions.durableTask.overridableExistingInstanceStates
    extensions.durableTask.storeInputsInOrchestrationHistory extensions.durableTask.useGracefulShutdown
    extensions.durableTask.storageProvider.connectionName extensions.durableTask.storageProvider.connectionStringName
    extensions.durableTask.storageProvider.controlQueueBatchSize
    extensions.durableTask.storageProvider.controlQueueBufferThreshold
    extensions.durableTask.storageProvider.controlQueueVisibilityTimeout
    extensions.durableTask.storageProvider.fetchLargeMessagesAutomatically
    extensions.durableTask.storageProvider.maxQueuePollingInterval
    extensions.durableTask.storageProvider.trackingStoreConnectionName
    extensions.durableTask.storageProvider.trackingStoreConnectionStringName
    extensions.durableTask.storageProvider.trackingStoreNamePrefix
    extensions.durableTask.storageProvider.useLegacyPartitionManagement
    extensions.durableTask.storageProvider.useTablePartitionManagement
    extensions.durableTask.storageProvider.workItemQueueVisibilityTimeout
    """.lower().split()
)
"""Settings that Azure's hosts know and this one does not act upon, in lower case."""

TELEMETRY_ONLY = frozenset(
    """
    aggregator telemetryMode logging.applicationInsights extensions.durableTask.tracing.distributedTracingEnabled
    extensions.durableTask.tracing.distributedTracingProtocol extensions.durableTask.tracing.traceReplayEvents
    extensions.durableTask.tracing.version
    """.lower().split()
)
"""Settings of what a host sends to Application Insights. This host sends nothing there, so that they can change nothing
here, and are not worth a warning at every start."""


def parse_time_span(text: str) -> timedelta:
    """Read a .NET time span, ``[days.]hours:minutes:seconds[.fraction]``.

    Raises `HostError` when it is none.
    """
    match = _TIME_SPAN.fullmatch(text)
    if match is None:
        raise HostError(f"'{text}' is not a time span (hours:minutes:seconds)")
    days, hours, minutes, seconds, fraction = match.groups()
    return timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds),
        microseconds=int((fraction or "0").ljust(7, "0")) // 10,
    )


def _span(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("a time span is a text (hours:minutes:seconds)")
    try:
        return parse_time_span(value)
    except HostError as error:
        raise ValueError(str(error)) from error


def _no_limit(value: object) -> object:
    span = None if value == "-1" else _span(value)
    if span == timedelta(0):
        raise ValueError("a function needs some time")
    return span


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


TimeSpan = Annotated[timedelta, BeforeValidator(_span)]


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _by_any_case(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        names = {str(field.alias).lower(): str(field.alias) for field in cls.model_fields.values()}
        return {names.get(str(key).lower(), key): value for key, value in given.items()}


class LoggingSection(_Section):
    """``logging``: of the levels, that of ``default`` is followed; the others are categories of .NET components."""

    log_level: dict[str, Literal["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"]] = {}


class BundleSection(_Section):
    """``extensionBundle``: this host has the bundle's HTTP, queue, timer and Durable Functions extensions built in."""

    id: StrictStr
    version: StrictStr = Field(pattern=r"^[\[(][\d.*]+,\s*[\d.*]*[\])]$|^[\[(]?[\d.*]+[\])]?$")


class HttpSection(_Section):
    """``extensions.http``; -1 means no limit."""

    route_prefix: StrictStr = "api"
    max_outstanding_requests: StrictInt = Field(-1, ge=-1)
    max_concurrent_requests: StrictInt = Field(-1, ge=-1)


class QueuesSection(_Section):
    """``extensions.queues``."""

    max_polling_interval: TimeSpan = Field(timedelta(minutes=1), ge=timedelta(milliseconds=100))
    visibility_timeout: TimeSpan = Field(timedelta(0), ge=timedelta(0), le=timedelta(days=7))
    batch_size: StrictInt = Field(16, ge=1, le=32)
    max_dequeue_count: StrictInt = Field(5, ge=1)
    new_batch_threshold: StrictInt | None = Field(None, ge=0)
    message_encoding: Annotated[Literal["base64", "none"], BeforeValidator(_lower)] = "base64"


class StorageProviderSection(_Section):
    """``extensions.durableTask.storageProvider``."""

    type: Annotated[Literal["azurestorage"], BeforeValidator(_lower)] = "azurestorage"
    partition_count: StrictInt = Field(4, ge=1, le=16)


class TracingSection(_Section):
    """``extensions.durableTask.tracing``: this host never writes inputs and outputs to its log."""

    trace_inputs_and_outputs: StrictBool = False


class DurableSection(_Section):
    """``extensions.durableTask``; by default as many functions run at once as on a machine with few cores."""

    hub_name: StrictStr = Field("TestHubName", pattern=r"^[A-Za-z][A-Za-z0-9]{2,44}$")
    storage_provider: StorageProviderSection = StorageProviderSection()
    max_concurrent_activity_functions: StrictInt = Field(16, ge=1)
    max_concurrent_orchestrator_functions: StrictInt = Field(16, ge=1)
    extended_sessions_enabled: StrictBool = False
    tracing: TracingSection = TracingSection()


class ExtensionsSection(_Section):
    """``extensions``."""

    http: HttpSection = HttpSection()
    queues: QueuesSection = QueuesSection()
    durable_task: DurableSection = DurableSection()


class HostJson(_Section):
    """The whole file; a `function_timeout` of None is none (``-1``)."""

    version: Literal["2.0"]
    function_timeout: Annotated[timedelta | None, BeforeValidator(_no_limit)] = timedelta(minutes=30)
    logging: LoggingSection = LoggingSection()
    extension_bundle: BundleSection | None = None
    extensions: ExtensionsSection = ExtensionsSection()


def read_host_json(document: object) -> HostJson:
    """Check a document.

    Raises `HostError`, which names every setting that is wrong.
    """
    try:
        return HostJson.model_validate(document)
    except ValidationError as error:
        wrong = [f"{_path(problem['loc'])}: {_told(problem['msg'])}" for problem in error.errors()]
        raise HostError(f"host.json is not valid: {'; '.join(wrong)}") from error


def warnings_of(settings: HostJson) -> list[str]:
    """Say which settings are unknown, and which ones this host does not follow, with their paths."""
    told = [
        f"host.json: {path} is not followed by this host"
        if _is_among(path, NOT_FOLLOWED)
        else f"host.json: {path} is not a setting that is known"
        for path in _extra_paths(settings, "")
        if not _is_among(path, TELEMETRY_ONLY)
    ]
    durable = settings.extensions.durable_task
    if durable.extended_sessions_enabled:
        told.append("host.json: extensions.durableTask.extendedSessionsEnabled is not followed: Python has none")
    if durable.tracing.trace_inputs_and_outputs:
        told.append("host.json: extensions.durableTask.tracing.traceInputsAndOutputs is not followed by this host")
    return told


def _is_among(path: str, known: frozenset[str]) -> bool:
    """Whether a path is one of those, or lies under one."""
    return any(path.lower() == each or path.lower().startswith(f"{each}.") for each in known)


def _extra_paths(section: _Section, prefix: str) -> Iterator[str]:
    for name in section.model_extra or {}:
        yield f"{prefix}{name}"
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, _Section):
            yield from _extra_paths(value, f"{prefix}{field.alias}.")


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


def _told(message: str) -> str:
    return message.removeprefix("Value error, ")
