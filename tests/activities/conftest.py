"""The activities as plain functions, on the real services of a running stack."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from activities.prepare import prepare_target, read_bundle, take_turn
from armature.azure.services import Services
from armature.messages import DeploymentStep
from armature.request import DeploymentRequest
from armature.transitions import accepted
from emulator.stack import Stack
from tests.end_to_end.client import SUBSCRIPTION
from tests.running import services_of


@pytest.fixture(scope="module")
def app(stack: Stack) -> Iterator[Services]:
    """The services that the app has in the stack, in this process, with its environment for the tests of a module."""
    with services_of(stack.app_settings) as found:
        yield found


Accept = Callable[..., DeploymentStep]


@pytest.fixture
def accept(app: Services) -> Accept:
    """Accepts a bundle as the API would, without starting an orchestration."""

    def accepted_deployment(bundle: bytes, deployment_id: str | None = None, **request: Any) -> DeploymentStep:
        deployment_id = deployment_id or f"activity-{uuid4().hex[:12]}"
        bundle_id = f"bundle-{uuid4().hex[:12]}"
        app.bundles.store(bundle_id, BytesIO(bundle))
        body = {"bundle": {"id": bundle_id}, "target": {"subscription": SUBSCRIPTION}, **request}
        state = accepted(DeploymentRequest.model_validate(body), deployment_id, None, datetime.now(UTC))
        assert app.deployments.create_state(state)
        return DeploymentStep(deployment_id=deployment_id)

    return accepted_deployment


@pytest.fixture
def prepare(app: Services, accept: Accept) -> Accept:
    """Accepts a bundle and carries it through the phase prepare."""

    def prepared(bundle: bytes, **parts: Any) -> DeploymentStep:
        step = accept(bundle, **parts)
        answer = read_bundle(app, step)
        assert answer.failure is None, answer
        assert take_turn(app, step).is_ours
        deadline = time.monotonic() + 60
        while not prepare_target(app, step).is_ready:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return step

    return prepared
