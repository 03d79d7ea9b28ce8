"""Evaluate Bicep expressions. What only a deployment knows is a text that names its source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.infra.bicep.functions import FUNCTIONS
from tests.infra.bicep.syntax import BicepError, Node

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", "\\": "\\", "$": "$"}
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
}


class Runtime(str):
    """A value that Azure has after the deployment, as the path to it: `<id>.properties.clientId`."""

    __slots__ = ()

    def member(self, name: str) -> "Runtime":
        """Return the path of a member."""
        return Runtime(f"{self}.{name}")


class _Layer(dict[str, Any]):
    """Names on top of others, which stay as they are."""

    def __init__(self, below: Mapping[str, Any], names: Mapping[str, Any]) -> None:
        super().__init__(names)
        self._below = below

    def __missing__(self, name: str) -> Any:
        return self._below[name]


@dataclass
class Scope:
    """The names that an expression may use."""

    names: dict[str, Any]
    load: Callable[[str], str]
    """Returns the text of a file, by its path as the Bicep file has it."""
    nested: Callable[[Any, str], Any] = field(default=lambda resource, name: None)
    """Returns a resource that is nested in another one."""

    def with_names(self, **names: Any) -> "Scope":
        """Return a scope with more names."""
        return Scope(_Layer(self.names, names), self.load, self.nested)


def evaluate(node: Node, scope: Scope) -> Any:
    """Return the value of an expression. Raises BicepError for unknown names and members."""
    try:
        return EVALUATORS[node.type](node, scope)
    except KeyError as error:
        raise BicepError(f"{error} in {node.text[:60]!r}") from error


def text(node: Node, scope: Scope) -> str:
    """Return a string with its interpolations."""
    return "".join(_part(part, scope) for part in node.children)


def _part(part: Node, scope: Scope) -> str:
    if part.type == "interpolation":
        value = evaluate(part.children[0], scope)
        return str(value).lower() if isinstance(value, bool) else str(value)
    return ESCAPES[part.text[1:]] if part.type == "escape_sequence" else part.text


def members(node: Node, scope: Scope) -> dict[str, Any]:
    """Return an object, without the resources that are nested in it."""
    pairs = [item.children for item in node.children if item.children[0].type != "resource_declaration"]
    return {key(name, scope): evaluate(value, scope) for name, value in pairs}


def key(node: Node, scope: Scope) -> str:
    """Return the name of an object's member."""
    return text(node, scope) if node.type == "string" else node.text


def _identifier(node: Node, scope: Scope) -> Any:
    return scope.names[node.text]


def _member(node: Node, scope: Scope) -> Any:
    value = evaluate(node.children[0], scope)
    if value is None and ".?" in node.words:
        return None
    return _get(value, node.children[1].text)


def _subscript(node: Node, scope: Scope) -> Any:
    return _get(evaluate(node.children[0], scope), evaluate(node.children[1], scope))


def _get(value: Any, name: Any) -> Any:
    if isinstance(value, Runtime):
        return value.member(name)
    if value is None:
        return None
    if isinstance(value, list):
        if name >= len(value):
            raise BicepError(f"there is no item {name}")
        return value[name]
    return value.get(name) if isinstance(name, str) and hasattr(value, "get") else value[name]


def _call(node: Node, scope: Scope) -> Any:
    name, arguments = node.children[0].text, [evaluate(child, scope) for child in node.children[1].children]
    if name == "loadTextContent":
        return scope.load(arguments[0])
    if name == "loadJsonContent":
        return FUNCTIONS["json"](scope.load(arguments[0]))
    return FUNCTIONS[name](*arguments)


def _lambda(node: Node, scope: Scope) -> Any:
    *parameters, body = node.children
    names = [parameter.text.strip("()") for parameter in parameters]
    return lambda *values: evaluate(body, scope.with_names(**dict(zip(names, values, strict=False))))


def _binary(node: Node, scope: Scope) -> Any:
    operator = node.words[0]
    left = evaluate(node.children[0], scope)
    if operator in ("&&", "||", "??"):
        stop = {"&&": not left, "||": bool(left), "??": left is not None}[operator]
        return left if stop else evaluate(node.children[1], scope)
    return OPERATORS[operator](left, evaluate(node.children[1], scope))


def _unary(node: Node, scope: Scope) -> Any:
    value = evaluate(node.children[0], scope)
    return not value if node.words[0] == "!" else -value


def _ternary(node: Node, scope: Scope) -> Any:
    condition, yes, no = node.children
    return evaluate(yes if evaluate(condition, scope) else no, scope)


def loop(node: Node, scope: Scope) -> list[Any]:
    """Return the items of `[for item in items: body]`."""
    item, items, body = node.children
    return [evaluate(body, scope.with_names(**{item.text: value})) for value in evaluate(items, scope)]


EVALUATORS: Mapping[str, Callable[[Node, Scope], Any]] = {
    "array": lambda node, scope: [evaluate(child, scope) for child in node.children],
    "binary_expression": _binary,
    "boolean": lambda node, _: node.text == "true",
    "call_expression": _call,
    "for_statement": loop,
    "identifier": _identifier,
    "lambda_expression": _lambda,
    "member_expression": _member,
    "null": lambda node, _: None,
    "number": lambda node, _: int(node.text),
    "object": members,
    "parenthesized_expression": lambda node, scope: evaluate(node.children[0], scope),
    "resource_expression": lambda node, scope: scope.nested(evaluate(node.children[0], scope), node.children[1].text),
    "string": text,
    "subscript_expression": _subscript,
    "ternary_expression": _ternary,
    "unary_expression": _unary,
}
