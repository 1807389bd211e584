"""A caller of the API, as plain as curl, for tests that run the whole app."""

import io
import json
import time
import zipfile
from typing import Any

import requests

from emulator.stack import Stack

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DEADLINE_SECONDS = 100


def zipped(files: dict[str, Any]) -> bytes:
    """A bundle as zip bytes: each file's content as bytes, text, or anything that JSON can say."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes | str) else json.dumps(content)
            archive.writestr(name, data)
    return buffer.getvalue()


class Caller:
    """Calls the API of a running stack."""

    def __init__(self, stack: Stack) -> None:
        self.api = stack.api_url
        self.session = requests.Session()
        self.session.trust_env = False

    def upload(self, bundle: bytes) -> str:
        """Post a bundle; answers its id."""
        answer = self.session.post(f"{self.api}/bundles", data=bundle, timeout=30)
        assert answer.status_code == 201, answer.text
        bundle_id: str = answer.json()["bundleId"]
        return bundle_id

    def post(self, request: Any) -> requests.Response:
        """Post a start request."""
        return self.session.post(f"{self.api}/deployments", json=request, timeout=30)

    def start(self, bundle: bytes, **request: Any) -> str:
        """Upload a bundle and start it; answers the deployment's id."""
        target = {"subscription": SUBSCRIPTION, **request.pop("target", {})}
        body = {"bundle": {"id": self.upload(bundle)}, "target": target, **request}
        answer = self.post(body)
        assert answer.status_code == 202, answer.text
        deployment_id: str = answer.json()["deploymentId"]
        return deployment_id

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET a path below /api."""
        return self.session.get(f"{self.api}/{path}", headers=headers, timeout=30)

    def state(self, deployment_id: str) -> dict[str, Any]:
        """The state document."""
        answer = self.get(f"deployments/{deployment_id}")
        assert answer.status_code in (200, 202), answer.text
        state: dict[str, Any] = answer.json()
        return state

    def ended(self, deployment_id: str) -> dict[str, Any]:
        """The state document, once it is final. Survives a host that is away for a while."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        state: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                answer = self.get(f"deployments/{deployment_id}")
            except requests.ConnectionError:
                time.sleep(0.2)
                continue
            state = answer.json()
            if answer.status_code == 200:
                return state
            time.sleep(0.1)
        raise AssertionError(f"{deployment_id} did not end: {json.dumps(state)[:3000]}")

    def events(self, deployment_id: str) -> list[dict[str, Any]]:
        """The whole progress log."""
        events: list[dict[str, Any]] = self.get(f"deployments/{deployment_id}/events?limit=2000").json()["value"]
        return events
