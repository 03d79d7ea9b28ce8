"""The deployment that infra/ describes, for tests that ask what its resources are and refer to."""

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from tests.infra.bicep.template import Files, Resource, Template, deploy

ROOT = Path(__file__).parents[2]
MAIN = "infra/main.bicep"
GIVEN: Mapping[str, Any] = {
    "environmentName": "egl-ml",
    "alertEmail": "people@example.com",
    "operatorId": "00000000-0000-0000-0000-0000000000e1",
    "githubSubjectPrefix": "repo:owner@12/name@34",
}
"""Parameters of a deployment that has everything."""


@lru_cache(1)
def committed() -> Files:
    """Return the files that a deployment reads, as they are."""
    paths = [path for folder in ("infra", "monitoring") for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


class Azure:
    """A deployment of these files."""

    def __init__(self, files: Files, **parameters: Any) -> None:
        self.files = files
        self.parameters = {**GIVEN, **parameters}

    def given(self, **parameters: Any) -> "Azure":
        """Return the deployment of the same files with other parameters."""
        return Azure(self.files, **{**self.parameters, **parameters})

    @cached_property
    def template(self) -> Template:
        """The deployment as a whole."""
        return deploy(self.files, MAIN, self.parameters)

    def all(self, type_: str) -> Sequence[Resource]:
        """Return the resources of a type, `Microsoft.` left out."""
        return [resource for resource in self.template.resources if resource.type == f"Microsoft.{type_}"]

    def one(self, type_: str) -> Resource:
        """Return the only resource of a type."""
        (only,) = self.all(type_)
        return only

    @property
    def settings(self) -> Mapping[str, Any]:
        """The app settings."""
        return self.one("Web/sites/config").properties
