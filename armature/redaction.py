"""Nothing secret leaves through a log: what looks like a signature, token or key is cut out of every record, each of
which stays in one line.

    redact(text)            the text with every secret in a known shape replaced by REDACTED
    install_redaction()     makes every log record of this process pass through it, whoever logs and whoever handles

Shapes: storage SAS (`sig=`), bearer tokens and bare JWTs, storage account keys in connection strings and SharedKey
headers, Functions keys (`x-functions-key`, `code=`), keys of webhooks, client secrets, the identity endpoint's header.
"""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

REDACTED = "REDACTED"

_QUOTE = r"[\"']?"
_REPLACEMENTS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # A JSON web token, wherever it stands: three base64url parts, the first of which starts with '{"' encoded.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.?[A-Za-z0-9_-]*"), REDACTED),
    # The signature of a SAS, plain, URL-encoded once more (`sig%3D`), or as a JSON or Python item.
    (re.compile(r"(?i)((?:(?<![a-z])|%3f)sig(?:=|%3d))[^\s&\"'<>,;)\]}]+"), rf"\1{REDACTED}"),
    (re.compile(rf"(?i)({_QUOTE}\bsig(?:nature)?{_QUOTE}\s*:\s*{_QUOTE})[A-Za-z0-9+/%=_-]{{20,}}"), rf"\1{REDACTED}"),
    # Authorization headers: Bearer, SharedKey, SharedKeyLite, Basic.
    (re.compile(r"(?i)\b(Bearer|Basic)(\s+|%20|\+)[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{REDACTED}"),
    (re.compile(r"(?i)\b(SharedKey(?:Lite)?\s+[\w-]+:)[A-Za-z0-9+/=]+"), rf"\1{REDACTED}"),
    # Keys that sign webhooks.
    (re.compile(r"\b(whsec_)[A-Za-z0-9+/=_-]{16,}"), rf"\1{REDACTED}"),
    # Connection strings.
    (
        re.compile(r"(?i)\b((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*=\s*)[^\s;\"']+"),
        rf"\1{REDACTED}",
    ),
    # Keys of the Functions host, in a header or in a query string (?code=, &code=).
    (re.compile(rf"(?i)(x-functions-key{_QUOTE}\s*[:=]\s*{_QUOTE})[^\s\"',}}]+"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)([?&]code=)[^\s&\"'<>,;)\]}]+"), rf"\1{REDACTED}"),
    # The secret of the identity endpoint, OAuth secrets and tokens.
    (re.compile(rf"(?i)(x-identity-header{_QUOTE}\s*[:=]\s*{_QUOTE})[^\s\"',}}]+"), rf"\1{REDACTED}"),
    (
        re.compile(
            rf"(?i)(\b(?:client_secret|client_assertion|access_token|refresh_token|id_token|AZURE_CLIENT_SECRET)"
            rf"{_QUOTE}\s*[:=]\s*{_QUOTE})[^\s&\"',}}]+"
        ),
        rf"\1{REDACTED}",
    ),
)


_LINE_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """Words of a person as they may be kept and shown: in one line, so that they can forge none in a log, and without
    the secrets that people paste."""
    return redact(" ".join("".join(c if c.isprintable() else " " for c in text).split()))


def redact(text: str) -> str:
    """`text` without signatures, tokens and keys; everything else stays as it is, so that a log can still be read."""
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def redact_record(record: logging.LogRecord) -> None:
    """Cut secrets out of all that a formatter prints of a record, and keep its message in one line: what it quotes of
    Azure, or of people, can't pass for a record of its own."""
    message = _message_of(record)
    record.msg, record.args = _LINE_BREAK.sub(r"\\n", redact(message)), None
    if record.exc_info and not record.exc_text:
        record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    if record.exc_text:
        # A handler that prints exc_info itself would print the exception's own text: it gets the cleaned text only.
        record.exc_text, record.exc_info = redact(record.exc_text), None
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # the caller's format and arguments do not fit: keep both, readable
        return f"{record.msg} {record.args!r}"


_installed: list[Callable[..., logging.LogRecord]] = []


def install_redaction() -> None:
    """Make every record of this process pass `redact_record` as it is made. A second call changes nothing.

    A record factory is the one place that no logger, handler or propagation setting goes around.
    """
    make_record = logging.getLogRecordFactory()
    if make_record in _installed:
        return

    def make_redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        redact_record(record)
        return record

    _installed.append(make_redacted_record)
    logging.setLogRecordFactory(make_redacted_record)
