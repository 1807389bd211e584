import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature import redaction
from armature.redaction import REDACTED, install_redaction, redact, redact_record

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL20ifQ.c2lnbmF0dXJlLXNlY3JldA"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SIGNATURE = "h1dd3nS1gnature%2Bx%3D"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"GET https://a.blob.core.windows.net/c/b?sv=2024&se=2026&sig={SIGNATURE} 200", SIGNATURE),
        (f"sig={SIGNATURE}&sv=2024", SIGNATURE),
        (f"SIG={SIGNATURE}", SIGNATURE),
        (f"next=https%3A%2F%2Fa%3Fsig%3D{SIGNATURE}", SIGNATURE),
        (f"url: https://a/b?sv=1\\u0026sig={SIGNATURE}", SIGNATURE),
        (f"{{'sig': '{SIGNATURE}abcdefgh'}}", SIGNATURE),
        (f"?sv=1&sig={SIGNATURE}", SIGNATURE),
        (f"Authorization: Bearer {JWT}", JWT),
        ("Authorization: Bearer opaque-token-123", "opaque-token-123"),
        ("the key is whsec_MDEyMzQ1Njc4OWFiY2RlZjAx", "MDEyMzQ1Njc4OWFiY2RlZjAx"),
        ("authorization=bearer%20opaque-token-123", "opaque-token-123"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        (f"token is {JWT}.", JWT),
        (f'{{"access_token": "{JWT}"}}', JWT),
        ('{"access_token": "opaque", "expires_in": 1}', "opaque"),
        (f"AccountName=x;AccountKey={KEY};EndpointSuffix=y", KEY),
        (f"accountkey = {KEY}", KEY),
        ("Authorization: SharedKey account:AbCdEfGh123=", "AbCdEfGh123="),
        ("SharedKeyLite account:AbCdEfGh123=", "AbCdEfGh123="),
        ("Endpoint=sb://x/;SharedAccessKey=AbCdEfGh123=", "AbCdEfGh123="),
        ("Server=x;Password=Pa55word!;Timeout=3", "Pa55word!"),
        ("x-functions-key: AbCdEf-gh_1==", "AbCdEf-gh_1=="),
        ("{'x-functions-key': 'AbCdEf-gh_1=='}", "AbCdEf-gh_1=="),
        ("POST /api/deployments?code=AbCdEf-gh_1== 202", "AbCdEf-gh_1=="),
        ("/runtime/webhooks/durabletask/instances/x?taskHub=h&code=AbCdEf", "AbCdEf"),
        ("X-IDENTITY-HEADER: 9f-secret-1", "9f-secret-1"),
        ("client_secret=s3cr3t&grant_type=x", "s3cr3t"),
        ('"client_secret": "s3cr3t"', "s3cr3t"),
        ("AZURE_CLIENT_SECRET=s3cr3t", "s3cr3t"),
    ],
)
def test_a_secret_is_cut_out_of_a_text(text: str, secret: str) -> None:
    cleaned = redact(text)

    assert secret not in cleaned
    assert REDACTED in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Uploaded templates/web.json (12 KB) in 0.4 s",
        "https://a.blob.core.windows.net/c/b?sv=2024-11-04&se=2026-11-24T07%3A00Z",
        "The design= of the signature: see the docs",
        "InvalidTemplate (code: 400): line 3, column 7",
        "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/x?api-version=2023-01-01",
        "bearer of news",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_any_text_can_be_cleaned_and_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger with its own handler that writes to a text."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("tests.redaction")
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "_installed", [])
    install_redaction()
    yield
    logging.setLogRecordFactory(factory)


@pytest.mark.usefixtures("_installed")
def test_arguments_and_tracebacks_are_cleaned_wherever_the_record_goes(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log

    logger.warning("calling %s", f"https://a/b?sig={SIGNATURE}")
    try:
        raise RuntimeError(f"Bearer {JWT}")
    except RuntimeError:
        logger.exception("the call failed")
    logger.warning("with a stack", stack_info=True)

    text = written.getvalue()
    assert SIGNATURE not in text
    assert JWT not in text
    assert "RuntimeError: Bearer REDACTED" in text
    assert "Traceback" in text
    assert "test_redaction.py" in text


@pytest.mark.usefixtures("_installed")
def test_a_message_that_does_not_fit_its_arguments_is_cleaned_too(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log

    logger.warning("calling %d %s", f"https://a/b?sig={SIGNATURE}")

    assert SIGNATURE not in written.getvalue()
    assert "calling %d %s" in written.getvalue()


@pytest.mark.usefixtures("_installed")
def test_what_a_message_quotes_can_not_pass_for_a_record_of_its_own(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log

    logger.warning("Azure says: %s", "x\r\nFORGED: all is well\u2028FORGED\nFORGED")

    assert len(written.getvalue().splitlines()) == 1


@pytest.mark.usefixtures("_installed")
def test_installing_twice_changes_nothing() -> None:
    factory = logging.getLogRecordFactory()

    install_redaction()

    assert logging.getLogRecordFactory() is factory


def test_a_record_that_was_made_elsewhere_can_be_cleaned_too() -> None:
    record = logging.LogRecord("x", logging.INFO, str(Path(__file__)), 1, "Bearer %s", (JWT,), None)

    redact_record(record)

    assert record.getMessage() == "Bearer REDACTED"
