"""Routes as the Functions host matches them: in the order of the functions' names, the first match wins.

The templates are ASP.NET Core's: `users/{id:int}`, `page/{number:min(1)?}`, `assets/{*path}`. Not understood, and
refused with a clear error: default values (`{x=5}`), optional parameters inside a segment (`{name}.{extension?}`), and
the constraints datetime, file and nonfile. A regex constraint is read by Python's `re`, which agrees with .NET's on all
common patterns.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from tools.host.errors import HostError

type Test = Callable[[str], bool]

TOKEN = re.compile(r"\{(?P<parameter>(?:[^{}]|\{\{|\}\})+)\}|(?P<slash>/)|(?P<literal>[^/{}]+)")
PARAMETER = re.compile(r"(?P<star>\*{0,2})(?P<name>[^:=?*]+)(?P<constraints>(?::.+?)?)(?P<optional>\??)")
CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<arguments>.*?)\))?(?=:|$)")
# An empty segment never matches, not even at the start of a catch-all; nothing at all matches and is no value.
CATCH_ALL = "(?:/([^/].*)?)?"
INTEGER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*", re.ASCII)
NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.ASCII | re.IGNORECASE)
GUID = re.compile(r"[0-9a-f]{32}|(\{)?(\()?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?(2)\))(?(1)\})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Route:
    """A function's route: which requests are its own, and what their paths say."""

    function_name: str
    methods: frozenset[str] | None
    """Upper case; None takes any method."""
    pattern: re.Pattern[str]
    """The whole path; one group for each parameter."""
    parameters: tuple[tuple[str, tuple[Test, ...]], ...]
    """Name and constraints of each group."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The parameters' values when the request is this function's, otherwise None."""
        found = self.pattern.fullmatch(path) if self.methods is None or method in self.methods else None
        if not found:
            return None
        values = {}
        for (name, tests), value in zip(self.parameters, found.groups(), strict=True):
            if value is not None:
                if not all(test(value) for test in tests):
                    return None
                values[name] = value
        return values


class Routes:
    """All routes of an app."""

    def __init__(self, routes: Iterable[Route]) -> None:
        # .NET's OrdinalIgnoreCase compares upper-case letters, which puts `_` behind them.
        self.ordered = sorted(routes, key=lambda route: route.function_name.upper())
        self.find = lru_cache(maxsize=1024)(self._find)

    def _find(self, method: str, raw_path: bytes) -> tuple[Route, Mapping[str, str]] | None:
        path = decoded(raw_path)
        for route in self.ordered:
            if (values := route.match(method, path)) is not None:
                return route, values
        return None


def compiled(function_name: str, template: str, methods: Iterable[str] | None) -> Route:
    """The route of a function from its template, the app's prefix included.

    Raises HostError when the template or one of its constraints is not understood.
    """
    pattern, parameters = "", []
    for segment in segments(function_name, template):
        source, found = segment_pattern(function_name, segment)
        pattern += source
        parameters += found
    pattern += "" if pattern.endswith(CATCH_ALL) else "/?"
    upper = frozenset(method.upper() for method in methods) if methods is not None else None
    return Route(function_name, upper, re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(parameters))


def segments(function_name: str, template: str) -> list[list[re.Match[str]]]:
    """A template's tokens, literals and parameters, by path segment."""
    tokens, end = [], 0
    while end < len(template):
        token = TOKEN.match(template, end)
        if not token:
            raise HostError(
                f"Function {function_name}: the route {template!r} cannot be read from {template[end:]!r} on."
            )
        tokens.append(token)
        end = token.end()
    split: list[list[re.Match[str]]] = [[]]
    for token in tokens:
        if token["slash"]:
            split.append([])
        else:
            split[-1].append(token)
    return [segment for segment in split if segment]


def segment_pattern(function_name: str, segment: list[re.Match[str]]) -> tuple[str, list[tuple[str, tuple[Test, ...]]]]:
    """The regular expression of one segment with the slash before it, and the segment's parameters."""
    source, parameters = "", []
    for token in segment:
        if token["literal"]:
            source += re.escape(token["literal"])
            continue
        parameter = PARAMETER.fullmatch(token["parameter"].replace("{{", "{").replace("}}", "}"))
        if not parameter or ((parameter["star"] or parameter["optional"]) and len(segment) > 1):
            raise HostError(f"Function {function_name}: the route parameter {token[0]} is not understood.")
        parameters.append((parameter["name"], constraints(function_name, parameter["constraints"])))
        if parameter["star"]:
            return CATCH_ALL, parameters
        if parameter["optional"]:
            return "(?:/([^/]+))?", parameters
        source += "([^/]+)"
    return "/" + source, parameters


def constraints(function_name: str, text: str) -> tuple[Test, ...]:
    """The tests that `:int:min(1)` stands for."""
    tests, end = [], 0
    while end < len(text):
        constraint = CONSTRAINT.match(text, end)
        if not constraint or constraint["name"].lower() not in CONSTRAINTS:
            raise HostError(f"Function {function_name}: the route constraint {text[end:]!r} is not known.")
        name, arguments = constraint["name"].lower(), constraint["arguments"]
        split = [] if arguments is None else [arguments] if name == "regex" else arguments.split(",")
        try:
            tests.append(CONSTRAINTS[name](*split))
        except (TypeError, ValueError, re.error) as error:
            raise HostError(
                f"Function {function_name}: the route constraint {constraint[0]!r} is not valid."
            ) from error
        end = constraint.end()
    return tuple(tests)


def integer(low: int, high: int) -> Test:
    """A whole number from `low` to `high`, both included."""
    return lambda text: bool(INTEGER.fullmatch(text)) and low <= int(text) <= high


def length(low: int, high: int) -> Test:
    """From `low` to `high` characters, both included."""
    return lambda text: low <= len(text) <= high


def matching(pattern: re.Pattern[str]) -> Test:
    """Text that matches from its first to its last character."""
    return lambda text: bool(pattern.fullmatch(text))


def containing(pattern: re.Pattern[str]) -> Test:
    """Text that matches somewhere; a pattern for the whole text says so with `^` and `$`."""
    return lambda text: bool(pattern.search(text))


LONG = 2**63
CONSTRAINTS: dict[str, Callable[..., Test]] = {
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


def decoded(raw_path: bytes) -> str:
    """A request's path as the real host's server hands it on: percent-decoded but for `%2F`, dot segments resolved."""
    path = unquote(re.sub(r"(?i)%(2f)", r"%25\1", raw_path.decode("ascii")))
    if "/." not in path:
        return path
    kept: list[str] = []
    *folders, last = path.split("/")[1:]
    for segment in [*folders, last, *([""] if last in (".", "..") else [])]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)
