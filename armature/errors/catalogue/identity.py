"""Codes of signing in: the app's credential, Microsoft Entra, and tokens that ARM does not take.

Source of the AADSTS codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes (2025-11).
"""

from armature.errors.entry import LEARN, entry, says
from armature.errors.model import FailureClass, Recovery

_IDENTITY = f"{LEARN}app-service/overview-managed-identity"
_AADSTS = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_ARM_TOKENS = "https://learn.microsoft.com/rest/api/azure/#create-the-request"
_CREDENTIAL = (
    "Give the app a managed identity (or sign in with az login on a developer's machine), and set AZURE_CLIENT_ID when "
    "the identity is user-assigned."
)
_FRESH = "Armature asks again with a fresh token. If it goes on, look at the clock of the machine that the app runs on."
_AUDIENCE = (
    "Armature asks again with a fresh token. If it goes on, see that AZURE_CLOUD names the subscription's cloud."
)

ENTRIES = (
    entry("CredentialUnavailable", FailureClass.AUTHORIZATION, _CREDENTIAL, _IDENTITY),
    entry(
        "IdentityEndpointUnreachable",
        FailureClass.TRANSIENT,
        "The platform's identity endpoint does not answer. Armature asks again until it does. If it goes on, restart "
        "the app.",
        _IDENTITY,
        recovery=Recovery.OUTWAIT,
    ),
    entry(
        "PrincipalUnknown",
        FailureClass.AUTHORIZATION,
        "The token does not say whose it is. Let the app use a managed identity or a service principal.",
        _IDENTITY,
    ),
    entry(
        "AADSTS90033",
        FailureClass.TRANSIENT,
        "Microsoft Entra is out of order for a moment. Armature asks again until it answers.",
        _AADSTS,
        recovery=Recovery.OUTWAIT,
    ),
    entry("AADSTS700024", FailureClass.AUTHORIZATION, _FRESH, _AADSTS, recovery=Recovery.OUTWAIT),
    entry(
        "AADSTS7000215",
        FailureClass.AUTHORIZATION,
        "The client secret is wrong (its id may have been taken for its value). Set AZURE_CLIENT_SECRET anew, or "
        "better, use a managed identity.",
        _AADSTS,
    ),
    entry(
        "AADSTS7000222",
        FailureClass.AUTHORIZATION,
        "The client secret has expired. Make a new one for application {application}. Better, use a managed identity.",
        _AADSTS,
    ),
    entry(
        "AADSTS700016",
        FailureClass.AUTHORIZATION,
        "Application {application} is not in tenant {tenant}. Correct AZURE_CLIENT_ID and AZURE_TENANT_ID, or let an "
        "administrator of the tenant consent to the application.",
        _AADSTS,
    ),
    entry(
        "AADSTS90002",
        FailureClass.AUTHORIZATION,
        "There is no tenant {tenant} in this cloud. Correct AZURE_TENANT_ID, and see that AZURE_CLOUD names the "
        "tenant's cloud.",
        _AADSTS,
    ),
    entry(
        "AADSTS500011",
        FailureClass.AUTHORIZATION,
        "The tenant does not know what the token was asked for. See that AZURE_CLOUD names the tenant's cloud, and "
        "that ARMATURE_ARM_AUDIENCE, if it is set, is right.",
        _AADSTS,
    ),
    entry(
        "AADSTS70021",
        FailureClass.AUTHORIZATION,
        "No federated credential fits the token that was shown. Compare its issuer and subject with the federated "
        "credential of the application or identity.",
        _AADSTS,
    ),
    entry(
        "AADSTS53003",
        FailureClass.AUTHORIZATION,
        "A Conditional Access policy refuses the sign-in. Ask its owner to let the app's identity through.",
        _AADSTS,
    ),
    entry("ExpiredAuthenticationToken", FailureClass.AUTHORIZATION, _FRESH, _ARM_TOKENS, recovery=Recovery.OUTWAIT),
    entry(
        "InvalidAuthenticationTokenAudience",
        FailureClass.AUTHORIZATION,
        _AUDIENCE,
        _ARM_TOKENS,
        recovery=Recovery.OUTWAIT,
    ),
    entry(
        "InvalidAuthenticationToken",
        FailureClass.AUTHORIZATION,
        _AUDIENCE,
        _ARM_TOKENS,
        recovery=Recovery.OUTWAIT,
        when=says("audience"),
    ),
    entry(
        "InvalidAuthenticationToken",
        FailureClass.AUTHORIZATION,
        _FRESH,
        _ARM_TOKENS,
        recovery=Recovery.OUTWAIT,
        when=says("expired", "expiry", "lifetime", "not yet valid"),
    ),
    entry(
        "InvalidAuthenticationToken",
        FailureClass.AUTHORIZATION,
        "ARM does not take the app's token. See that AZURE_CLOUD names the subscription's cloud.",
        _ARM_TOKENS,
    ),
    entry(
        "InvalidAuthenticationTokenTenant",
        FailureClass.AUTHORIZATION,
        "The subscription belongs to another tenant than the app's identity: tenant {rightTenant}. Deploy with an app "
        "whose identity lives in the subscription's tenant.",
        _ARM_TOKENS,
    ),
    entry(
        "AuthenticationFailedInvalidHeader",
        FailureClass.AUTHORIZATION,
        "The request reached ARM without a proper token: look for a proxy that changes headers.",
        _ARM_TOKENS,
    ),
)
