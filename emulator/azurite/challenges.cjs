// What storage answers to a bearer token that is no good: 401 with a challenge, where Azurite says 403 and nothing more.
// Loaded before Azurite with `node -r`. Source: Authorize with Microsoft Entra ID, "Bearer challenge" (Storage REST, 2025).
"use strict";

const CHALLENGE =
  "Bearer authorization_uri=https://login.microsoftonline.com/00000000-0000-0000-0000-000000000002/oauth2/authorize " +
  "resource_id=https://storage.azure.com";
const CODE = "InvalidAuthenticationInfo";
const MESSAGE =
  "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.";

for (const [service, kind] of [["blob", "Blob"], ["queue", "Queue"]]) {
  const Authenticator = require(`azurite/dist/src/${service}/authentication/${kind}TokenAuthenticator`).default;
  const StorageError = require(`azurite/dist/src/${service}/errors/StorageError`).default;
  const validate = Authenticator.prototype.validate;

  Authenticator.prototype.validate = async function validateOrChallenge(request, context) {
    try {
      return await validate.call(this, request, context);
    } catch (error) {
      throw isRefusal(error) ? challenging(StorageError, error) : error;
    }
  };
}

function isRefusal(error) {
  return error.statusCode === 403 && error.headers?.["x-ms-error-code"] === "AuthenticationFailed";
}

function challenging(StorageError, error) {
  const [, detail] = /<AuthenticationErrorDetail>([^<]*)</.exec(error.body ?? "") ?? [];
  const more = detail ? { AuthenticationErrorDetail: detail } : {};
  const challenge = new StorageError(401, CODE, MESSAGE, error.headers["x-ms-request-id"], more);
  challenge.headers["WWW-Authenticate"] = CHALLENGE;
  return challenge;
}

module.exports = { CHALLENGE };
