"""Read a Bicep file and its modules into the resources that a deployment creates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from tests.infra.bicep.expressions import Runtime, Scope, evaluate, members, text
from tests.infra.bicep.functions import GROUP
from tests.infra.bicep.syntax import BicepError, Node, parse

type Files = Mapping[str, str]
"""Path from the repository's root → text."""
DECLARATIONS = ("parameter", "variable", "resource", "module", "output")


@dataclass
class Parameter:
    """A declared parameter."""

    name: str
    type: str
    required: bool
    secure: bool
    allowed: list[Any] | None
    file: str


@dataclass(eq=False)
class Resource:
    """A resource, with its members evaluated. References to it have its id and, for the rest, paths."""

    type: str
    version: str
    body: Mapping[str, Any]
    parent: "Resource | None"
    existing: bool
    file: str
    nested: dict[str, "Resource"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its own name, without that of its parent."""
        return str(self.body["name"])

    @property
    def id(self) -> str:
        """Its path in Azure; below its scope, if it has one of its own."""
        if self.parent:
            return f"{self.parent.id}/{self.type.rpartition('/')[2]}/{self.name}"
        scope = self.body.get("scope")
        return f"{scope.id if isinstance(scope, Resource) else GROUP}/providers/{self.type}/{self.name}"

    @property
    def properties(self) -> Mapping[str, Any]:
        """The member `properties`."""
        return self.body.get("properties", {})

    def get(self, name: str) -> Any:
        """Return a member as Bicep sees it: what Azure computes is a path."""
        return getattr(self, name) if name in ("id", "name") else Runtime(self.id).member(name)


@dataclass
class Template:
    """A deployment: its resources, its outputs, and the parameters of all its files."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    parameters: list[Parameter] = field(default_factory=list)
    modules: dict[str, "Template"] = field(default_factory=dict)
    dependencies: dict[str, list[str]] = field(default_factory=dict)
    """Module → the modules that it waits for by `dependsOn`."""

    def get(self, name: str) -> Any:
        """Return the outputs, which are all that the parent's file may read of a module, or its name."""
        return {"outputs": Outputs(self.outputs), "name": "module"}[name]


class Outputs(dict[str, Any]):
    """Outputs of a module; reading one that is not declared is an error."""

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            raise BicepError(f"the module has no output {name}")
        return self[name]


def deploy(files: Files, path: str, given: Mapping[str, Any]) -> Template:
    """Return what a file deploys with these parameters. Raises BicepError where the compiler or Azure would refuse."""
    return _Reader(files, path).read(given)


class _Reader:
    """Reads one file, from top to bottom of its dependencies: a name is evaluated when it is first needed."""

    def __init__(self, files: Files, path: str) -> None:
        self._files, self._path = files, path
        self._template = Template()
        self._scope = Scope(_Lazy(self._declared), self._load, lambda resource, name: resource.nested[name])
        self._nodes: dict[str, tuple[Node, Node | None]] = {}

    def read(self, given: Mapping[str, Any]) -> Template:
        self._given = given
        for node, decorators in _declarations(parse(self._load(PurePosixPath(self._path).name))):
            self._nodes[f"{'output ' if node.type.startswith('output') else ''}{node.children[0].text}"] = (
                node,
                decorators,
            )
        unknown = set(given) - {name for name, (node, _) in self._nodes.items() if node.type == "parameter_declaration"}
        if unknown:
            raise BicepError(f"{self._path} has no parameter {', '.join(sorted(unknown))}")
        for name, (node, _) in self._nodes.items():
            if node.type == "output_declaration":
                self._template.outputs[node.children[0].text] = evaluate(node.children[-1], self._scope)
            else:
                self._scope.names[name]
        return self._template

    def _load(self, relative: str) -> str:
        path = _joined(PurePosixPath(self._path).parent, relative)
        if path not in self._files:
            raise BicepError(f"{path} does not exist")
        return self._files[path]

    def _declared(self, name: str) -> Any:
        node, decorators = self._nodes[name]
        kind = node.type.removesuffix("_declaration")
        return {
            "parameter": self._parameter,
            "variable": lambda node, _: evaluate(node.children[-1], self._scope),
            "resource": lambda node, _: self._resources(node, None),
            "module": self._module,
        }[kind](node, decorators)

    def _parameter(self, node: Node, decorators: Node | None) -> Any:
        name, has_default = node.children[0].text, "=" in node.words
        calls = [decorator.children[0] for decorator in decorators.children] if decorators else []
        found = {call.children[0].text: call.children[1].children for call in calls}
        allowed = evaluate(found["allowed"][0], self._scope) if "allowed" in found else None
        declared = node.children[1].text
        self._template.parameters.append(
            Parameter(name, declared, not has_default, "secure" in found, allowed, self._path)
        )
        if name not in self._given and not has_default:
            raise BicepError(f"{self._path}: parameter {name} is missing")
        value = self._given[name] if name in self._given else evaluate(node.children[-1], self._scope)
        if allowed is not None and value not in allowed:
            raise BicepError(f"{name}: {value!r} is not allowed")
        return value

    def _resources(self, node: Node, parent: Resource | None) -> Any:
        body = node.children[-1]
        if body.type == "if_statement":
            if not evaluate(body.children[0], self._scope):
                return None
            body = body.children[-1]
        if body.type == "for_statement":
            item, items, inner = body.children
            scopes = [self._scope.with_names(**{item.text: value}) for value in evaluate(items, self._scope)]
            return [self._resource(node, inner, scope, parent) for scope in scopes]
        return self._resource(node, body, self._scope, parent)

    def _resource(self, node: Node, body: Node, scope: Scope, parent: Resource | None) -> Resource:
        type_, _, version = text(node.children[1], scope).partition("@")
        if parent:
            type_, version = f"{parent.type}/{type_}", version or parent.version
        made = Resource(type_, version, members(body, scope), parent, "existing" in node.words, self._path)
        if "name" not in made.body:
            raise BicepError(f"{type_} has no name")
        if isinstance(made.body.get("parent"), Resource):
            made.parent = made.body["parent"]
        if not made.existing:
            self._template.resources.append(made)
        for member in body.children:
            if member.children[0].type == "resource_declaration":
                inner = member.children[0]
                nested = self._resources(inner, made)
                if nested is not None:
                    made.nested[inner.children[0].text] = nested
                    self._scope.names[inner.children[0].text] = nested
        return made

    def _module(self, node: Node, _: Node | None) -> Template | None:
        body = node.children[-1]
        if body.type == "if_statement":
            if not evaluate(body.children[0], self._scope):
                return None
            body = body.children[-1]
        parts = {member.children[0].text: member.children[1] for member in body.children}
        name, path = node.children[0].text, text(node.children[1], self._scope)
        given = members(parts["params"], self._scope) if "params" in parts else {}
        if "dependsOn" in parts:
            self._template.dependencies[name] = [child.text for child in parts["dependsOn"].children]
        made = deploy(self._files, _joined(PurePosixPath(self._path).parent, path), given)
        self._template.modules[name] = made
        self._template.resources += made.resources
        self._template.parameters += made.parameters
        return made


class _Lazy(dict[str, Any]):
    """Names that are evaluated when they are first read, at most once."""

    def __init__(self, find: Any, known: Mapping[str, Any] = {}) -> None:
        super().__init__(known)
        self._find = find

    def __missing__(self, name: str) -> Any:
        self[name] = self._find(name)
        return self[name]


def _declarations(root: Node) -> Iterator[tuple[Node, Node | None]]:
    decorators = None
    for child in root.children:
        if child.type == "decorators":
            decorators = child
            continue
        if child.type.removesuffix("_declaration") in DECLARATIONS:
            yield child, decorators
        decorators = None


def _joined(folder: PurePosixPath, relative: str) -> str:
    """Return a path without its `..`."""
    parts: list[str] = []
    for part in (folder / relative).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)
