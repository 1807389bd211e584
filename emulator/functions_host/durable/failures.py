"""The texts in which the host tells of failures: the Durable Task extension's, with Python tracebacks inside."""

from emulator.functions_host.durable.actions import HTTP_ACTIVITY
from emulator.functions_host.durable.history import compact
from emulator.functions_host.invocation import FunctionError

CUSTOM_STATUS_LIMIT = 16 * 1024
"""UTF-16 bytes of the JSON of a custom status (Durable Task extension, recorded)."""

_COR_E_EXCEPTION = -2146233088


def activity_failure(name: str, error: FunctionError) -> tuple[str, str]:
    """Return reason and details of a failed activity; details are a serialised .NET exception.

    The reason of a built-in one is that of its exception, without the words that go around a function of the app.
    """
    if name == HTTP_ACTIVITY:
        reason = error.message.partition(": ")[2]
        return reason, compact({"ClassName": "System.Net.Http.HttpRequestException", "Message": reason})
    details = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": f" {error.message}",
        "Data": None,
        "InnerException": {
            "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
            "IsUserException": False,
            "RemoteStackTrace": error.stack,
            "RemoteMessage": error.message,
            "RemoteTypeName": None,
            "Message": _worker_result(error),
            "Data": {"$type": "System.Collections.ListDictionaryInternal, System.Private.CoreLib"},
            "InnerException": None,
            "HelpLink": None,
            "Source": "System.Private.CoreLib",
            "HResult": _COR_E_EXCEPTION,
            "StackTrace": None,
        },
        "HelpURL": None,
        "StackTraceString": None,
        "RemoteStackTraceString": None,
        "RemoteStackIndex": 0,
        "ExceptionMethod": None,
        "HResult": _COR_E_EXCEPTION,
        "Source": None,
        "WatsonBuckets": None,
    }
    return f"Activity function '{name}' failed:  {error.message}", compact(details)


def orchestrator_failure(name: str, error: str) -> str:
    """Return the output of a failed orchestration."""
    return f"Orchestrator function '{name}' failed: {error}"


def crash_without_state(error: FunctionError) -> str:
    """Return the error of an orchestrator that raised without telling the SDK's state."""
    return f"One or more errors occurred. ({_worker_result(error)})"


def sub_orchestration_details(error: str) -> str:
    """Return the details of a failed sub-orchestration."""
    return f"Message: {error}, StackTrace: "


def unknown_orchestrator(name: str, known: list[str]) -> str:
    """Return the error of an instance whose orchestrator does not exist."""
    names = ", ".join(f"'{other}'" for other in known)
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. "
        f"Additional info: The following are the known orchestrator functions: {names}."
    )


def no_entity_function(name: str) -> str:
    """Return what the extension says of an entity in an app that has none."""
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not an entity function. "
        "Additional info: This host does not run durable entities, and an app that has some is not started."
    )


def custom_status_failure(custom_status_json: str) -> str | None:
    """Return the error of a custom status that is too large, None for one that is not."""
    size = len(custom_status_json.encode("utf-16-le"))
    if size <= CUSTOM_STATUS_LIMIT:
        return None
    return (
        "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. "
        f"The current payload size is {size // 1024} KB."
    )


def _worker_result(error: FunctionError) -> str:
    return f"Result: Failure\nException: {error.message}\nStack: {error.stack}"
