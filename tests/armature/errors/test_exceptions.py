import socket
import ssl

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import MaxRetryError, NewConnectionError

from armature.errors import Recovery, failure_from_exception
from armature.errors.exceptions import code_of_exception

REFUSED = ConnectionRefusedError(111, "Connection refused")


def caused(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


def in_urllib3(reason: Exception) -> Exception:
    pool = requests.adapters.PoolManager().connection_from_url("https://a.example")
    return MaxRetryError(pool, "/x", NewConnectionError(pool, f"Failed to establish a new connection: {reason}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (REFUSED, "ConnectionRefused"),
        (caused(ServiceRequestError("no"), REFUSED), "ConnectionRefused"),
        (ServiceRequestError("no", error=requests.ConnectionError(in_urllib3(REFUSED))), "ConnectionRefused"),
        (
            ServiceRequestError("no", error=requests.ConnectionError(ConnectionResetError(104, "reset"))),
            "ConnectionReset",
        ),
        (ServiceRequestError("[Errno 113] No route to host"), "HostUnreachable"),
        (requests.exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "TlsInterrupted"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), "CertificateNotTrusted"),
        (requests.exceptions.SSLError("certificate verify failed: self-signed certificate"), "CertificateNotTrusted"),
        (socket.gaierror(-3, "Temporary failure in name resolution"), "NameResolutionFailed"),
        (TimeoutError(), "ConnectionTimedOut"),
        (caused(CredentialUnavailableError("no"), REFUSED), "IdentityEndpointUnreachable"),
        (CredentialUnavailableError("no managed identity endpoint found"), "CredentialUnavailable"),
        (
            ClientAuthenticationError("Attempted credentials:\n\tManagedIdentityCredential: timed out\n\tAzureCli: no"),
            "AuthenticationFailed",
        ),
        (ClientAuthenticationError("AADSTS7000222: The provided client secret keys are expired."), "AADSTS7000222"),
        (ClientAuthenticationError("AADSTS1: something new"), "AuthenticationFailed"),
        (KeyError("a tls of mine"), "KeyError"),
    ],
)
def test_the_bottom_of_an_exception_gives_its_code(error: Exception, code: str) -> None:
    assert code_of_exception(error) == code


def test_an_exception_that_goes_round_in_a_circle_is_followed_once() -> None:
    error = ServiceRequestError("no")
    error.__cause__ = caused(ValueError("inner"), error)

    assert code_of_exception(error) == "ServiceRequestError"


def test_what_cannot_be_reached_is_outwaited_and_an_untrusted_certificate_is_not() -> None:
    assert failure_from_exception(REFUSED, "no").recovery is Recovery.OUTWAIT
    assert failure_from_exception(ssl.SSLCertVerificationError(1, "x"), "no").recovery is Recovery.FAIL


@given(st.text())
def test_any_exception_has_a_code_and_a_next_step(text: str) -> None:
    for error in (ServiceRequestError(text), CredentialUnavailableError(text), OSError(text), Exception(text)):
        found = failure_from_exception(error, text)

        assert found.code
        assert found.suggestion
