"""Fetching linked templates and parameter files, as ARM does it: from outside, over HTTPS, with what the link holds."""

import ssl
import uuid
from pathlib import Path
from typing import Any

import aiohttp

from armature.templates.errors import TemplateError
from armature.templates.reading import JsonSyntaxError, read_json
from emulator.arm.engine.request import TemplateLink
from emulator.arm.errors import ArmError, invalid_template

MAX_CONTENT_BYTES = 4 * 1024 * 1024  # ARM limits: template and parameter file
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Downloader:
    """Fetches what links name, trusting one certificate authority besides the system's."""

    def __init__(self, certificate_authority: Path) -> None:
        self._context = ssl.create_default_context()
        self._context.load_verify_locations(certificate_authority)
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, link: TemplateLink) -> dict[str, Any]:
        """The linked document; raises `ArmError`: InvalidContentLink, InvalidTemplate (no JSON, another version)."""
        document = _read(await self._download(link), link)
        expected, actual = link.content_version, document.get("contentVersion")
        if expected and expected != actual:
            message = (
                f"The template content version '{actual}' of '{link.shown()['uri']}' does not match the version "
                f"'{expected}' that the link asks for"
            )
            raise invalid_template(message)
        return document

    async def _download(self, link: TemplateLink) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context), timeout=_TIMEOUT)
        try:
            async with self._session.get(link.address, allow_redirects=True) as response:
                if response.status != 200:
                    raise _unreachable(link)
                content = bytearray()
                async for chunk in response.content.iter_chunked(64 * 1024):
                    content += chunk
                    if len(content) > MAX_CONTENT_BYTES:
                        raise _too_large(link)
                return bytes(content)
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            raise _unreachable(link) from failure

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _read(content: bytes, link: TemplateLink) -> dict[str, Any]:
    shown = link.shown()["uri"]
    try:
        document = read_json(content, file=shown).value
    except JsonSyntaxError as wrong:
        message = f"Error parsing the content of '{shown}': {wrong}"
        raise invalid_template(message, line=wrong.line, column=wrong.column) from wrong
    except TemplateError as wrong:
        raise invalid_template(str(wrong)) from wrong
    if not isinstance(document, dict):
        raise invalid_template(f"The content of '{shown}' is not an object")
    return document


def _unreachable(link: TemplateLink) -> ArmError:
    message = (
        f"Unable to download deployment content from '{link.address}'. The tracking Id is '{uuid.uuid4()}'. "
        "Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(400, "InvalidContentLink", message)


def _too_large(link: TemplateLink) -> ArmError:
    message = (
        f"The deployment content from '{link.address}' exceeds the maximum size of '{MAX_CONTENT_BYTES}' bytes. "
        f"The tracking Id is '{uuid.uuid4()}'. Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(400, "InvalidContentLink", message)
