"""Packages and templates in the artifact storage account, and the SAS with which ARM reads them.

packages/{sha256}/{name}                 content-addressed, shared by all deployments; metadata `lastused`: when a later
                                         deployment last found it there
templates-{deploymentId}/{path}          one container a deployment, so that a SAS opens no other; deleted in time
apps/{app}                               one for each app that keeps artifacts here: nobody else knows what it needs
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from armature.azure.arm import ArmGateway
from armature.azure.blobs import BlobEndpoint, blob_service, delete_unless_changed
from armature.azure.documents import DocumentStore
from armature.azure.failures import storage_failures
from armature.azure.identity import principal_id
from armature.azure.provisioning import ArtifactAccount, find_account, grant_access, role_command, start_provisioning
from armature.azure.sas import SasSigner, sas_signer
from armature.azure.uploads import Expected, UploadResult, upload_stream
from armature.clouds import Cloud
from armature.retention import Stored

__all__ = ["PACKAGES_CONTAINER", "ArtifactAccount", "ArtifactStorage", "UploadResult", "templates_container"]

PACKAGES_CONTAINER = "packages"
APPS_CONTAINER = "apps"
_TEMPLATES_PREFIX = "templates-"
FOUND_FOR_SECONDS = 60.0
"""How long a ready account is taken as found, so that a hundred activities a minute don't each ask ARM three times."""

GRANTED_FOR_SECONDS = 600.0
"""A role takes up to ten minutes to be seen (Azure RBAC troubleshooting, 2025): until then it is not given again."""


def templates_container(deployment_id: str) -> str:
    """The container of a deployment's templates."""
    return f"{_TEMPLATES_PREFIX}{deployment_id}"


