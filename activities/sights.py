"""What a check looks at: one reading of ARM or of an endpoint for each, handed to its verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from activities.matching import PatternTooSlowError, is_found
from activities.parameters import package_uri
from activities.standing import artifact_account
from armature.azure.arm import ArmGateway
from armature.azure.artifacts import PACKAGES_CONTAINER
from armature.azure.services import Services
from armature.checks import CheckKind, verdicts
from armature.checks.declared import EndpointDeclaration
from armature.checks.facts import SiteFacts
from armature.checks.planning import Check, ChecksDocument, app_key, group_of, is_of_deployment
from armature.checks.verdicts import Finding
from armature.outbound import OutboundError, OutboundPolicy, OutboundRequest, networks_of, send
from armature.plan import Plan

MAX_REDIRECTS = 5
LISTED_FROM = 3
"""Resources of one group that are looked at together from which on one list costs less than reading each."""

_NOT_OF_DEPLOYMENT = verdicts.failed(
    "It is not of this deployment, nor in a resource group that it deploys to.",
    "Check the properties of what the bundle deploys.",
)


_NOT_ASKED_ABOUT = verdicts.warned(
    "Azure Resource Manager can't be asked about an id of this form.", "See in the portal whether it is there."
)


@dataclass
class Sights:
    """The looks of one activity. `states` are provisioning states that a list has told, by id in lower case."""

    services: Services
    plan: Plan
    plan_id: str
    document: ChecksDocument
    resources: tuple[str, ...]
    states: dict[str, str] = field(default_factory=dict)

    def list_groups_of(self, ids: Iterable[str | None]) -> None:
        """Have the lists tell the provisioning states of resources where many are of one group."""
        groups = [group for id_ in ids if id_ is not None and (group := group_of(id_)) is not None]
        for group in dict.fromkeys(groups):
            if groups.count(group) >= LISTED_FROM:
                self.states |= self._arm(group).provisioning_states(group.rpartition("/")[2])

    def of(self, check: Check) -> Finding:
        """What one look at what the check is of comes to.

        Raises:
            FailureError: ARM refuses, or could not be reached.
        """
        match check.kind:
            case CheckKind.RESOURCE:
                return self._resource(check)
            case CheckKind.FUNCTION_APP:
                return self._site(check)
            case CheckKind.HEALTH:
                return self._health(check)
            case CheckKind.PROPERTY:
                return self._property(check)
            case CheckKind.ENDPOINT:
                return self._endpoint(check)

    def _arm(self, resource_id: str) -> ArmGateway:
        """The gateway to the subscription that an id names, else to the plan's."""
        segments = resource_id.split("/")
        is_named = len(segments) > 2 and segments[1].lower() == "subscriptions"
        return self.services.arm(segments[2] if is_named else self.plan.subscription)

    def _value(self, output: str) -> Any:
        return output_value(self.services, self.plan, self.plan_id, output)

    def _resource(self, check: Check) -> Finding:
        id_ = _id(check)
        listed = self.states.get(id_.lower(), "")
        if listed.lower() == "succeeded":  # all else may be the list's lag
            return verdicts.resource_verdict(True, listed)
        try:
            document = self._arm(id_).read_resource(id_)
        except ValueError:  # an id of a form that no provider serves
            return _NOT_ASKED_ABOUT
        properties = (document or {}).get("properties")
        state = properties.get("provisioningState") if isinstance(properties, dict) else None
        return verdicts.resource_verdict(document is not None, str(state or ""))

    def _property(self, check: Check) -> Finding:
        wanted = check.expectation
        if wanted is None:
            raise ValueError(f"{check.key} expects nothing")
        id_ = self._value(wanted.output) if wanted.output is not None else check.resource_id
        if id_ is None:
            return verdicts.property_verdict(None, wanted)
        if not isinstance(id_, str) or not is_of_deployment(id_, self.plan, self.resources):
            return _NOT_OF_DEPLOYMENT
        try:
            return verdicts.property_verdict(self._arm(id_).read_resource(id_), wanted)
        except ValueError:  # it is no resource's id
            return _NOT_OF_DEPLOYMENT

    def _site(self, check: Check) -> Finding:
        id_ = check.resource_id
        facts = self._arm(id_).site_facts(id_) if id_ is not None else None
        if facts is None or not facts.is_function_app:
            return verdicts.site_verdict(facts, check.functions, expects_content=check.expects_content)
        packages = self._packages(check, facts)
        if packages and facts.deployment_container is not None:
            facts = facts.model_copy(update={"package": self._released(_id(check), facts.deployment_container)})
        return verdicts.site_verdict(facts, check.functions, expects_content=check.expects_content, packages=packages)

    def _packages(self, check: Check, facts: SiteFacts) -> tuple[str, ...]:
        """The addresses of the packages that the app may run from: the one that is attached to it, or those that were
        handed to its template if it runs from one of ours."""
        template = next((each for each in self.plan.templates if each.name == check.template), None)
        if template is None or not template.uses_packages:
            return ()
        attached = [
            each.package for each in template.attachments if app_key(each.function_app) == app_key(check.subject)
        ]
        handed = [binding.package for binding in template.parameters.values() if binding.package is not None]
        if not attached and (not handed or facts.package is None):
            return ()
        account = artifact_account(self.services, self.plan)
        ours = self.services.artifacts.blob_uri(account, PACKAGES_CONTAINER, "")
        if not attached and not str(facts.package).startswith(ours):
            return ()
        return tuple(package_uri(self.services, account, self.plan, name) for name in attached or handed)

    def _released(self, site_id: str, container: str) -> str:
        """The address of the package that an app on Flex Consumption was last given, as far as Azure tells; that of its
        own container when somebody else has deployed to it since, or the app keeps packages elsewhere now."""
        known, last = self.services.releases.last(site_id), self._arm(site_id).last_release(site_id)
        if known is None or known.link is not None or known.container != container or last != known.number:
            return container
        account = artifact_account(self.services, self.plan)
        return self.services.artifacts.blob_uri(account, PACKAGES_CONTAINER, known.package)

    def _health(self, check: Check) -> Finding:
        group = _id(check)
        mine = {id_.lower() for id_ in self.document.resources_in(group)}
        reported = self._arm(group).health_of_group(group)
        return verdicts.health_verdict([each for each in reported if each.resource_id.lower() in mine], check.severity)

    def _endpoint(self, check: Check) -> Finding:
        declared = check.endpoint
        if declared is None:
            raise ValueError(f"{check.key} names no endpoint")
        uri = verdicts.endpoint_address(declared, self._value(declared.output) if declared.output else None)
        if uri is None:
            return verdicts.failed("The output holds no address.", "Let the output give an https:// address.")
        settings = self.services.settings
        policy = OutboundPolicy(
            allowed_networks=networks_of(settings.endpoint_allowed_networks),
            hosts=settings.endpoint_allowed_hosts or None,
            max_redirects=MAX_REDIRECTS,
            timeout_seconds=settings.endpoint_timeout_seconds,
        )
        try:
            answer = send(OutboundRequest(declared.method, uri, declared.headers), policy)
        except OutboundError as error:
            return verdicts.endpoint_fault_verdict(error)
        try:
            has_match = _matches(declared, answer.body)
        except PatternTooSlowError:
            step = "Give a simpler pattern, without one repetition inside of another."
            return verdicts.failed("The pattern could not be looked for in the body in time.", step)
        return verdicts.endpoint_verdict(
            answer,
            declared,
            has_match=has_match,
            slow_milliseconds=settings.endpoint_slow_milliseconds,
            now=datetime.now(UTC),
        )


def output_value(services: Services, plan: Plan, plan_id: str, name: str) -> Any:
    """The value of an output (TEMPLATE.OUTPUT) that a template has given, None when it has not."""
    wanted, _, output = name.partition(".")
    template = next((each.name for each in plan.templates if each.name.lower() == wanted.lower()), wanted)
    try:
        outputs = services.deployments.outputs(plan_id, template)
    except KeyError:  # it was treated as done, or has not finished
        return None
    return next((value for key, value in outputs.items() if key.lower() == output.lower()), None)


def _id(check: Check) -> str:
    if check.resource_id is None:
        raise ValueError(f"{check.key} names no resource")
    return check.resource_id


def _matches(declared: EndpointDeclaration, body: bytes) -> bool:
    return declared.matches is None or is_found(declared.matches, body.decode(errors="replace"))
