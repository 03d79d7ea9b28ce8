"""Client generators that people use, each from its own package, and programs that use what they generate."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shared.model.manifest import APP
from tests.environments import completed, environment
from tools.azurite import NODE, NPM

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
NPM_FOLDER = APP / ".cache/clients-npm"
COMPILE = ["--strict", "--target", "es2024", "--module", "nodenext", "--skipLibCheck"]

type Run = Callable[[Path, str, Mapping[str, Any]], Any]
"""Generates a client in a folder, which has openapi.json, and runs it against a URL with rows."""


def openapi_python_client(folder: Path, url: str, rows: Mapping[str, Any]) -> Any:
    """openapi-python-client. Its warnings are errors, because what it warns of is missing in the client."""
    (folder / "config.yml").write_text("package_name_override: client\npost_hooks: []\n", encoding="utf-8")
    options = ["--path", "openapi.json", "--config", "config.yml", "--meta", "none", "--fail-on-warning"]
    completed([python("openapi-python-client"), "generate", *options, "--output-path", "client"], cwd=folder)
    return received([python("python"), PROGRAMS / "openapi_python_client.py"], folder, url, rows)


def openapi_generator_python(folder: Path, url: str, rows: Mapping[str, Any]) -> Any:
    """openapi-generator's `python`."""
    java(folder, "python", "generated", "packageName=client")
    environ = {**os.environ, "PYTHONPATH": str(folder / "generated")}
    return received([python("python"), PROGRAMS / "openapi_generator_python.py"], folder, url, rows, environ)


def typescript_fetch(folder: Path, url: str, rows: Mapping[str, Any]) -> Any:
    """openapi-generator's `typescript-fetch`, compiled strictly."""
    java(folder, "typescript-fetch", "client", "importFileExtension=.js")
    return compiled(folder, "typescript_fetch", url, rows)


def openapi_typescript(folder: Path, url: str, rows: Mapping[str, Any]) -> Any:
    """openapi-typescript's types, compiled strictly, with openapi-fetch."""
    types = node("openapi-typescript/bin/cli.js")
    completed([*types, "openapi.json", "--output", "client.d.ts"], cwd=folder)
    return compiled(folder, "openapi_typescript", url, rows)


GENERATORS: Mapping[str, Run] = {
    "openapi-python-client": openapi_python_client,
    "openapi-generator python": openapi_generator_python,
    "openapi-generator typescript-fetch": typescript_fetch,
    "openapi-typescript": openapi_typescript,
}


def python(program: str) -> Path:
    """Return a program of the generators' Python environment."""
    return environment("clients", HERE / "requirements.txt") / "bin" / program


def java(folder: Path, generator: str, output: str, properties: str) -> None:
    """Run openapi-generator, with the Java that its package brings."""
    options = ["-i", "openapi.json", "-g", generator, "-o", output, "--additional-properties", properties]
    completed([python("openapi-generator-cli"), "generate", *options], cwd=folder)


def node(script: str) -> list[str | Path]:
    """Return the start of a command that runs a script of the npm packages, which are installed once."""
    lock = "package-lock.json"
    installed = NPM_FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or (NPM_FOLDER / lock).read_bytes() != (HERE / "npm" / lock).read_bytes():
        shutil.copytree(HERE / "npm", NPM_FOLDER, dirs_exist_ok=True)
        completed([NODE, NPM, "ci"], cwd=NPM_FOLDER)
    return [NODE, NPM_FOLDER / "node_modules" / script]


def compiled(folder: Path, name: str, url: str, rows: Mapping[str, Any]) -> Any:
    """Compile a TypeScript program beside its client, run it, and return what it received."""
    compiler = node("typescript/bin/tsc")
    shutil.copy(PROGRAMS / f"{name}.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "node_modules").symlink_to(NPM_FOLDER / "node_modules")
    completed([*compiler, *COMPILE, "--types", "node", "--outDir", "out", f"{name}.ts"], cwd=folder)
    return received([NODE, folder / f"out/{name}.js"], folder, url, rows)


def received(
    command: list[str | Path], folder: Path, url: str, rows: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> Any:
    """Run a program, and return what it printed."""
    environ = {"PYTHONPATH": str(folder), **os.environ} if environ is None else environ
    return json.loads(completed([*command, url, json.dumps(rows)], cwd=folder, env=environ))
