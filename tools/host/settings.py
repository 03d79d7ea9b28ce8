"""The two settings files of a function app: local.settings.json and host.json."""

import json
import os
from pathlib import Path
from typing import Any

from tools.host.errors import HostError


def load_local_settings(folder: Path) -> None:
    """Put the `Values` of local.settings.json into the environment, as `func start` does; what is already set wins.

    The app runs in Development, as under `func start`, unless something says otherwise. Raises HostError when the file
    cannot be used; its text never holds a value: they are secrets.
    """
    settings = read(folder / "local.settings.json")
    if settings.get("IsEncrypted"):
        raise HostError("local.settings.json is encrypted. Run `func settings decrypt` first.")
    values = settings.get("Values", {})
    if not isinstance(values, dict):
        raise HostError("local.settings.json: Values must be an object of names and texts.")
    for name, value in values.items():
        set_default(name, value)
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")


def set_default(name: str, value: object) -> None:
    """Set one environment variable unless it is set already. Numbers and booleans become text as in .NET: 5, True."""
    if not isinstance(value, str | int | float):
        raise HostError(f"local.settings.json: the value of {name!r} must be a text.")
    try:
        os.environ.setdefault(name, str(value))
    except (OSError, ValueError):
        # Without the cause: its text would quote the value.
        raise HostError(f"local.settings.json: {name!r} cannot be an environment variable.") from None


def route_prefix(folder: Path) -> str:
    """What all routes begin with: host.json's extensions.http.routePrefix, `api` unless said otherwise."""
    found: Any = read(folder / "host.json")
    for name in ("extensions", "http", "routePrefix"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str | None):
        raise HostError("host.json: extensions.http.routePrefix must be a text.")
    return "api" if found is None else found.strip("/")


def read(path: Path) -> dict[str, Any]:
    """A JSON object from a file; a missing file is an empty one. Raises HostError without a word of the content."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise HostError(f"{path.name} is not valid JSON: {error.msg} ({place}).") from None
    except UnicodeDecodeError:
        raise HostError(f"{path.name} is not UTF-8 text.") from None
    except OSError as error:
        raise HostError(f"{path.name} cannot be read: {error.strerror}.") from None
    if not isinstance(content, dict):
        raise HostError(f"{path.name} must hold one JSON object.")
    return content
