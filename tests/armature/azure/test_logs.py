"""Nothing that the gateways do leaves a token, a SAS or a key in a log, even where everything is logged."""

import io
import logging
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.arm import ArmGateway
from armature.azure.artifacts import ArtifactAccount, ArtifactStorage
from armature.azure.bundles import BundleStorage
from armature.azure.documents import DocumentStore
from armature.azure.models import DeploymentBody
from armature.clouds import Cloud
from armature.errors import FailureError
from armature.plan import DeploymentScopeTarget
from armature.request import BundleReference
from armature.settings import Settings


def test_no_secret_is_logged_at_debug(
    settings: Settings,
    cloud: Cloud,
    credential: TokenCredential,
    account: ArtifactAccount,
    arm: ArmGateway,
    fresh_name: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    artifacts, bundles, name = ArtifactStorage(cloud, credential), BundleStorage(settings, credential), fresh_name()
    documents = DocumentStore(settings.storage_blob_endpoint, name, credential)

    artifacts.upload(account, name, "x.json", io.BytesIO(b"{}"), 2)
    sas = artifacts.read_sas(account, name)
    url, _ = bundles.upload_url(name)
    bundles.store(name, io.BytesIO(b"zip"))
    bundles.open(BundleReference(id=name)).read()
    documents.append("a", ["line"])
    arm.ensure_resource_group(name, "eastus2", {})
    body = DeploymentBody(template_uri=artifacts.blob_uri(account, name, "x.json"), query_string=sas)
    scope = DeploymentScopeTarget(subscription=arm.subscription, resource_group=name)
    with pytest.raises(FailureError) as refused:  # {} is no template: ARM refuses it and may quote its link
        arm.put_deployment(scope, "d", body)

    said = caplog.text + repr(refused.value.failure)
    token = credential.get_token(cloud.scope).token
    signatures = [parse_qs(query.partition("?")[2] or query)["sig"][0] for query in (sas, url)]
    assert token not in said
    assert "Bearer" not in said
    assert all(signature not in said and signature[:12] not in said for signature in signatures)
    assert "sig=" not in said
