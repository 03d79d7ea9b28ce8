"""What a newcomer reads when the host is up: where to look, who to be, and two commands to try."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

from tools.host.routes import Routes

PAGES = ("/", "/docs", "/openapi.json", "/health/ready")
DEMO_USER, DEMO_PASSWORD = "abi", "password"


def banner(base_url: str, routes: Routes, folder: Path) -> str:
    """The text for an app that is served at `base_url`; it names only what that app really has."""
    lines = [f"Serving on {base_url}"]
    lines += [f"  {base_url}{page}" for page in PAGES if routes.find("GET", page.encode())]
    if has_demo_user():
        lines.append(f"Log in as {DEMO_USER} / {DEMO_PASSWORD}")
        example = first_example(folder / os.environ.get("MODEL_MANIFEST", "model/slr.json"))
        if example and routes.find("POST", b"/token") and routes.find("POST", b"/predict"):
            lines += ["Try it:", *commands(base_url, example)]
    return "\n".join([*lines, "Ctrl-C stops it."])


def commands(base_url: str, example: dict[str, Any]) -> list[str]:
    """Two lines for a shell, to be pasted one after the other: get a token, ask for a prediction."""
    login = f"-d grant_type=password -d username={DEMO_USER} -d password={DEMO_PASSWORD}"
    extract = r"""sed 's/.*"access_token":"\([^"]*\)".*/\1/'"""
    body = shlex.quote(json.dumps({"instances": [example]}, separators=(",", ":")))
    bearer = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    return [
        f"TOKEN=$(curl -s {base_url}/token {login} | {extract})",
        f"curl -s {base_url}/predict {bearer} -d {body}",
    ]


def has_demo_user() -> bool:
    """Whether this is a development setup that knows the demo user."""
    try:
        users = json.loads(os.environ.get("USERS", "{}"))
    except ValueError:
        return False
    development = os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development"
    return development and isinstance(users, dict) and DEMO_USER in users


def first_example(manifest: Path) -> dict[str, Any] | None:
    """The instance of a manifest's first golden example; None when there is none to be read, which is no error here."""
    try:
        instance = json.loads(manifest.read_text(encoding="utf-8"))["examples"][0]["instance"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return instance if isinstance(instance, dict) else None
