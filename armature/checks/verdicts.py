"""What is seen, judged: pass, warn or fail with a recommendation, or look again until it is warm.

No message holds a body, a header or what could be a secret: of an answer only its status, its time, and whether it had
what was looked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from armature.checks.declared import EndpointDeclaration, PropertyDeclaration, Severity
from armature.checks.facts import HealthFacts, SiteFacts
from armature.checks.model import CheckResult
from armature.checks.places import is_equal, value_at
from armature.errors import Failure
from armature.numbers import count_of
from armature.outbound import OutboundAnswer, OutboundError, OutboundFault
from armature.templates.literals import has_secret, plain_text_secrets

_ENDED_BADLY = frozenset(("failed", "canceled", "deleting"))
_SHOWN = 5
_MAX_SHOWN_VALUE = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look came to. `at_last` is what `waiting` becomes when nobody looks again."""

    result: CheckResult
    message: str
    recommendation: str = ""
    at_last: CheckResult = CheckResult.FAIL
    latency_milliseconds: int | None = None

    def settled(self) -> "Finding":
        """The same when it is not looked at again."""
        return replace(self, result=self.at_last) if self.result is CheckResult.WAITING else self


def passed(message: str) -> Finding:
    """All is well."""
    return Finding(CheckResult.PASS, message)


def warned(message: str, recommendation: str) -> Finding:
    """A person should know of it."""
    return Finding(CheckResult.WARN, message, recommendation)


def failed(message: str, recommendation: str) -> Finding:
    """It is not good, and will not get so by waiting."""
    return Finding(CheckResult.FAIL, message, recommendation)


def waiting(message: str, recommendation: str, at_last: CheckResult = CheckResult.FAIL) -> Finding:
    """It is not good yet."""
    return Finding(CheckResult.WAITING, message, recommendation, at_last)


def unseen(why: Failure) -> Finding:
    """Nothing was seen, for this reason: looked at again when that may help, else a warning, since nothing is known to
    be wrong."""
    message = f"It could not be looked at: {why.code}: {why.message}"[:500]
    return waiting(message, why.suggestion, CheckResult.WARN) if why.is_retried else warned(message, why.suggestion)


# Resources


def resource_verdict(is_there: bool, provisioning_state: str) -> Finding:
    """Of a resource that a template has reported. A type without a provisioning state only has to be there."""
    if not is_there:
        return waiting(
            "Azure reported it as deployed, and does not find it.",
            "See in the activity log of its resource group whether somebody deleted it; deploy again.",
        )
    state = provisioning_state.lower()
    if state in ("", "succeeded"):
        return passed("It is there, and Succeeded." if state else "It is there.")
    if state in _ENDED_BADLY:
        return failed(
            f"It is there, but {provisioning_state}.",
            "Open it in the portal: its activity log tells why. Correct the template, or deploy again.",
        )
    return waiting(
        f"It is there, and {provisioning_state} yet.",
        "Something still changes it: see in its activity log who does.",
        CheckResult.WARN,
    )


# Properties


def property_verdict(document: Any, wanted: PropertyDeclaration) -> Finding:
    """Of a resource's document, None when there is none."""
    if document is None:
        return waiting("There is no such resource.", "Correct the manifest, or the template that should deploy it.")
    found = value_at(document, wanted.property)
    if is_equal(found, wanted.equals):
        return passed(f"It is {_shown(wanted.property, found)}.")
    return waiting(
        f"It is {_shown(wanted.property, found)}, not {_shown(wanted.property, wanted.equals)}.",
        f"Set {wanted.property} in the template that deploys it, or correct the check in the manifest.",
    )


