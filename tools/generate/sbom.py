"""docs/sbom.json: what is deployed, package by package and what each needs, as a CycloneDX bill of materials.

From the lock alone, without a time or a serial number: the same lock makes the same bytes.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools.generate import locks
from tools.generate.errors import GenerateError

_VIA = re.compile(r"    # (?:via |  )(?P<parent>[\w.-]+)")


def of_lock(root: Path) -> Mapping[str, str]:
    """The bill of what requirements.txt locks. Raises GenerateError when there is no lock."""
    lock = root / locks.DEPLOYED
    if not lock.exists():
        raise GenerateError(f"docs/sbom.json is made from {locks.DEPLOYED}, which is missing.")
    return {"docs/sbom.json": bill(project(root), lock.read_text(encoding="utf-8"))}


def project(root: Path) -> Component:
    """The project itself, as pyproject.toml names it."""
    told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = told["name"], told["version"]
    return Component(type=ComponentType.APPLICATION, name=name, version=version, bom_ref=f"{name}@{version}")


def bill(of: Component, lock: str) -> str:
    """The document: `of`, every package that `lock` pins, and who needs whom."""
    pins = dict(locks.pins(lock))
    packages = {name: package(name, version) for name, version in pins.items()}
    known = {of.name: of, **packages}
    bom = Bom(components=packages.values())
    bom.metadata.component = of
    bom.metadata.timestamp = None  # type: ignore[assignment]  # leaves it out
    bom.serial_number = None  # type: ignore[assignment]
    needed: dict[str, list[Component]] = {name: [] for name in known}
    for child, parent in parents(lock):
        needed[parent].append(packages[child])
    for name, children in needed.items():
        bom.register_dependency(known[name], children)
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def package(name: str, version: str) -> Component:
    """One locked package."""
    purl = PackageURL("pypi", name=name, version=version)
    return Component(type=ComponentType.LIBRARY, name=name, version=version, purl=purl, bom_ref=str(purl))


def parents(lock: str) -> Iterator[tuple[str, str]]:
    """Each package and one that needs it, from the comments that uv writes below the pins."""
    child = ""
    for line in lock.splitlines():
        child = next((name for name, _ in locks.pins(line)), child)
        if found := _VIA.match(line):
            yield child, found["parent"]
