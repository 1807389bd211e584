"""What Azure's refusal to look at a template says about the template: that it would not be deployed, or nothing yet."""

from armature.errors import Failure, FailureClass
from armature.plan import DeploymentScopeTarget
from armature.preview.model import TemplateVerdict

_REFUSING = frozenset(
    {FailureClass.TEMPLATE, FailureClass.POLICY, FailureClass.AUTHORIZATION, FailureClass.QUOTA, FailureClass.UNKNOWN}
)
_WHATEVER_IS_OPEN = frozenset({FailureClass.POLICY, FailureClass.AUTHORIZATION})
_NOT_AZURES = frozenset(
    {
        "bundlechanged",
        "bundlenotfound",
        "bundleunreadable",
        "bundleurirefused",
        "foreignlink",
        "requestcontenttoolarge",
        "templatenotinlined",
        "unforeseenfault",
        "whatiftimedout",
    }
)
"""Why Armature could not even ask, or was not answered."""

_ASKING = ("microsoft.resources/deployments/whatif/action", "microsoft.resources/deployments/validate/action")
_GROUP_MISSING = "resourcegroupnotfound"


def verdict_of(failure: Failure, *, is_open: bool, has_others: bool) -> TemplateVerdict:
    """What a failure that is not worth another try says of the template.

    `is_open`: it was previewed without a value that it needs. `has_others`: other templates of the deployment may make
    what it misses. Who may not ask Azure what would be may still be allowed to deploy.
    """
    if failure.code.lower() in _NOT_AZURES or _is_about_asking(failure):
        return TemplateVerdict.UNKNOWN
    if failure.failure_class is FailureClass.MISSING_DEPENDENCY:
        return TemplateVerdict.UNKNOWN if has_others or is_open else TemplateVerdict.REFUSED
    if is_open and failure.failure_class not in _WHATEVER_IS_OPEN:
        return TemplateVerdict.UNKNOWN
    return TemplateVerdict.REFUSED if failure.failure_class in _REFUSING else TemplateVerdict.UNKNOWN


def misses_own_group(failure: Failure, scope: DeploymentScopeTarget) -> bool:
    """True when all that Azure says is that the resource group which the template goes to is not there."""
    if scope.resource_group is None:
        return False
    name = f"'{scope.resource_group}'".lower()
    told = [(failure.code, failure.message), *((cause.code, cause.message) for cause in failure.causes)]
    return any(code.lower() == _GROUP_MISSING and name in message.lower() for code, message in told)


def _is_about_asking(failure: Failure) -> bool:
    text = " ".join([failure.message, *(cause.message for cause in failure.causes)]).lower()
    return failure.failure_class is FailureClass.AUTHORIZATION and any(action in text for action in _ASKING)
