"""Check a bundle on this machine by the app's own rules, before anything is sent."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from armature.bundle import BundleError
from armature.cli.packaging import opened
from armature.problems import Problem
from armature.request import DeploymentRequest
from armature.state import ProblemState
from armature.validation import Review, review_bundle

TEMPLATE_HOSTS = "ARMATURE_ALLOWED_TEMPLATE_HOSTS"
_ANY_LOCATION = "eastus2"
"""Stands for the app's default location, which is not known here: whether there is one is the app's to say."""


@dataclass(frozen=True)
class Checked:
    """What a check found; `review` is None when the bundle could not even be opened."""

    problems: tuple[Problem, ...]
    review: Review | None

    @property
    def is_refused(self) -> bool:
        """True when the bundle must not be deployed as it is."""
        return any(problem.is_error for problem in self.problems)

    def dump(self) -> dict[str, Any]:
        """The JSON object that `--json` prints for a bundle that was only checked, or refused."""
        return {"valid": not self.is_refused, "problems": problem_documents(self.problems)}


def check(path: Path, request: DeploymentRequest | None, deployment_id: str, cloud: str | None) -> Checked:
    """Review the bundle at `path` for `request`, or by itself when there is none.

    `cloud` is the name of the app's cloud; None leaves it to the app to compare it with the manifest's. What the app
    lets templates link to is told by the environment variable `ARMATURE_ALLOWED_TEMPLATE_HOSTS`, as to the app.

    Raises:
        CommandError: there is no bundle at `path`.
    """
    try:
        with opened(path) as bundle:
            review = review_bundle(
                bundle,
                request=request,
                deployment_id=deployment_id,
                cloud_name=cloud,
                default_location=_ANY_LOCATION,
                template_hosts=_template_hosts(),
            )
    except BundleError as error:
        return Checked(error.problems, None)
    return Checked(review.problems, review)


def _template_hosts() -> tuple[str, ...]:
    """The hosts that the app lets templates link to, if the caller says so."""
    return tuple(host.strip().lower() for host in os.environ.get(TEMPLATE_HOSTS, "").split(",") if host.strip())


def problem_documents(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """The problems as the API words them in a deployment's state."""
    return [ProblemState.model_validate(problem, from_attributes=True).dump() for problem in problems]
