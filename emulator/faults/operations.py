"""What each service can be caught doing: the operations that rules match on, and what can be matched beside them."""

from typing import Literal, get_args

Service = Literal["arm", "storage", "identity", "functionsHost"]
SERVICES: tuple[Service, ...] = get_args(Service)

ARM_READS = (
    "GetDeployment",
    "HeadDeployment",
    "ListDeployments",
    "ListOperations",
    "GetOperationStatus",
    "GetGroup",
    "HeadGroup",
    "ListGroups",
    "GetOperationResult",
    "GetResource",
    "HeadResource",
    "ListResources",
    "GetSubscription",
    "GetProvider",
    "GetMetadata",
    "OtherRead",
)
ARM_WRITES = (
    "PutDeployment",
    "CancelDeployment",
    "DeleteDeployment",
    "ValidateDeployment",
    "WhatIfDeployment",
    "ExportDeployment",
    "PutGroup",
    "PatchGroup",
    "DeleteGroup",
    "PutResource",
    "PatchResource",
    "DeleteResource",
    "PostAction",
    "RegisterProvider",
    "OtherWrite",
)
ARM_REQUESTS = ARM_READS + ARM_WRITES
"""Requests to ARM by what they ask for."""

CREATE_RESOURCE = "CreateResource"
"""A resource that a running deployment makes: resource groups too, and what its nested deployments make."""
DOWNLOAD_TEMPLATE = "DownloadTemplate"
"""ARM fetches a template or a parameter file that a link names."""

BLOB_READS = ("GetBlob", "GetBlobProperties", "GetBlockList", "ListBlobs", "ListContainers", "GetContainerProperties")
BLOB_WRITES = (
    "PutBlob",
    "PutBlock",
    "PutBlockList",
    "AppendBlock",
    "SetBlobMetadata",
    "SetBlobProperties",
    "LeaseBlob",
    "CopyBlob",
    "DeleteBlob",
    "CreateContainer",
    "DeleteContainer",
    "GetUserDelegationKey",
)
QUEUE_OPERATIONS = (
    "CreateQueue",
    "DeleteQueue",
    "ListQueues",
    "GetQueueProperties",
    "PutMessage",
    "GetMessages",
    "PeekMessages",
    "UpdateMessage",
    "DeleteMessage",
)
STORAGE_REQUESTS = (*BLOB_READS, *BLOB_WRITES, *QUEUE_OPERATIONS, "OtherStorage")
STORAGE_WRITES = (*BLOB_WRITES, "PutMessage", "UpdateMessage", "DeleteMessage", "CreateQueue", "DeleteQueue")

GET_TOKEN = "GetToken"
RUN_ACTIVITY = "RunActivity"
COMMIT_EPISODE = "CommitEpisode"
HANDLE_MESSAGE = "HandleMessage"
START_HOST = "StartHost"

OPERATIONS: dict[Service, tuple[str, ...]] = {
    "arm": (*ARM_REQUESTS, CREATE_RESOURCE, DOWNLOAD_TEMPLATE),
    "storage": STORAGE_REQUESTS,
    "identity": (GET_TOKEN,),
    "functionsHost": (RUN_ACTIVITY, COMMIT_EPISODE, HANDLE_MESSAGE, START_HOST),
}

MATCHED: dict[Service, tuple[str, ...]] = {
    "arm": ("operation", "resourceType", "name", "resourceGroup", "deployment", "method", "path"),
    "storage": ("operation", "name", "account", "container", "caller", "credential", "method", "path"),
    "identity": ("operation", "name"),
    "functionsHost": ("operation", "name", "instance"),
}
"""What occasions of each service tell of themselves, and rules can match.

`name` is a resource's full name, a blob or a queue, the audience of a token, an activity, orchestrator or queue.
`deployment` is the deployment that makes the resource, or that the request is about. `caller` of storage is `app`,
`arm`, `host` or `other`; `credential` is `sas`, `token`, `key` or `anonymous`. `instance` is an orchestration's id.
"""
