"""Constraints of route parameters, as ASP.NET Core has them: `int`, `min(1)`, `length(2,3)` and more.

A regex constraint runs in Python's `re`, which agrees with .NET's on all common patterns. Not supported: datetime, file
and nonfile.
"""

import re
from collections.abc import Callable

from tools.errors import HostError

type Check = Callable[[str], bool]
"""Return whether a parameter's value meets one constraint."""

CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<arguments>.*?)\))?(?=:|$)")
INTEGER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*", re.ASCII)
NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.ASCII | re.IGNORECASE)
GUID = re.compile(r"[0-9a-f]{32}|(\{)?(\()?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(2)\))(?(1)\})", re.IGNORECASE)


def parse_constraints(function_name: str, text: str) -> tuple[Check, ...]:
    """Return the checks of a parameter's constraints, such as `:int:min(1)`. Raises HostError."""
    checks, end = [], 0
    while end < len(text):
        constraint = CONSTRAINT.match(text, end)
        if not constraint or constraint["name"].lower() not in CONSTRAINTS:
            raise HostError(f"Function {function_name}: the route constraint {text[end:]!r} is unknown.")
        checks.append(parse_constraint(function_name, constraint))
        end = constraint.end()
    return tuple(checks)


def parse_constraint(function_name: str, constraint: re.Match[str]) -> Check:
    """Return the check of one constraint. Raises HostError when its arguments are invalid."""
    name, arguments = constraint["name"].lower(), constraint["arguments"]
    split = [] if arguments is None else [arguments] if name == "regex" else arguments.split(",")
    try:
        return CONSTRAINTS[name](*split)
    except (TypeError, ValueError, re.error) as error:
        raise HostError(f"Function {function_name}: the route constraint {constraint[0]!r} is invalid.") from error


def integer(low: int, high: int) -> Check:
    """Return the check for a whole number from `low` to `high`, both included."""
    return lambda text: bool(INTEGER.fullmatch(text)) and low <= int(text) <= high


def length(low: int, high: int) -> Check:
    """Return the check for `low` to `high` characters, both included."""
    return lambda text: low <= len(text) <= high


def matching(pattern: re.Pattern[str]) -> Check:
    """Return the check for a text that matches as a whole."""
    return lambda text: bool(pattern.fullmatch(text))


def containing(pattern: re.Pattern[str]) -> Check:
    """Return the check for a text that matches somewhere; a pattern for the whole text uses `^` and `$`."""
    return lambda text: bool(pattern.search(text))


LONG = 2**63
CONSTRAINTS: dict[str, Callable[..., Check]] = {
    "int": lambda: integer(-(2**31), 2**31 - 1),
    "long": lambda: integer(-LONG, LONG - 1),
    "min": lambda low: integer(int(low), LONG - 1),
    "max": lambda high: integer(-LONG, int(high)),
    "range": lambda low, high: integer(int(low), int(high)),
    "length": lambda low, high=None: length(int(low), int(low if high is None else high)),
    "minlength": lambda low: length(int(low), LONG),
    "maxlength": lambda high: length(0, int(high)),
    "bool": lambda: lambda text: text.strip().lower() in ("true", "false"),
    "guid": lambda: matching(GUID),
    "alpha": lambda: matching(re.compile("[a-zA-Z]*")),
    "double": lambda: matching(NUMBER),
    "float": lambda: matching(NUMBER),
    "decimal": lambda: matching(NUMBER),
    "required": lambda: bool,
    "regex": lambda pattern: containing(re.compile(pattern, re.IGNORECASE)),
}
