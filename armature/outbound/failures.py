"""Why a request was not made, or came to nothing."""

from enum import StrEnum


class OutboundFault(StrEnum):
    """What kind of reason. The first three are ours: nothing was sent, and asking again changes nothing."""

    URI_REFUSED = "UriRefused"
    HOST_REFUSED = "HostRefused"
    ADDRESS_REFUSED = "AddressRefused"
    TOO_MANY_REDIRECTS = "TooManyRedirects"
    NAME_NOT_RESOLVED = "NameNotResolved"
    NOT_REACHED = "NotReached"
    CONNECTION_LOST = "ConnectionLost"
    CERTIFICATE_INVALID = "CertificateInvalid"
    TIMED_OUT = "TimedOut"
    ANSWER_UNREADABLE = "AnswerUnreadable"

    @property
    def is_refusal(self) -> bool:
        """True when it is a rule of ours that stood in the way."""
        return self in (OutboundFault.URI_REFUSED, OutboundFault.HOST_REFUSED, OutboundFault.ADDRESS_REFUSED)


class OutboundError(Exception):
    """A request came to nothing: `fault` says how, the text why. It holds no header, body, path or query."""

    def __init__(self, fault: OutboundFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
