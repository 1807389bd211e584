// Faults of storage, before and after Azurite works on a request. Loaded before Azurite with `node -r`.
"use strict";

const { randomUUID } = require("node:crypto");
const { setTimeout: pass } = require("node:timers/promises");
const BlobFactory = require("azurite/dist/src/blob/BlobRequestListenerFactory").default;
const QueueFactory = require("azurite/dist/src/queue/QueueRequestListenerFactory").default;
const { CHALLENGE } = require("./challenges.cjs");
const { FaultPlan } = require("./fault-plan.cjs");
const { occasionOf } = require("./storage-request.cjs");

const VERSION = "2025-11-05";
const DATE_TOLERANCE_SECONDS = 15 * 60; // of requests signed with the account's key
const MESSAGES = {
  ServerBusy: "The server is currently unable to receive requests. Please retry your request.",
  InternalError: "The server encountered an internal error. Please retry the request.",
  AuthorizationPermissionMismatch: "This request is not authorized to perform this operation using this permission.",
  AuthorizationFailure: "This request is not authorized to perform this operation.",
  AuthenticationFailed:
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly " +
    "including the signature.",
  InvalidAuthenticationInfo: "Server failed to authenticate the request. Please refer to the information in the " +
    "www-authenticate header.",
};

/** What each fault does to an exchange; one that answers or cuts returns true, and Azurite never sees the request. */
const FAULTS = {
  slow: async (_, { delaySeconds }) => void (await pass(delaySeconds * 1000)),
  serverBusy: (exchange) => refuse(exchange, 503, "ServerBusy"),
  internalError: (exchange) => refuse(exchange, 500, "InternalError"),
  connectionReset: ({ request }) => reset(request),
  cutUpload: cutUpload,
  cutDownload: ({ request, response }, { afterBytes }) => void cutDownload(request, response, afterBytes),
  answerLost: ({ request, response }) => void loseAnswer(request, response),
  sasExpired: expireSas,
  clockSkew: judgeBySkewedClock,
  forbidden: (exchange, { code }) => refuse(exchange, 403, code),
  refused: (exchange, { status, code, message }) => refuse(exchange, status, code, "", message),
};

async function happen(service, plan, request, response, handle) {
  const faults = plan.decide(occasionOf(service, request));
  for (const { name, parameters } of faults) {
    if (await FAULTS[name]({ request, response }, parameters)) {
      return;
    }
  }
  handle(request, response);
}

function reset(request) {
  const socket = request.socket._parent ?? request.socket; // below TLS
  socket.resetAndDestroy();
  return true;
}

function refuse({ request, response }, status, code, detail = "", message = MESSAGES[code]) {
  const id = randomUUID();
  const told = `${message}\nRequestId:${id}\nTime:${new Date().toISOString()}`;
  const more = detail && `<AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail>`;
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${told}</Message>${more}</Error>`;
  response.writeHead(status, {
    "x-ms-error-code": code,
    "x-ms-request-id": id,
    "x-ms-version": VERSION,
    "Content-Type": "application/xml",
    ...(status === 401 && { "WWW-Authenticate": CHALLENGE }),
  });
  response.end(request.method === "HEAD" ? "" : body);
  request.resume(); // a body that nobody reads would keep the connection from its next request
  return true;
}

function cutUpload({ request }, { afterBytes }) {
  let arrived = 0;
  request.on("data", (chunk) => {
    arrived += chunk.length;
    if (arrived >= afterBytes) {
      reset(request);
    }
  });
  request.on("end", () => reset(request));
  return true;
}

function cutDownload(request, response, afterBytes) {
  const [write, end] = [response.write.bind(response), response.end.bind(response)];
  const cut = () => request.socket.destroy();
  let left = afterBytes;
  let isCut = false;
  response.write = (chunk, encoding) => {
    const bytes = Buffer.from(chunk, typeof encoding === "string" ? encoding : undefined);
    if (isCut || bytes.length <= left) {
      left -= isCut ? 0 : bytes.length;
      return isCut || write(bytes);
    }
    isCut = true;
    write(bytes.subarray(0, left), cut);
    return true;
  };
  response.end = (chunk, encoding) => {
    if (chunk && typeof chunk !== "function") {
      response.write(chunk, encoding);
    }
    return isCut ? response : end();
  };
}

function loseAnswer(request, response) {
  response.write = () => true;
  response.end = () => {
    reset(request);
    return response;
  };
}

function expireSas(exchange) {
  const justAfter = new Date(Date.parse(sasOf(exchange.request).get("se")) + 1000);
  return refuse(exchange, 403, "AuthenticationFailed", outsideOfSas(exchange.request, justAfter));
}

function sasOf(request) {
  return new URL(request.url, "https://storage").searchParams;
}

function outsideOfSas(request, now) {
  const [start, end] = ["st", "se"].map((name) => new Date(sasOf(request).get(name) ?? 0).toUTCString());
  return `Signature not valid in the specified time frame: Start [${start}] - Expiry [${end}] - Current [${now.toUTCString()}]`;
}

function judgeBySkewedClock(exchange, { skewSeconds }) {
  const { request, response } = exchange;
  const now = new Date(Date.now() + skewSeconds * 1000);
  const sas = sasOf(request);
  const isOutside = (start, end) => now < new Date(start) || now > new Date(end);
  if (sas.has("sig") && isOutside(sas.get("st") ?? 0, sas.get("se"))) {
    return refuse(exchange, 403, "AuthenticationFailed", outsideOfSas(request, now));
  }
  const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
  if (scheme === "Bearer") {
    const { nbf, exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
    if (isOutside(nbf * 1000, exp * 1000)) {
      return refuse(exchange, 401, "InvalidAuthenticationInfo", "Lifetime validation failed.");
    }
  } else if (scheme && Math.abs(skewSeconds) > DATE_TOLERANCE_SECONDS) {
    const date = request.headers["x-ms-date"] ?? request.headers.date;
    return refuse(exchange, 403, "AuthenticationFailed", `Request date header too old: '${date}'`);
  }
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (...head) => {
    response.setHeader("Date", now.toUTCString());
    return writeHead(...head);
  };
  return false;
}

function arm(service, factory, plan) {
  const create = factory.prototype.createRequestListener;
  factory.prototype.createRequestListener = function createRequestListener() {
    const handle = create.call(this);
    return (request, response) => {
      happen(service, plan, request, response, handle).catch((error) => {
        console.error("a fault could not happen:", error);
        reset(request);
      });
    };
  };
}

if (process.env.EMULATOR_FAULTS) {
  const plan = new FaultPlan(process.env.EMULATOR_FAULTS);
  arm("blob", BlobFactory, plan);
  arm("queue", QueueFactory, plan);
}
