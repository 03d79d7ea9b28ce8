"""The banner at the start of the host: its URLs, the demo user, and two commands to try."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

from tools.host.routes import Routes

PAGES = ("/", "/docs", "/openapi.json", "/health/ready")
DEMO_USER, DEMO_PASSWORD = "abi", "password"


def banner(base_url: str, routes: Routes, folder: Path) -> str:
    """Return the text for an app that is served at `base_url`, with only the pages and routes that the app has."""
    lines = [f"Serving on {base_url}"]
    lines += [f"  {base_url}{page}" for page in PAGES if routes.find("GET", page.encode())]
    if has_demo_user():
        lines.append(f"Log in as {DEMO_USER} / {DEMO_PASSWORD}")
        example = first_example(folder / os.environ.get("MODEL_MANIFEST", "model/slr.json"))
        if example and routes.find("POST", b"/token") and routes.find("POST", b"/predict"):
            lines += ["Try it:", *commands(base_url, example)]
    return "\n".join([*lines, "Ctrl-C stops it."])


def commands(base_url: str, example: dict[str, Any]) -> list[str]:
    """Return two shell commands: one gets a token, the other a prediction."""
    login = f"-d grant_type=password -d username={DEMO_USER} -d password={DEMO_PASSWORD}"
    extract = r"""sed 's/.*"access_token":"\([^"]*\)".*/\1/'"""
    body = shlex.quote(json.dumps({"instances": [example]}, separators=(",", ":")))
    bearer = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    return [
        f"TOKEN=$(curl -s {base_url}/token {login} | {extract})",
        f"curl -s {base_url}/predict {bearer} -d {body}",
    ]


def has_demo_user() -> bool:
    """Return whether the app runs in development and USERS has the demo user."""
    try:
        users = json.loads(os.environ.get("USERS", "{}"))
    except ValueError:
        return False
    development = os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
    return development and isinstance(users, dict) and DEMO_USER in users


def first_example(manifest: Path) -> dict[str, Any] | None:
    """Return the instance of a manifest's first golden example, or None without a readable one: that is no error."""
    try:
        instance = json.loads(manifest.read_text(encoding="utf-8"))["examples"][0]["instance"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return instance if isinstance(instance, dict) else None
