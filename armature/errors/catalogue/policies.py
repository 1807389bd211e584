"""Codes of rules that somebody made: Azure Policy, and Microsoft's own."""

from armature.errors.entry import LEARN, TROUBLESHOOTING, entry
from armature.errors.model import FailureClass

_POLICY = (
    "Policy {definition}, assigned as {assignment}, forbids it. See what it asks for: az policy assignment show --name "
    "{assignmentName} --scope {assignmentScope}. Change the resource to what the policy allows, or ask the policy's "
    "owner for an exemption."
)

ENTRIES = (
    *(
        entry(code, FailureClass.POLICY, _POLICY, f"{TROUBLESHOOTING}error-policy-requestdisallowedbypolicy")
        for code in ("RequestDisallowedByPolicy", "DisallowedByPolicy", "PolicyViolation")
    ),
    entry(
        "RequestDisallowedByAzure",
        FailureClass.POLICY,
        "Azure itself does not let this subscription use region {region}. Deploy to a region that is allowed, or ask "
        "support for access.",
        f"{TROUBLESHOOTING}error-region-access-policy",
    ),
    entry(
        "DenyPublicEndpointEnabled",
        FailureClass.POLICY,
        "The server denies public access, and the resource needs it. Use a private endpoint, or allow public access.",
        f"{LEARN}azure-sql/database/connectivity-settings",
    ),
)