class ArtifactStorage:
    """The artifact storage accounts, one per subscription and location, as the app's identity reaches them."""

    def __init__(self, cloud: Cloud, credential: TokenCredential) -> None:
        self._cloud = cloud
        self._credential = credential
        self._found: dict[tuple[str, str], tuple[float, ArtifactAccount]] = {}
        self._granted: dict[str, tuple[float, bool]] = {}

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

    def forget(self, arm: ArmGateway, location: str) -> None:
        """Find the account anew when it is next asked for: it may have become another, or private."""
        self._found.pop((arm.subscription, location), None)

    def start_provisioning(self, arm: ArmGateway, location: str, *, is_private: bool = False) -> None:
        """Have ARM make the account; returns while it works. A second run leaves what is under way alone.

        Raises:
            FailureError: ARM refuses, or refused lately for good, to make it.
        """
        start_provisioning(arm, location, principal_id(self._credential, self._cloud), is_private=is_private)

    def grant_access(self, arm: ArmGateway, account: ArtifactAccount) -> str | None:
        """Give the app its role on an account that another app, or an operator, has made.

        None when it has it now; for an identity that may not give roles, the command that an operator runs. Asked again
        within `GRANTED_FOR_SECONDS` it answers the same and asks nobody. Twice: the role has one name.
        """
        principal = principal_id(self._credential, self._cloud)
        granted_at, is_granted = self._granted.get(account.resource_id, (-GRANTED_FOR_SECONDS, False))
        if time.monotonic() - granted_at >= GRANTED_FOR_SECONDS:
            is_granted = grant_access(arm, account, principal)
            self._granted[account.resource_id] = (time.monotonic(), is_granted)
        return None if is_granted else role_command(account, principal)

    def check_access(self, account: ArtifactAccount) -> None:
        """Make sure that the app may use the account's blobs: a role takes up to ten minutes to be seen (Azure RBAC
        troubleshooting, 2025), a new account's address a moment. Changes nothing.

        Raises:
            FailureError: storage refused (yet), or could not be reached (yet).
        """
        packages = self._service(account).get_container_client(PACKAGES_CONTAINER)
        with storage_failures(), suppress(ResourceNotFoundError):
            packages.get_container_properties()

    def add_app(self, account: ArtifactAccount, app: str) -> None:
        """Note that an app keeps artifacts in the account, before it does. Twice: noted once."""
        DocumentStore(account.blob_endpoint, APPS_CONTAINER, self._credential).create(app, b"{}")

    def apps(self, account: ArtifactAccount) -> frozenset[str]:
        """The apps that keep artifacts in the account. Changes nothing."""
        noted = DocumentStore(account.blob_endpoint, APPS_CONTAINER, self._credential).list()
        return frozenset(entry.path for entry in noted)

    def has_container(self, account: ArtifactAccount, container: str) -> bool:
        """Whether the account has a container of that name. Changes nothing."""
        service = self._service(account)
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
        writes nothing; one after a killed run writes it anew. A package that is found is marked as used, so that
        `delete_package` by an ETag from before fails.

        Raises:
            FailureError: storage refused; SizeMismatch, TooLarge, ChecksumMismatch: nothing is visible then.
        """
        service = self._service(account)
        expected = Expected(size=size, sha256=sha256)
        return upload_stream(
            service.get_container_client(container),
            name,
            stream,
            expected,
            overwrite=overwrite,
            marks_use=container == PACKAGES_CONTAINER,
        )

    def read(self, account: ArtifactAccount, container: str, name: str, max_bytes: int) -> bytes | None:
        """The content of a blob, None when it is not there or larger than `max_bytes`. Changes nothing.

        Raises:
            FailureError: storage refused or could not be reached.
        """
        service = self._service(account)
        blob = service.get_blob_client(container, name)
        with storage_failures():
            try:
                stream = blob.download_blob(length=max_bytes + 1, offset=0)
                content = stream.readall()
            except (ResourceNotFoundError, ResourceModifiedError):
                return None
        return content if len(content) <= max_bytes else None

    def list_packages(self, account: ArtifactAccount) -> Iterator[Stored]:
        """The packages that are kept, a page a request; `changed_at` is when one was written or last found by a
        deployment. Changes nothing."""
        with storage_failures(), suppress(ResourceNotFoundError):  # there is no container before the first package
            for blob in self._service(account).get_container_client(PACKAGES_CONTAINER).list_blobs():
                yield Stored(
                    name=str(blob.name), etag=str(blob.etag), size=int(blob.size), changed_at=blob.last_modified
                )

    def delete_package(self, account: ArtifactAccount, name: str, etag: str) -> bool:
        """Delete a package unless it was written, or found by a deployment, since it was listed; then False.

        Twice: gone is success.
        """
        with storage_failures():
            return delete_unless_changed(self._service(account).get_blob_client(PACKAGES_CONTAINER, name), etag)

    def list_template_containers(self, account: ArtifactAccount) -> Iterator[Stored]:
        """The containers of templates, named by their deployments' ids, a page a request. Changes nothing."""
        with storage_failures():
            for container in self._service(account).list_containers(name_starts_with=_TEMPLATES_PREFIX):
                name = str(container.name).removeprefix(_TEMPLATES_PREFIX)
                yield Stored(name=name, etag=str(container.etag), changed_at=container.last_modified)

    def delete_templates(self, account: ArtifactAccount, deployment_id: str) -> bool:
        """Delete the container of a deployment's templates; False when there is none, so a second run is harmless.

        Storage goes on with it for half a minute, in which a container of that name can't be made (Delete Container).
        """
        with storage_failures():
            try:
                self._service(account).delete_container(templates_container(deployment_id))
            except ResourceNotFoundError:
                return False
            except ResourceExistsError as error:  # how the SDK calls every 409
                if getattr(error, "error_code", None) != StorageErrorCode.CONTAINER_BEING_DELETED:
                    raise
                return False
        return True

    def read_sas(self, account: ArtifactAccount, container: str, blob: str | None = None) -> str:
        """A SAS (a query string without question mark) to read one container, or one blob of it, for an hour, by HTTPS.

        A second run makes another. For ARM, in the activity that calls it: neither stored nor logged.
        """
        signer = self._signer(account)
        return (signer.read_container(container) if blob is None else signer.read_blob(container, blob)).token

    def blob_uri(self, account: ArtifactAccount, container: str, name: str) -> str:
        """The plain address of a blob, without a SAS."""
        return BlobEndpoint.of(account.blob_endpoint).blob_url(container, name)

    def _service(self, account: ArtifactAccount) -> BlobServiceClient:
        return blob_service(BlobEndpoint.of(account.blob_endpoint), self._credential)

    def _signer(self, account: ArtifactAccount) -> SasSigner:
        return sas_signer(BlobEndpoint.of(account.blob_endpoint), self._credential)
