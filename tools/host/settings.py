"""Read the two settings files of a function app: local.settings.json and host.json."""

import json
import os
from pathlib import Path
from typing import Any

from tools.errors import HostError


def load_local_settings(folder: Path) -> dict[str, str]:
    """Copy the `Values` of local.settings.json to the environment, as `func start` does; existing variables win.

    AZURE_FUNCTIONS_ENVIRONMENT becomes Development, as under `func start`, unless it is set. Returns the variables that
    were set. Raises HostError when the file cannot be used; its text never contains a value, because they are secrets.
    """
    before = set(os.environ)
    settings = local_settings(folder)
    if settings.get("IsEncrypted"):
        raise HostError("local.settings.json is encrypted. Run `func settings decrypt` first.")
    values = settings.get("Values", {})
    if not isinstance(values, dict):
        raise HostError("local.settings.json: Values must be an object of names and strings.")
    for name, value in values.items():
        set_default(name, value)
    os.environ.setdefault("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
    return {name: value for name, value in os.environ.items() if name not in before}


def local_settings(folder: Path) -> dict[str, Any]:
    """Return local.settings.json; empty for a missing file. Raises HostError."""
    return read_object(folder / "local.settings.json")


def set_default(name: str, value: object) -> None:
    """Set an environment variable, unless it is already set. Numbers and booleans become text as in .NET: 5, True.

    Raises HostError.
    """
    if not isinstance(value, str | int | float):
        raise HostError(f"local.settings.json: the value of {name!r} must be a string.")
    try:
        os.environ.setdefault(name, str(value))
    except (OSError, ValueError):
        # Without the cause: its text would contain the value.
        raise HostError(f"local.settings.json: {name!r} cannot be an environment variable.") from None


def route_prefix(folder: Path) -> str:
    """Return the prefix of all routes: host.json's extensions.http.routePrefix, or `api`. Raises HostError."""
    value: Any = read_object(folder / "host.json")
    for name in ("extensions", "http", "routePrefix"):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str | None):
        raise HostError("host.json: extensions.http.routePrefix must be a string.")
    return "api" if value is None else value.strip("/")


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty for a missing file. Raises HostError, without quoting the content."""
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
        raise HostError(f"{path.name} must contain one JSON object.")
    return content