def _shown(place: str, value: Any) -> str:
    """A value in a message, unless it could be a secret, or is long."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return f"an object of {count_of(len(value), 'key')}"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)}"
    name = place.replace("/", ".").rpartition(".")[2]
    if any(plain_text_secrets({name: value})) or has_secret(value) or "sig=" in value:
        return "a text that is not shown"
    return f"'{value}'" if len(value) <= _MAX_SHOWN_VALUE else f"a text of {len(value)} characters"


# Apps


def site_verdict(
    facts: SiteFacts | None, functions: Sequence[str], *, expects_content: bool, packages: Iterable[str] = ()
) -> Finding:
    """Of an app of App Service. `functions` must be listed; `packages` are the addresses that it may run from, any
    when there are none."""
    if facts is None:
        return waiting(
            "There is no such app among what was deployed.",
            "Correct its name in the manifest, or let a template deploy it.",
        )
    if facts.state.lower() != "running":
        if not facts.is_enabled:
            return passed("It is disabled, as it was deployed.")
        return waiting(f"Its state is {facts.state or 'unknown'}, not Running.", "Start it, and see why it stopped.")
    if not facts.is_function_app:
        return (
            failed("It is no function app.", "Correct the check in the manifest.") if functions else passed("Running.")
        )
    wrong = _package_fault(facts, tuple(packages))
    if wrong is not None:
        return wrong
    return _host_verdict(facts, functions, must_answer=expects_content or facts.package is not None)


def _package_fault(facts: SiteFacts, packages: Sequence[str]) -> Finding | None:
    if packages and facts.package is None:
        return waiting(
            "It does not run from a package: WEBSITE_RUN_FROM_PACKAGE names none.",
            "See that no template of the bundle, and nobody else, writes its application settings without it.",
        )
    if packages and facts.package not in packages:
        return waiting(
            "It runs from another package than the one that was deployed.",
            "See who else deploys to it, or writes its application settings.",
        )
    if facts.package is not None and facts.is_content_writable:
        return waiting(
            "Its package is not mounted: the content that it runs is another, and can be written.",
            "Restart it. If that does not help, see that its identity may read the package's container.",
        )
    return None


def _host_verdict(facts: SiteFacts, functions: Sequence[str], *, must_answer: bool) -> Finding:
    errors = "; ".join(facts.host_errors)[:300]
    if facts.host_state is None:
        if not must_answer:
            return passed("Running, and no content was deployed to it: its functions host does not answer.")
        return waiting(
            f"Its functions host does not answer{f': {facts.host_silence}' if facts.host_silence else ''}.",
            "See that its identity may read the package and the storage account of the app, then restart it. The log "
            "stream in the portal tells what its host is at.",
        )
    if facts.host_state.lower() != "running":
        return waiting(
            f"Its functions host is {facts.host_state}{f': {errors}' if errors else ''}.",
            "See the host's errors in the portal; most come from application settings or missing rights on storage.",
        )
    missing = [name for name in functions if name.lower() not in {found.lower() for found in facts.functions}]
    if missing:
        return waiting(
            f"It does not list {_listed(missing)}; it lists {_listed(facts.functions) or 'no function'}.",
            "See in its log why they could not be indexed: an import that fails takes all functions of the app away.",
        )
    if must_answer and not facts.functions:
        return waiting(
            "Its host runs, and it lists no function.",
            "See that the package holds functions at its root, and in the app's log why they could not be indexed.",
        )
    if errors:
        return warned(f"Its host runs with errors: {errors}.", "See the host's errors in the portal.")
    mounted = ", its package mounted" if facts.package is not None else ""
    version = f" {facts.host_version}" if facts.host_version else ""
    return passed(f"Running{mounted}: host{version}, {count_of(len(facts.functions), 'function')}.")


# Health


def health_verdict(reported: Iterable[HealthFacts], severity: Severity) -> Finding:
    """Of the deployed resources of a group, of which Azure reports only some types, and new ones late."""
    found = list(reported)
    if not found:
        return passed("Azure reports the health of none of its resources.")
    bad = [each for each in found if each.state.lower() == "unavailable"]
    planned = [each for each in bad if each.reason.lower() in ("planned", "userinitiated")]
    degraded = [each for each in found if each.state.lower() == "degraded"]
    step = "Open its Resource health in the portal: it tells what Azure knows, and what to do."
    if unplanned := [each for each in bad if each not in planned]:
        at_last = CheckResult.FAIL if severity == "fail" else CheckResult.WARN
        return waiting(f"Unavailable: {_ill(unplanned)}.", step, at_last)
    if planned or degraded:
        parts = [f"{word}: {_ill(some)}" for word, some in (("Unavailable", planned), ("Degraded", degraded)) if some]
        return warned(f"{'. '.join(parts)}.", step)
    available = sum(each.state.lower() == "available" for each in found)
    unknown = ", the others not known yet" if available < len(found) else ""
    return passed(f"{available} of {len(found)} that Azure reports are available{unknown}.")


def _ill(found: Sequence[HealthFacts]) -> str:
    return _listed([f"{each.resource_id.rpartition('/')[2]} ({each.summary or each.state})"[:200] for each in found])


# Endpoints


def endpoint_address(declared: EndpointDeclaration, output: Any) -> str | None:
    """The address to call: the declared one, or what an output holds, with the path; None when that is no text."""
    base = declared.uri if declared.uri is not None else output
    if not isinstance(base, str) or not base:
        return None
    if "://" not in base:
        base = f"https://{base}"
    return f"{base.rstrip('/')}{declared.path}" if declared.path is not None else base


def endpoint_fault_verdict(error: OutboundError) -> Finding:
    """Of a request that came to nothing. What a rule of ours refuses is not tried again."""
    match error.fault:
        case OutboundFault.ADDRESS_REFUSED:
            step = "Check a public address, or have the network allowed: ARMATURE_ENDPOINT_ALLOWED_NETWORKS."
            return failed(str(error), step)
        case OutboundFault.HOST_REFUSED:
            return failed(str(error), "Have the host allowed: ARMATURE_ENDPOINT_ALLOWED_HOSTS.")
        case OutboundFault.URI_REFUSED:
            return failed(str(error), "Check an https:// address without a user, that redirects to none but such.")
        case OutboundFault.CERTIFICATE_INVALID:
            return waiting(str(error), "Bind a certificate for this name, of an authority that is trusted.")
        case OutboundFault.NAME_NOT_RESOLVED:
            return waiting(str(error), "See that the DNS record exists, and that the app's network resolves it.")
        case OutboundFault.TOO_MANY_REDIRECTS:
            return waiting(str(error), "Check the address that it leads to in the end.")
        case _:
            return waiting(str(error), "See that the app runs, and that its firewall lets the deployer's address in.")


def endpoint_verdict(
    answer: OutboundAnswer, declared: EndpointDeclaration, *, has_match: bool, slow_milliseconds: int, now: datetime
) -> Finding:
    """Of an answer. `has_match` is whether the declared pattern was found, true when there is none."""
    latency = round(1000 * answer.latency_seconds)
    finding = _answer_fault(answer, declared, has_match) or _pace_and_certificate(
        answer, declared, latency, slow_milliseconds, now
    )
    return replace(finding, latency_milliseconds=latency)


def _answer_fault(answer: OutboundAnswer, declared: EndpointDeclaration, has_match: bool) -> Finding | None:
    if not any(_is_expected(answer.status, status) for status in declared.expected):
        wanted = " or ".join(map(str, declared.expected))
        step = "See the log of the app for the reason." if answer.status >= 500 else "Correct the path, or 'expect'."
        return waiting(f"It answers {answer.status}, not {wanted}.", step)
    read = f"the first {len(answer.body)} bytes of its body" if answer.is_cut else "its body"
    if declared.contains is not None and declared.contains.encode() not in answer.body:
        return waiting(
            f"It answers {answer.status}, but the declared text is not in {read}.",
            "Correct 'contains', or what the address answers.",
        )
    if not has_match:
        return waiting(
            f"It answers {answer.status}, but nothing in {read} matches the pattern.",
            "Correct 'matches', or what the address answers.",
        )
    return None


def _pace_and_certificate(
    answer: OutboundAnswer, declared: EndpointDeclaration, latency: int, slow_milliseconds: int, now: datetime
) -> Finding:
    if declared.max_latency_milliseconds is not None and latency > declared.max_latency_milliseconds:
        message = f"It answers {answer.status} after {latency} ms, later than {declared.max_latency_milliseconds} ms."
        return waiting(message, "Give it a larger plan, keep it warm (Always On), or allow more time.")
    left = answer.certificate_expires_at - now
    if left < timedelta(days=declared.tls_days_left):
        until = answer.certificate_expires_at.astimezone(UTC).date().isoformat()
        message = f"It answers {answer.status}; its certificate is valid until {until} only, {left.days} days from now."
        return warned(message, "Renew the certificate, and see why that has not been done by itself.")
    if declared.max_latency_milliseconds is None and latency > slow_milliseconds:
        message = f"It answers {answer.status} after {latency} ms."
        return warned(message, "Give it a larger plan, keep it warm (Always On), or declare maxLatencyMilliseconds.")
    return passed(f"It answers {answer.status} after {latency} ms.")


def _is_expected(status: int, wanted: int | str) -> bool:
    return status == wanted if isinstance(wanted, int) else str(status)[0] == wanted[0]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
