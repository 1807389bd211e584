"""What can go wrong in blob and queue storage."""

from emulator.faults import operations as op
from emulator.faults import parameters as given
from emulator.faults.catalogue.kind import FaultKind, on

STORAGE = (
    FaultKind(
        "storage",
        "slow",
        "The request waits before it is worked on.",
        op.STORAGE_REQUESTS,
        given.Delay,
        example=on("GetBlob", match={"caller": "app"}, attempts=[1], parameters={"delaySeconds": 2}),
    ),
    FaultKind(
        "storage",
        "serverBusy",
        "503 `ServerBusy`; nothing is done.",
        op.STORAGE_REQUESTS,
        example=on("PutBlob", match={"caller": "app"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "internalError",
        "500 `InternalError`; nothing is done.",
        op.STORAGE_REQUESTS,
        example=on("PutBlob", match={"caller": "app"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "connectionReset",
        "The connection is reset before anything is done.",
        op.STORAGE_REQUESTS,
        example=on("PutBlob", match={"caller": "app"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "cutDownload",
        "The answer begins, with its full Content-Length, and the connection is reset after some bytes of the body.",
        ("GetBlob", "ListBlobs", "ListContainers"),
        given.Cut,
        usual=("GetBlob",),
        example=on("GetBlob", match={"caller": "app"}, attempts=[1], parameters={"afterBytes": 16}),
    ),
    FaultKind(
        "storage",
        "cutUpload",
        "The connection is reset after some bytes of the body have arrived; nothing is done.",
        ("PutBlob", "PutBlock", "PutBlockList", "AppendBlock", "PutMessage"),
        given.Cut,
        example=on("PutBlob", match={"container": "templates-*"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "answerLost",
        "The work is done, and the connection is reset instead of the answer.",
        op.STORAGE_REQUESTS,
        usual=op.STORAGE_WRITES,
        example=on("PutBlob", match={"caller": "app"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "sasExpired",
        "403 `AuthenticationFailed`, 'Signature not valid in the specified time frame', to requests with a SAS.",
        op.STORAGE_REQUESTS,
        example=on("GetBlob", match={"caller": "arm"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "clockSkew",
        "Storage's clock is wrong: SAS and tokens are judged by it, and it is what `Date` says.",
        op.STORAGE_REQUESTS,
        given.Skew,
        example=on("GetBlob", match={"caller": "arm"}, attempts=[1], parameters={"skewSeconds": -3600}),
    ),
    FaultKind(
        "storage",
        "forbidden",
        "403 `AuthorizationPermissionMismatch` (a role that is not seen yet) or `AuthorizationFailure` (the network).",
        op.STORAGE_REQUESTS,
        given.StoragePermission,
        example=on("PutBlob", match={"container": "templates-*"}, attempts=[1]),
    ),
    FaultKind(
        "storage",
        "refused",
        "Any status, code and message, word for word.",
        op.STORAGE_REQUESTS,
        given.Refusal,
        example=on(
            "PutBlob",
            match={"container": "templates-*"},
            attempts=[1],
            parameters={"status": 429, "code": "TooManyRequests", "message": "Too many requests."},
        ),
    ),
)
