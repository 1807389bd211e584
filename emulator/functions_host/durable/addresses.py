"""The management addresses of the task hub: the durableClient binding and what a start answers; shapes as recorded."""

import json
from dataclasses import dataclass

API_PATH = "/runtime/webhooks/durabletask"

_INSTANCE = "INSTANCEID"


@dataclass(frozen=True)
class Addresses:
    """Where the Durable HTTP API is: publicly with a key, and for the SDK on a port of its own without."""

    origin: str
    rpc_base_url: str
    hub_name: str
    key: str

    @property
    def base_url(self) -> str:
        """Address of the public API."""
        return f"{self.origin}{API_PATH}"

    def management(self, instance_id: str, *, with_rewind: bool = True) -> dict[str, str]:
        """Return the addresses for one instance; a start over HTTP answers them without rewind."""
        instance = f"{self.base_url}/instances/{instance_id}"
        required = f"taskHub={self.hub_name}&connection=Storage&code={self.key}"
        addresses = {
            "id": instance_id,
            "statusQueryGetUri": f"{instance}?{required}",
            "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{required}",
            "terminatePostUri": f"{instance}/terminate?reason={{text}}&{required}",
            "rewindPostUri": f"{instance}/rewind?reason={{text}}&{required}",
            "purgeHistoryDeleteUri": f"{instance}?{required}",
            "restartPostUri": f"{instance}/restart?{required}",
            "suspendPostUri": f"{instance}/suspend?reason={{text}}&{required}",
            "resumePostUri": f"{instance}/resume?reason={{text}}&{required}",
        }
        if not with_rewind:
            del addresses["rewindPostUri"]
        return addresses

    def client_binding(self) -> str:
        """Return the string that a durableClient binding hands to the SDK."""
        start = f"{self.base_url}/orchestrators/{{functionName}}[/{{instanceId}}]"
        binding = {
            "taskHubName": self.hub_name,
            "connectionName": None,
            "creationUrls": {
                "createNewInstancePostUri": f"{start}?code={self.key}",
                "createAndWaitOnNewInstancePostUri": (
                    f"{start}?timeout={{timeoutInSeconds}}&pollingInterval={{intervalInSeconds}}&code={self.key}"
                ),
            },
            "managementUrls": self.management(_INSTANCE),
            "baseUrl": self.base_url,
            "requiredQueryStringParameters": f"code={self.key}",
            "rpcBaseUrl": self.rpc_base_url,
            "httpBaseUrl": None,
            "maxGrpcMessageSizeInBytes": None,
            "grpcHttpClientTimeout": None,
        }
        return json.dumps(binding, separators=(",", ":"))
