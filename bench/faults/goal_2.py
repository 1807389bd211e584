"""Goal 2: one transient fault a deployment, at 200 different sites."""

import hashlib
import time
from collections.abc import Mapping

from armature.plan import DeploymentScopeTarget, lineage_of
from armature.request import Target
from bench.faults.goal import Goal, Run, Verdict, counted, share
from bench.faults.ground import Ground, State, ground, status_of, told
from bench.faults.sites import RECORDERS, Site, chosen, sites_of
from bench.faults.worlds import calling_resources, calling_world, package_of
from emulator.faults.model import read_rule
from emulator.stack import SUBSCRIPTION

FAULTS = 200
SPARE = 1.2
"""So many more are chosen, since a poll more or less can let a run have no nth request of a kind."""

AT_ONCE = 12
WANTED = 0.98
RECORDED = "site-000"


def measure(run: Run) -> Verdict:
    """Record a run, choose sites, and do one fault to each of as many deployments."""
    with ground() as field:
        sites = _recorded(field)
        taken = chosen(sites, run.of(round(SPARE * FAULTS)), run.seed)
        states = _suffered(field, taken, run.seed)
        met = {entry["rule"] for entry in field.stack.faults.happened() if entry["rule"] in states}
    names = list(states)
    recovered = [name for name in names if name in met and states[name].get("status") == "completed"]
    misses = [
        f"{name}: {site}: {told(states[name])}"
        for name, site in zip(names, taken, strict=True)
        if name in met and name not in recovered
    ]
    part = share(len(recovered), len(met))
    operations = len({(site.service, site.operation) for site in taken})
    return Verdict(
        done=f"one fault each to {len(names)} deployments, at {len(set(taken))} of {len(sites)} sites "
        f"({operations} kinds of request); {len(met)} of them happened",
        measured=f"{part:.1%} recovered ({counted(status_of(states[name]) for name in names)})",
        wanted=f"{WANTED:.0%}",
        is_met=part >= WANTED and len(met) >= run.of(FAULTS),
        misses=tuple(misses),
    )


def marks_of(project: str, bundle: str) -> dict[str, str]:
    """What is another one in each deployment."""
    target = Target(subscription=SUBSCRIPTION)
    group = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=f"rg-{project}")
    lineage = lineage_of(project, "test", "AzureCloud", target, [group])
    return {
        "project": project,
        "bundle": bundle,
        "package": hashlib.sha256(package_of(project)).hexdigest(),
        "lineage": lineage.key,
    }


def _recorded(field: Ground) -> list[Site]:
    """The sites of one deployment that meets no fault."""
    bundle = field.caller.upload(calling_world(RECORDED))
    field.load(1, RECORDERS)
    _begin(field, RECORDED, bundle)
    state = field.ended([RECORDED])[RECORDED]
    field.stack.faults.clear()
    if state.get("status") != "completed":
        raise RuntimeError(f"without any fault the deployment ended as {told(state)}")
    marks = marks_of(RECORDED, bundle)
    recorders = {str(rule["id"]) for rule in RECORDERS}
    happened = [entry for entry in field.stack.faults.happened() if entry["rule"] in recorders]
    return sites_of(happened, marks, calling_resources(RECORDED))


def _suffered(field: Ground, sites: list[Site], seed: int) -> dict[str, State]:
    """The ends of deployments, by the id of their rule: those whose site is their own many at a time."""
    names = {f"site-{number:03}": site for number, site in enumerate(sites, 1)}
    field.load(seed, ())
    own = [name for name, site in names.items() if not site.is_shared]
    states = field.each(own, AT_ONCE, lambda name: _begin_with_fault(field, name, names[name]))
    for name, site in names.items():
        if site.is_shared:  # whoever asks next meets it, so it is alone
            states |= field.each([name], 1, lambda name: _begin_with_fault(field, name, names[name]))
            field.stack.faults.remove(name)
    return {name: states[name] for name in names}


def _begin_with_fault(field: Ground, name: str, site: Site) -> None:
    bundle = field.caller.upload(calling_world(name))
    field.stack.faults.add(read_rule(site.rule(name, marks_of(name, bundle))))
    _begin(field, name, bundle)


def _begin(field: Ground, name: str, bundle: str) -> None:
    """Ask for the deployment until it is accepted: a fault may meet the request itself."""
    body: Mapping[str, object] = {
        "bundle": {"id": bundle},
        "target": {"subscription": SUBSCRIPTION},
        "deploymentId": name,
    }
    deadline = time.monotonic() + 30
    answer = field.caller.post(body)
    while answer.status_code != 202 and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = field.caller.post(body)
    if answer.status_code != 202:
        raise RuntimeError(f"{name} was not accepted: {answer.status_code} {answer.text[:300]}")


GOAL = Goal(2, "single transient faults", measure)
