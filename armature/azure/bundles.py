"""Bundles in the app's own storage account: stored, uploaded to by callers, opened by range requests."""

import re
from datetime import datetime
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from armature.azure.blobs import BlobEndpoint, blob_at, blob_service, delete_unless_changed, ensuring_container
from armature.azure.failures import storage_failures
from armature.azure.ranges import BlobFile, open_blob
from armature.azure.sas import sas_signer
from armature.azure.uploads import Expected, upload_stream
from armature.errors import FailureClass, FailureError, failure
from armature.request import BUNDLE_ID_PATTERN, BundleReference
from armature.retention import Stored
from armature.settings import Settings

BUNDLES_CONTAINER = "bundles"

_SUFFIX = ".zip"


class BundleStorage:
    """The bundles that deployments are started from."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._credential = credential
        self._endpoint = BlobEndpoint.of(settings.storage_blob_endpoint)
        self._container = blob_service(self._endpoint, credential).get_container_client(BUNDLES_CONTAINER)
        self._signer = sas_signer(self._endpoint, credential)
        self._allowed_hosts = frozenset(host.lower() for host in settings.allowed_bundle_hosts)
        self._max_bytes = settings.max_bundle_bytes

    def store(self, bundle_id: str, stream: BinaryIO) -> int:
        """Keep a bundle under its id; the number of bytes written. A second run finds it and writes nothing (0).

        Raises:
            FailureError: TooLarge: it has more bytes than the settings allow; storage refused.
        """
        expected = Expected(max_size=self._max_bytes)
        return upload_stream(self._container, _blob_name(bundle_id), stream, expected).bytes_written

    def upload_url(self, bundle_id: str) -> tuple[str, datetime]:
        """An address to upload a bundle to, with a SAS that writes that one blob and reads nothing, and its end.

        A second run gives another such address. It is for the caller and is neither stored nor logged.
        """
        with storage_failures():
            ensuring_container(self._container, self._container.get_container_properties)
        sas = self._signer.write_blob(BUNDLES_CONTAINER, _blob_name(bundle_id))
        return f"{self._endpoint.blob_url(BUNDLES_CONTAINER, _blob_name(bundle_id))}?{sas.token}", sas.expires_at

    def open(self, reference: BundleReference, etag: str | None = None) -> BlobFile:
        """The bundle as a seekable file that is read by range requests. Changes nothing.

        Raises:
            FailureError: BundleNotFound, BundleUriRefused (a host that is not allowed); storage refused; BundleChanged,
                also while reading: another version than `etag`, or than was opened, is there.
        """
        blob = self._blob(reference)
        try:
            return open_blob(blob, etag)
        except FailureError as error:
            if error.failure.failure_class is not FailureClass.MISSING_DEPENDENCY:
                raise
            where = reference.id or f"that address on {urlsplit(reference.uri or '').hostname}"
            raise FailureError(
                failure(
                    FailureClass.MISSING_DEPENDENCY,
                    "BundleNotFound",
                    f"There is no bundle {where}.",
                    "Upload the bundle first (POST /api/bundles) and start the deployment with the id it answers.",
                )
            ) from None

    def stored(self) -> list[Stored]:
        """The bundles that are kept, by their ids. Changes nothing."""
        with storage_failures():
            try:
                blobs = list(self._container.list_blobs())
            except ResourceNotFoundError:  # nobody has uploaded one yet
                return []
        return [
            Stored(
                name=str(blob.name).removesuffix(_SUFFIX),
                etag=str(blob.etag),
                size=int(blob.size),
                changed_at=blob.last_modified,
            )
            for blob in blobs
            if re.fullmatch(BUNDLE_ID_PATTERN, str(blob.name).removesuffix(_SUFFIX))
        ]

    def delete(self, bundle: Stored) -> bool:
        """Delete a bundle unless it was written again since it was listed; then False. Twice: gone is success."""
        with storage_failures():
            return delete_unless_changed(self._container.get_blob_client(_blob_name(bundle.name)), bundle.etag)

    def _blob(self, reference: BundleReference) -> BlobClient:
        if reference.id is not None:
            return self._container.get_blob_client(_blob_name(reference.id))
        uri = reference.uri or ""
        if uri.startswith(f"{self._endpoint.url}/"):
            return self._own_blob(uri)
        parts = urlsplit(uri)
        hosts = {parts.netloc.lower(), (parts.hostname or "").lower()}
        if parts.scheme != "https" or "@" in parts.netloc or parts.query or not hosts & self._allowed_hosts:
            raise _refusal(f"Bundles may not be read from {parts.hostname or 'there'}.")
        return blob_at(uri, self._credential)

    def _own_blob(self, uri: str) -> BlobClient:
        """Of our own account our identity reads bundles for callers, and nothing else."""
        prefix = f"{self._endpoint.url}/{BUNDLES_CONTAINER}/"
        name = unquote(uri.removeprefix(prefix))
        leads_elsewhere = any(segment in ("", ".", "..") for segment in name.split("/"))  # once the client resolves it
        if not uri.startswith(prefix) or "?" in uri or leads_elsewhere:
            raise _refusal("Of the app's own storage only bundles may be read.")
        return self._container.get_blob_client(name)


def _refusal(message: str) -> FailureError:
    suggestion = "Upload the bundle (POST /api/bundles), or add its host to ARMATURE_ALLOWED_BUNDLE_HOSTS."
    return FailureError(failure(FailureClass.TEMPLATE, "BundleUriRefused", message, suggestion))


def _blob_name(bundle_id: str) -> str:
    return f"{bundle_id}{_SUFFIX}"
