"""Codes of resource providers, types and features that a subscription is not registered for."""

from armature.errors.entry import LEARN, TROUBLESHOOTING, Condition, entry
from armature.errors.facts import is_served
from armature.errors.model import FailureClass, Recovery

_PAGE = f"{TROUBLESHOOTING}error-register-resource-provider"
_REGISTER = (
    "Armature registers {namespace} and tries again. By hand: az provider register -n {namespace} --wait. Whoever "
    "registers needs the right Microsoft.Resources/subscriptions/providers/register/action, as Contributors have it."
)

ENTRIES = (
    *(
        entry(code, FailureClass.NOT_REGISTERED, _REGISTER, _PAGE)
        for code in (
            "MissingSubscriptionRegistration",
            "SubscriptionNotRegistered",
            "InvalidSubscriptionRegistrationState",
            "MissingRegistrationForLocation",
        )
    ),
    entry(
        "NoRegisteredProviderFound",
        FailureClass.NOT_REGISTERED,
        _REGISTER,
        _PAGE,
        when=Condition("the API version and location that it names are among those that it lists", is_served),
    ),
    entry(
        "NoRegisteredProviderFound",
        FailureClass.TEMPLATE,
        "Type {type} is not served with API version {apiVersion} in {location}. API versions there are: {apiVersions}. "
        "Locations there are: {locations}. Correct apiVersion or location in the template.",
        _PAGE,
    ),
    entry(
        "ResourceTypeNotRegistered",
        FailureClass.NOT_REGISTERED,
        "The subscription can't use this resource type: it may be in preview, or not offered in this cloud. Register "
        "the feature that it belongs to, or use another type.",
        f"{LEARN}azure-resource-manager/management/resource-providers-and-types",
        recovery=Recovery.FAIL,
    ),
    entry(
        "FeatureNotRegistered",
        FailureClass.NOT_REGISTERED,
        "Register the preview feature: az feature register --namespace {featureNamespace} --name {feature}. Wait until "
        "az feature show says Registered, register the provider again (az provider register), then deploy again.",
        f"{LEARN}azure-resource-manager/management/preview-features",
        recovery=Recovery.FAIL,
    ),
)
