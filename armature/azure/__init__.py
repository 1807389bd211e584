"""Gateways to Azure: the only place that imports Azure SDKs. Models in, models out, failures classified.

    arm.ArmGateway               resource groups, deployments, resources of one subscription
    provisioning                 the artifact storage account of a subscription and location: found, or deployed
    artifacts.ArtifactStorage    packages and templates in that account, and the SAS that let ARM read them
    bundles.BundleStorage        bundles in the app's own account: stored, opened by range reads
    documents.DocumentStore      small documents in the app's own account, changed by compare-and-swap
    identity                     the app's credential and who it is
    tokens                       tokens that are renewed when a service refuses them
    brief_retries                what fails for a moment is tried again at once, for a few seconds
    failures                     every exception of the SDKs as one FailureError

Importing this package quiets the loggers of the SDKs: urllib3 writes the whole URL of each request at DEBUG, SAS
included, and the SDKs each request at INFO, which is noise beside our own log.
"""

import logging

for _name in ("azure", "urllib3", "msal"):
    logging.getLogger(_name).setLevel(logging.WARNING)
