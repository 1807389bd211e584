"""Bearer tokens: the signature, audience and expiry are checked, and a refusal is worded as ARM words it."""

from datetime import UTC, datetime
from typing import Any

import jwt

from emulator.arm.caller import Caller
from emulator.arm.errors import ArmError
from emulator.clouds import Cloud


class AuthenticationError(ArmError):
    """A 401 with the `WWW-Authenticate` challenge that clients read the tenant from."""

    def __init__(self, code: str, message: str, authorization_uri: str) -> None:
        super().__init__(401, code, message)
        self.challenge = (
            f'Bearer authorization_uri="{authorization_uri}", error="invalid_token", error_description="{message}"'
        )


class TokenVerifier:
    """Verifies RS256 access tokens for one cloud's ARM against one public key."""

    def __init__(self, public_key: str, tenant: str, cloud: Cloud) -> None:
        self._public_key = public_key
        self._tenant = tenant
        self._cloud = cloud

    def caller(self, authorization: str | None) -> Caller:
        """Who the token was given to; raises `AuthenticationError`."""
        claims = self.verify(authorization)
        client = str(claims.get("appid") or claims.get("azp") or "")
        return Caller(str(claims.get("oid", "")), client, str(claims.get("tid", self._tenant)))

    def verify(self, authorization: str | None) -> dict[str, Any]:
        """The token's claims; raises `AuthenticationError`."""
        if not authorization:
            raise self._refusal("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            message = "Authentication failed. The 'Authorization' header is provided in an invalid format."
            raise self._refusal("AuthenticationFailedInvalidHeader", message)
        try:
            claims: dict[str, Any] = jwt.decode(
                token.strip(),
                self._public_key,
                algorithms=["RS256"],
                audience=self._cloud.audiences,
                options={"require": ["exp", "aud"]},
                leeway=0,
            )
        except jwt.ExpiredSignatureError as expired:
            raise self._refusal("ExpiredAuthenticationToken", self._expiry_message(token)) from expired
        except jwt.InvalidAudienceError as wrong:
            message = (
                "The access token has been obtained for wrong audience or resource "
                f"'{_unverified(token).get('aud')}'. It should exactly match with one of the allowed audiences "
                f"{','.join(repr(audience) for audience in self._cloud.audiences)}."
            )
            raise self._refusal("InvalidAuthenticationTokenAudience", message) from wrong
        except jwt.InvalidTokenError as invalid:
            raise self._refusal("InvalidAuthenticationToken", "The access token is invalid.") from invalid
        if claims.get("tid", self._tenant) != self._tenant:
            message = (
                f"The access token is from the wrong issuer '{self._cloud.issuer(claims['tid'])}'. It must match the "
                f"tenant '{self._cloud.issuer(self._tenant)}' associated with this subscription. Please use the "
                f"authority (URL) '{self._authority}' to get the token."
            )
            raise self._refusal("InvalidAuthenticationTokenTenant", message)
        return claims

    def _refusal(self, code: str, message: str) -> AuthenticationError:
        return AuthenticationError(code, message, self._authority)

    @property
    def _authority(self) -> str:
        return f"{self._cloud.login}/{self._tenant}"

    @staticmethod
    def _expiry_message(token: str) -> str:
        expiry = _unverified(token)["exp"]
        then, now = datetime.fromtimestamp(expiry, UTC), datetime.now(UTC)
        return (
            f"The access token expiry UTC time '{then:%m/%d/%Y %I:%M:%S %p}' is earlier than current UTC time "
            f"'{now:%m/%d/%Y %I:%M:%S %p}'."
        )


def _unverified(token: str) -> dict[str, Any]:
    """What a token says, for the wording of its refusal."""
    claims: dict[str, Any] = jwt.decode(token.strip(), options={"verify_signature": False})
    return claims
