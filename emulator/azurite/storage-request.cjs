// Tells what a request asks of storage: its operation, account, container, blob or queue, caller and credential.
"use strict";

const BLOB_PUTS = {
  block: "PutBlock",
  blocklist: "PutBlockList",
  appendblock: "AppendBlock",
  metadata: "SetBlobMetadata",
  properties: "SetBlobProperties",
  lease: "LeaseBlob",
};
const CALLERS = [
  [/azsdk-python-storage-queue/i, "host"],
  [/azsdk-python-storage-blob/i, "app"],
  [/aiohttp/i, "arm"], // the emulated ARM fetches with it what links name
];

/** {key, attributes} of a request to the service `blob` or `queue`; addresses are /account/container/blob. */
function occasionOf(service, request) {
  const url = new URL(request.url, "https://storage");
  const [account = "", first = "", ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const asked = { method: request.method, query: url.searchParams, headers: request.headers };
  const isBlob = service === "blob";
  const operation = isBlob ? blobOperation(asked, first, rest) : queueOperation(asked, first, rest);
  const attributes = {
    operation,
    name: isBlob ? rest.join("/") : first,
    account,
    container: isBlob ? first : "",
    caller: callerOf(request.headers["user-agent"] ?? ""),
    credential: credentialOf(asked),
    method: request.method,
    path: decodeURIComponent(url.pathname),
  };
  const part = asked.query.get("blockid") ?? request.headers["x-ms-range"] ?? request.headers.range ?? "";
  const place = isBlob ? attributes.path : `/${account}/${first}`; // ids of messages are different in each run
  return { key: `${operation} ${place}${part && ` ${part}`}`, attributes };
}

function blobOperation({ method, query, headers }, container, blob) {
  const comp = query.get("comp") ?? "";
  if (!container) {
    const isKey = comp === "userdelegationkey";
    return isKey ? "GetUserDelegationKey" : comp === "list" ? "ListContainers" : "OtherStorage";
  }
  if (query.get("restype") === "container") {
    const operations = { PUT: "CreateContainer", DELETE: "DeleteContainer", GET: "GetContainerProperties" };
    if (comp) {
      return comp === "list" && method === "GET" ? "ListBlobs" : "OtherStorage";
    }
    return operations[method === "HEAD" ? "GET" : method] ?? "OtherStorage";
  }
  if (method === "PUT" && blob.length) {
    const whole = headers["x-ms-copy-source"] ? "CopyBlob" : "PutBlob";
    return comp ? (BLOB_PUTS[comp] ?? "OtherStorage") : whole;
  }
  const others = { GET: comp === "blocklist" ? "GetBlockList" : "GetBlob", HEAD: "GetBlobProperties" };
  return { ...others, DELETE: "DeleteBlob" }[method] ?? "OtherStorage";
}

function queueOperation({ method, query }, queue, [messages, message]) {
  if (!queue) {
    return query.get("comp") === "list" ? "ListQueues" : "OtherStorage";
  }
  if (message) {
    return { PUT: "UpdateMessage", DELETE: "DeleteMessage" }[method] ?? "OtherStorage";
  }
  if (messages) {
    const reading = query.get("peekonly") === "true" ? "PeekMessages" : "GetMessages";
    return { POST: "PutMessage", GET: reading }[method] ?? "OtherStorage";
  }
  if (query.get("comp")) {
    return method === "PUT" ? "OtherStorage" : "GetQueueProperties";
  }
  return { PUT: "CreateQueue", DELETE: "DeleteQueue" }[method] ?? "OtherStorage";
}

function callerOf(userAgent) {
  return CALLERS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "other";
}

function credentialOf({ query, headers }) {
  const scheme = (headers.authorization ?? "").split(" ")[0].toLowerCase();
  if (query.has("sig")) {
    return "sas";
  }
  return scheme === "bearer" ? "token" : scheme ? "key" : "anonymous";
}

module.exports = { occasionOf };
