"""The deployed packages: the standard library, requirements.txt and the service's own code.

In a restricted process the import system finds nothing else, so a missing package shows as it would in Azure.
"""

import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from importlib.metadata import packages_distributions
from types import ModuleType

from shared.model.manifest import APP

LOCK = APP / "requirements.txt"
OWN = frozenset({"shared", "model"})
"""The project's own packages that are deployed; a model may use classes from them."""


def restrict() -> None:
    """Let this process import only deployed packages from now on."""
    deployed = packages() | OWN
    library = [sysconfig.get_path("stdlib")]  # some of its modules exist on one platform only and are in no list

    class Deployed(PathFinder):
        """Finds the modules that PathFinder finds, if their top-level package is deployed."""

        @classmethod
        def find_spec(
            cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            allowed = fullname.partition(".")[0] in deployed
            return super().find_spec(fullname, path if allowed else library, target)

    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Deployed]


@cache
def packages() -> frozenset[str]:
    """Return the top-level names that can be imported: of the standard library and of requirements.txt's packages."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    locked = set(map(_normalize, names))
    installed = {top for top, owners in distributions().items() if locked & set(map(_normalize, owners))}
    return sys.stdlib_module_names | installed


@cache
def distributions() -> Mapping[str, Sequence[str]]:
    """Return the installed packages by the top-level names that they bring. Reading them takes half a second."""
    return packages_distributions()


def _normalize(name: str) -> str:
    """Return a package's name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
