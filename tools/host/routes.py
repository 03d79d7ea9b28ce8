"""Routes as the Functions host matches them: in the order of the functions' names, the first match wins.

The templates are ASP.NET Core's: `users/{id:int}`, `page/{number:min(1)?}`, `assets/{*path}`. Not supported, and
refused with a clear error: default values (`{x=5}`), and optional parameters inside a segment
(`{name}.{extension?}`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from tools.errors import HostError
from tools.host.constraints import Check, parse_constraints

type Parameter = tuple[str, tuple[Check, ...]]
"""Name and constraints."""

TOKEN = re.compile(r"\{(?P<parameter>(?:[^{}]|\{\{|\}\})+)\}|(?P<slash>/)|(?P<literal>[^/{}]+)")
PARAMETER = re.compile(r"(?P<star>\*{0,2})(?P<name>[^:=?*]+)(?P<constraints>(?::.+?)?)(?P<optional>\??)")
# An empty segment never matches, not even at the start of a catch-all. No segment at all matches, without a value.
CATCH_ALL = "(?:/([^/].*)?)?"


@dataclass(frozen=True, slots=True)
class Route:
    """A function's route: which requests it matches, and the parameters in their paths."""

    function_name: str
    methods: frozenset[str] | None
    """Upper case; None matches any method."""
    pattern: re.Pattern[str]
    """The whole path; one group for each parameter."""
    parameters: tuple[Parameter, ...]
    """One for each group."""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the parameters' values, or None when the request does not match."""
        found = self.pattern.fullmatch(path) if self.methods is None or method in self.methods else None
        if not found:
            return None
        values = {}
        for (name, checks), value in zip(self.parameters, found.groups(), strict=True):
            if value is not None:
                if not all(check(value) for check in checks):
                    return None
                values[name] = value
        return values


class Routes:
    """All routes of an app."""

    def __init__(self, routes: Iterable[Route]) -> None:
        # .NET's OrdinalIgnoreCase compares upper-case letters, so `_` comes after them.
        self.ordered = sorted(routes, key=lambda route: route.function_name.upper())
        self.find = lru_cache(maxsize=1024)(self._find)

    def _find(self, method: str, raw_path: bytes) -> tuple[Route, Mapping[str, str]] | None:
        path = decode_path(raw_path)
        for route in self.ordered:
            if (values := route.match(method, path)) is not None:
                return route, values
        return None


def compile_route(function_name: str, template: str, methods: Iterable[str] | None) -> Route:
    """Return the route of a function from its template, the app's prefix included.

    Raises HostError when the template or one of its constraints is not supported.
    """
    pattern, parameters = "", []
    for segment in segments(function_name, template):
        source, segment_parameters = segment_pattern(function_name, segment)
        pattern += source
        parameters += segment_parameters
    pattern += "" if pattern.endswith(CATCH_ALL) else "/?"
    upper = frozenset(method.upper() for method in methods) if methods is not None else None
    return Route(function_name, upper, re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(parameters))


def segments(function_name: str, template: str) -> list[list[re.Match[str]]]:
    """Return a template's tokens, literals and parameters, grouped by path segment. Raises HostError."""
    split: list[list[re.Match[str]]] = [[]]
    end = 0
    while end < len(template):
        token = TOKEN.match(template, end)
        if not token:
            raise HostError(f"Function {function_name}: the route {template!r} is invalid from {template[end:]!r} on.")
        if token["slash"]:
            split.append([])
        else:
            split[-1].append(token)
        end = token.end()
    return [segment for segment in split if segment]


def segment_pattern(function_name: str, segment: list[re.Match[str]]) -> tuple[str, list[Parameter]]:
    """Return the regular expression of one segment with the slash before it, and the segment's parameters."""
    source = ""
    parameters: list[Parameter] = []
    for token in segment:
        if token["literal"]:
            source += re.escape(token["literal"])
            continue
        parameter = PARAMETER.fullmatch(token["parameter"].replace("{{", "{").replace("}}", "}"))
        if not parameter or ((parameter["star"] or parameter["optional"]) and len(segment) > 1):
            raise HostError(f"Function {function_name}: the route parameter {token[0]} is not supported.")
        parameters.append((parameter["name"], parse_constraints(function_name, parameter["constraints"])))
        if parameter["star"]:
            return CATCH_ALL, parameters
        if parameter["optional"]:
            return "(?:/([^/]+))?", parameters
        source += "([^/]+)"
    return "/" + source, parameters


def decode_path(raw_path: bytes) -> str:
    """Return a request's path as the real host's server has it: percent-decoded except `%2F`, dot segments resolved."""
    path = unquote(re.sub(r"(?i)%(2f)", r"%25\1", raw_path.decode("ascii")))
    if "/." not in path:
        return path
    resolved: list[str] = []
    *folders, last = path.split("/")[1:]
    for segment in [*folders, last, *([""] if last in (".", "..") else [])]:
        if segment == "..":
            del resolved[-1:]
        elif segment != ".":
            resolved.append(segment)
    return "/" + "/".join(resolved)
