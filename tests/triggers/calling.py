"""Calls a trigger's function as the host would, without one."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import azure.functions as func

from armature.settings import Settings


def user_function(module: Any, name: str) -> Any:
    """The function of a trigger, as it is written."""
    for builder in module.blueprint._function_builders:
        if builder._function.get_user_function().__name__ == name:
            found = builder._function.get_user_function()
            return getattr(found, "client_function", found)
    raise AssertionError(name)


def request(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **route: str) -> Any:
    """A request as a trigger gets it: a body as bytes, or as what JSON is to say."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    url = f"https://app.example/api/{path}"
    return func.HttpRequest(method, url, headers=headers or {}, route_params=route, body=data)


def answer_of(module: Any, name: str, *arguments: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, document and headers of what the function answers."""
    answer = asyncio.run(user_function(module, name)(*arguments))
    return answer.status_code, json.loads(answer.get_body()), dict(answer.headers)


def settings(**chosen: Any) -> Settings:
    """Settings of an app; names in Python's spelling."""
    fields = {"storage_blob_endpoint": "https://a.example/app", **chosen}
    return Settings.model_validate({str(Settings.model_fields[name].validation_alias): fields[name] for name in fields})


def with_store(monkeypatch: Any, module: Any, store: Any, **chosen: Any) -> None:
    """Let a trigger's module find that store in its services, of an app with these settings."""
    monkeypatch.setattr(module, "services", lambda: SimpleNamespace(deployments=store, settings=settings(**chosen)))
