"""Fetching linked templates and parameter files, as ARM does it: from outside, over HTTPS, with what the link holds."""

import hashlib
import ssl
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp

from armature.templates.errors import TemplateError
from armature.templates.reading import JsonDocument, JsonSyntaxError, read_json
from emulator.arm.engine.source import Source
from emulator.arm.engine.template_link import TemplateLink
from emulator.arm.errors import ArmError, invalid_template

MAX_CONTENT_BYTES = 4 * 1024 * 1024  # ARM limits: template and parameter file
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class Downloader:
    """Fetches what links name, trusting one certificate authority besides the system's.

    `is_prevented` says of an address, without its query, that something keeps ARM from it: a firewall, or a fault.
    """

    def __init__(self, certificate_authority: Path, is_prevented: Callable[[str], bool] = lambda _: False) -> None:
        self._is_prevented = is_prevented
        self._authority = certificate_authority
        self._session: aiohttp.ClientSession | None = None

    async def text(self, link: TemplateLink) -> str:
        """What the link leads to, as text; raises `ArmError`: InvalidContentLink, InvalidTemplate."""
        content = await self._download(link)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as wrong:
            raise invalid_template(f"The content of '{link.shown()['uri']}' is no UTF-8 text") from wrong

    async def _download(self, link: TemplateLink) -> bytes:
        if self._is_prevented(link.address.partition("?")[0]):
            raise _unreachable(link)
        if self._session is None:
            context = ssl.create_default_context()
            context.load_verify_locations(self._authority)
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=_TIMEOUT)
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


class Downloads:
    """What the links of one root deployment lead to; each is fetched once.

    `documents` are the texts by the link's key: whoever keeps them can prepare the deployment again without the
    network. The key has no query string in it, which may be a SAS.
    """

    def __init__(self, downloader: Downloader, documents: Mapping[str, str] | None = None) -> None:
        self._downloader = downloader
        self.documents = dict(documents or {})

    async def fetch(self, link: TemplateLink) -> Source:
        """The linked document; raises `ArmError`: InvalidContentLink, InvalidTemplate (no JSON, another version)."""
        key = _key(link)
        if key not in self.documents:
            self.documents[key] = await self._downloader.text(link)
        source = Source(_read(self.documents[key], link))
        expected, actual = link.content_version, source.value.get("contentVersion")
        if expected and expected != actual:
            message = (
                f"The content version contained in the template '{actual}' does not match the content version found in "
                f"the deployment object's TemplateLink property '{expected}'. "
                "Please see https://aka.ms/arm-deploy for usage details."
            )
            raise invalid_template(message)
        return source


def _key(link: TemplateLink) -> str:
    return f"{link.shown()['uri']}#{hashlib.sha256(link.address.encode()).hexdigest()[:16]}"


def _read(text: str, link: TemplateLink) -> JsonDocument:
    shown = link.shown()["uri"]
    try:
        document = read_json(text, file=shown)
    except JsonSyntaxError as wrong:
        message = f"Error parsing the content of '{shown}': {wrong}"
        raise invalid_template(message, line=wrong.line, column=wrong.column) from wrong
    except TemplateError as wrong:
        raise invalid_template(str(wrong)) from wrong
    if not isinstance(document.value, dict):
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
