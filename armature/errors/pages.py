"""Errors that come as markup: storage's XML, and the HTML pages of gateways and proxies."""

import html
import re
from http import HTTPStatus

from armature.errors.catalogue import BY_CODE
from armature.errors.model import MAX_MESSAGE, Cause

_MAX_PAGE = 20_000
_XML_CODE = re.compile(r"<Code>\s*([A-Za-z0-9]{1,80})\s*</Code>", re.IGNORECASE)
_XML_MESSAGE = re.compile(r"<Message>\s*([^<]{1,2000})", re.IGNORECASE)
_IS_PAGE = re.compile(r"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_NOT_SHOWN = re.compile(r"<(script|style|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<(?:title|h[1-3])\b[^>]*>([^<]{1,200})", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,500}>")
_STATUS = re.compile(r"\b([45]\d\d)\b")
_SPACE = re.compile(r"\s+")


def cause_in_xml(text: str) -> Cause | None:
    """The cause in an error of storage's, `<Error><Code>…</Code><Message>…</Message></Error>`; None for other texts."""
    head = text[:_MAX_PAGE]
    code = _XML_CODE.search(head) if head.lstrip("\ufeff \r\n\t").startswith("<") else None
    if code is None:
        return None
    message = _XML_MESSAGE.search(head)
    return Cause(code=code.group(1), message=html.unescape(message.group(1)).strip()[:MAX_MESSAGE] if message else "")


def cause_in_page(text: str) -> Cause | None:
    """The cause in an HTML page: its headings may name a code that is known, or a status; None for other texts."""
    if not _IS_PAGE.match(text):
        return None
    page = text[:_MAX_PAGE]
    headings = [html.unescape(heading).strip() for heading in _TITLE.findall(page)]
    shown = _TAG.sub(" ", _NOT_SHOWN.sub(" ", page))
    words = _SPACE.sub(" ", html.unescape(shown)).strip()
    known = next((heading for heading in headings if heading.lower() in BY_CODE), None)
    status = _STATUS.search(" ".join(headings) or words[:200])
    code = known or (code_of_status(int(status.group(1))) if status else "Unknown")
    return Cause(code=code, message=(words or " ".join(headings))[:MAX_MESSAGE])


def code_of_status(status: int) -> str:
    """The name of an HTTP status as a code, `Http599` for one that has no name."""
    try:
        return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    except ValueError:
        return f"Http{status}"
