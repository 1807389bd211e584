"""Packages and templates in the artifact storage account, and the SAS with which ARM reads them.

packages/{sha256}/{name}                 content-addressed, shared by all deployments, kept
templates-{deploymentId}/{path}          one container a deployment, so that a SAS opens no other; deleted in time
"""

import time
from contextlib import suppress
from typing import BinaryIO

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from armature.azure.arm import ArmGateway
from armature.azure.blobs import BlobEndpoint, blob_service
from armature.azure.failures import storage_failures
from armature.azure.identity import principal_id
from armature.azure.provisioning import ArtifactAccount, find_account, start_provisioning
from armature.azure.sas import SasSigner, sas_signer
from armature.azure.uploads import Expected, UploadResult, upload_stream
from armature.clouds import Cloud

__all__ = ["PACKAGES_CONTAINER", "ArtifactAccount", "ArtifactStorage", "UploadResult", "templates_container"]

PACKAGES_CONTAINER = "packages"
FOUND_FOR_SECONDS = 60.0
"""How long a ready account is taken as found, so that a hundred activities a minute don't each ask ARM three times."""


def templates_container(deployment_id: str) -> str:
    """The container of a deployment's templates."""
    return f"templates-{deployment_id}"


class ArtifactStorage:
    """The artifact storage accounts, one per subscription and location, as the app's identity reaches them."""

    def __init__(self, cloud: Cloud, credential: TokenCredential) -> None:
        self._cloud = cloud
        self._credential = credential
        self._found: dict[tuple[str, str], tuple[float, ArtifactAccount]] = {}

    def find(self, arm: ArmGateway, location: str) -> ArtifactAccount | None:
        """The account for that place, or None when it is to be provisioned (see `provisioning.find_account`).

        A ready one is remembered for `FOUND_FOR_SECONDS`. Changes nothing in Azure.
        """
        place = (arm.subscription, location)
        found_at, remembered = self._found.get(place, (0.0, None))
        if remembered is not None and time.monotonic() - found_at < FOUND_FOR_SECONDS:
            return remembered
        account = find_account(arm, location)
        if account is not None and account.is_ready:
            self._found[place] = (time.monotonic(), account)
        return account

    def start_provisioning(self, arm: ArmGateway, location: str) -> None:
        """Have ARM make the account; returns while it works. A second run leaves what is under way alone.

        Raises:
            FailureError: ARM refuses, or refused lately for good, to make it.
        """
        start_provisioning(arm, location, principal_id(self._credential, self._cloud))

    def check_access(self, account: ArtifactAccount) -> None:
        """Make sure that the app may use the account's blobs: a role takes up to ten minutes to be seen (Azure RBAC
        troubleshooting, 2025), a new account's address a moment. Changes nothing.

        Raises:
            FailureError: storage refused (yet), or could not be reached (yet).
        """
        packages = blob_service(BlobEndpoint.of(account.blob_endpoint), self._credential).get_container_client(
            PACKAGES_CONTAINER
        )
        with storage_failures(), suppress(ResourceNotFoundError):
            packages.get_container_properties()

    def has_container(self, account: ArtifactAccount, container: str) -> bool:
        """Whether the account has a container of that name. Changes nothing."""
        service = blob_service(BlobEndpoint.of(account.blob_endpoint), self._credential)
        with storage_failures():
            return bool(service.get_container_client(container).exists())

    def upload(
        self,
        account: ArtifactAccount,
        container: str,
        name: str,
        stream: BinaryIO,
        size: int,
        sha256: str | None = None,
        *,
        overwrite: bool = False,
    ) -> UploadResult:
        """Stream a file into a blob, unless it is there: in flat memory, verified, visible only when whole.

        `size` in bytes and `sha256` (hex) are what the stream must turn out to be. A second run finds the blob and
        writes nothing; one after a killed run writes it anew.

        Raises:
            FailureError: storage refused; SizeMismatch, TooLarge, ChecksumMismatch: nothing is visible then.
        """
        service = blob_service(BlobEndpoint.of(account.blob_endpoint), self._credential)
        expected = Expected(size=size, sha256=sha256)
        return upload_stream(service.get_container_client(container), name, stream, expected, overwrite=overwrite)

    def read(self, account: ArtifactAccount, container: str, name: str, max_bytes: int) -> bytes | None:
        """The content of a blob, None when it is not there or larger than `max_bytes`. Changes nothing.

        Raises:
            FailureError: storage refused or could not be reached.
        """
        service = blob_service(BlobEndpoint.of(account.blob_endpoint), self._credential)
        blob = service.get_blob_client(container, name)
        with storage_failures():
            try:
                stream = blob.download_blob(length=max_bytes + 1, offset=0)
                content = stream.readall()
            except (ResourceNotFoundError, ResourceModifiedError):
                return None
        return content if len(content) <= max_bytes else None

    def read_sas(self, account: ArtifactAccount, container: str, blob: str | None = None) -> str:
        """A SAS (a query string without question mark) to read one container, or one blob of it, for an hour, by HTTPS.

        A second run makes another. For ARM, in the activity that calls it: neither stored nor logged.
        """
        signer = self._signer(account)
        return (signer.read_container(container) if blob is None else signer.read_blob(container, blob)).token

    def blob_uri(self, account: ArtifactAccount, container: str, name: str) -> str:
        """The plain address of a blob, without a SAS."""
        return BlobEndpoint.of(account.blob_endpoint).blob_url(container, name)

    def _signer(self, account: ArtifactAccount) -> SasSigner:
        return sas_signer(BlobEndpoint.of(account.blob_endpoint), self._credential)
