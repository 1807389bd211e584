"""A real request to a local server that is starting."""

from collections.abc import Mapping
from pathlib import Path

import requests


def answer(
    url: str, *, trust: Path | None = None, headers: Mapping[str, str] | None = None
) -> requests.Response | None:
    """The server's answer to a GET, whatever its status, or None while nothing answers there. Uses no proxy.

    `trust`: the authorities that an HTTPS server's certificate must come from.
    """
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, verify=str(trust) if trust else True, headers=headers, timeout=10)
        except (requests.ConnectionError, requests.Timeout):
            return None
