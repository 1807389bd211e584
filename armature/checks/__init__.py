"""Checks of what was deployed: what each found, and what a person can do about it.

model       a check as the state and the API show it
declared    the section `validation` of a manifest
reviewing   what can be found wrong with that section before anything is touched
planning    which checks a deployment gets, and in which batches they are made
places      a property's place within a resource's document
facts       what the gateways see of a function app, of a resource's health
verdicts    what is seen, judged: pass, warn, fail, or look again
tallying    results of batches put together for the state, the log and the outcome
"""

from armature.checks.model import CheckKind, CheckResult, CheckState, ValidationState

__all__ = ["CheckKind", "CheckResult", "CheckState", "ValidationState"]
