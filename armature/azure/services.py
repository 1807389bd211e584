"""The app's gateways, built once per process from its settings."""

from dataclasses import dataclass
from functools import lru_cache

from azure.core.credentials import TokenCredential

from armature.azure.arm import ArmGateway
from armature.azure.artifacts import ArtifactStorage
from armature.azure.blobs import BlobEndpoint
from armature.azure.bundles import BundleStorage
from armature.azure.checks import CheckStore
from armature.azure.cleaning import CleanUpStore
from armature.azure.deployments import DeploymentStore
from armature.azure.documents import DocumentStore
from armature.azure.identity import credential
from armature.azure.metadata import described_cloud
from armature.azure.previews import PreviewStore
from armature.azure.releases import ReleaseStore
from armature.azure.retention import RetentionStore
from armature.azure.rollbacks import RollbackStore
from armature.clouds import Cloud, cloud_of
from armature.settings import Settings, load_settings


@dataclass(frozen=True)
class Services:
    """Everything that an activity or a trigger may touch."""

    settings: Settings
    cloud: Cloud
    credential: TokenCredential
    deployments: DeploymentStore
    bundles: BundleStorage
    artifacts: ArtifactStorage
    rollbacks: RollbackStore
    clean_ups: CleanUpStore
    retention: RetentionStore
    previews: PreviewStore
    checks: CheckStore
    releases: ReleaseStore

    @property
    def app_name(self) -> str:
        """What tells the app from others: the name of its own storage account, which no other in the cloud has."""
        return BlobEndpoint.of(self.settings.storage_blob_endpoint).account

    def arm(self, subscription: str) -> ArmGateway:
        """The gateway to one subscription. Gateways of one process share connections and tokens."""
        return ArmGateway(self.cloud, self.credential, subscription)


@lru_cache(maxsize=1)
def services() -> Services:
    """The services of this process. Threads share them.

    Raises:
        pydantic.ValidationError: a setting is missing or wrong; the message names it.
        UnknownCloudError: the cloud is none of the table's, and neither the settings nor its ARM describe it.
    """
    settings = load_settings()
    cloud = cloud_of(settings, described_cloud(settings))
    token_credential = credential(settings, cloud)
    documents = DocumentStore(settings.storage_blob_endpoint, "deployments", token_credential)
    deployments = DeploymentStore(documents)
    return Services(
        settings=settings,
        cloud=cloud,
        credential=token_credential,
        deployments=deployments,
        bundles=BundleStorage(settings, token_credential),
        artifacts=ArtifactStorage(cloud, token_credential),
        rollbacks=RollbackStore(documents),
        clean_ups=CleanUpStore(documents),
        retention=RetentionStore(documents, deployments),
        previews=PreviewStore(documents),
        checks=CheckStore(documents),
        releases=ReleaseStore(documents),
    )
