"""The command as tests run it: here, or as a process of its own; and a bundle to give it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from armature.cli.commands import app
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import SUBSCRIPTION

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}
MANIFEST = {
    "version": "1",
    "project": "shop",
    "environment": "prod",
    "location": "eastus2",
    "templates": [{"name": "plan", "path": "plan.json", "scope": {"resourceGroup": "rg-shop"}}],
}


def write_bundle(folder: Path, manifest: dict[str, Any], templates: dict[str, Any]) -> Path:
    folder.mkdir()
    for name, content in {"manifest.json": manifest, **templates}.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def armature(*words: str | Path, typed: str | None = None) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], input=typed)


def deploy(api: FakeApi, bundle: str | Path, *words: str) -> Any:
    return armature("deploy", bundle, "--api", api.address, "--subscription", SUBSCRIPTION, *words)


def on(api: FakeApi, *words: str) -> Any:
    """A command that is told which API."""
    return armature(*words, "--api", api.address)


def begin(*words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own, where signals and streams are those of the system."""
    return subprocess.Popen(
        [sys.executable, "-m", "armature.cli", *map(str, words)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
