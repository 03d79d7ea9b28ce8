"""Generate docs/sbom.json: the deployed packages and their dependencies, as a CycloneDX bill of materials.

It comes from the lock alone, without a time or a serial number: the same lock gives the same bytes.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools.errors import GenerateError
from tools.generate import locks

_VIA = re.compile(r"    # (?:via |  )(?P<parent>[\w.-]+)")


def from_lock(root: Path) -> Mapping[str, str]:
    """Return the bill of the packages in requirements.txt. Raises GenerateError without a lock."""
    lock = root / locks.DEPLOYED
    if not lock.exists():
        raise GenerateError(f"docs/sbom.json is generated from {locks.DEPLOYED}, which is missing.")
    return {"docs/sbom.json": bill(project(root), lock.read_text(encoding="utf-8"))}


def project(root: Path) -> Component:
    """Return the project itself, from pyproject.toml."""
    content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = content["name"], content["version"]
    return Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref=f"{name}@{version}")


def bill(application: Component, lock: str) -> str:
    """Return the document: the application, every package that `lock` pins, and their dependencies."""
    pins = dict(locks.pins(lock))
    packages = {name: package(name, version) for name, version in pins.items()}
    components = {application.name: application, **packages}
    bom = Bom(components=packages.values())
    bom.metadata.component = application
    bom.metadata.timestamp = None  # type: ignore[assignment]  # leaves it out
    bom.serial_number = None  # type: ignore[assignment]
    dependencies: dict[str, list[Component]] = {name: [] for name in components}
    for child, parent in parents(lock):
        dependencies[parent].append(packages[child])
    for name, children in dependencies.items():
        bom.register_dependency(components[name], children)
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def package(name: str, version: str) -> Component:
    """Return the component of one locked package."""
    purl = PackageURL("pypi", name=name, version=version)
    return Component(type=ComponentType.LIBRARY, name=name, version=version, purl=purl, bom_ref=str(purl))


def parents(lock: str) -> Iterator[tuple[str, str]]:
    """Yield each package with a package that needs it, from uv's comments below the pins."""
    child = ""
    for line in lock.splitlines():
        child = next((name for name, _ in locks.pins(line)), child)
        if match := _VIA.match(line):
            yield child, match["parent"]
