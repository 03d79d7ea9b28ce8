"""A process that has only the deployed packages: the standard library, requirements.txt and the service's own code.

A model must not look servable because of packages that only a developer has (tests, notebooks, tools). So the import
system of that process finds nothing else, and a missing package shows here as it would in Azure.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from importlib.metadata import packages_distributions
from types import ModuleType

from shared.model.manifest import APP

LOCK = APP / "requirements.txt"
OWN = frozenset({"shared", "model"})
"""The project's own packages that are deployed; a model may use classes from them."""
CONVERTER = frozenset({"ml_dtypes", "onnx", "skl2onnx"})
"""The packages that write ONNX graphs. No estimator needs them, so they are allowed after the model has predicted."""
START = """\
import sys
sys.path.insert(0, sys.argv[1])
from tools.model.command import adopt_file
sys.exit(adopt_file(sys.argv[2:]))
"""


def run(argv: Sequence[str]) -> int:
    """Adopt a file in such a process, with the command's arguments. Returns its exit code."""
    # -I: neither the current folder nor PYTHONPATH nor the user's own site-packages, which Azure does not have either
    command = [sys.executable, "-I", "-X", "utf8", "-c", START, str(APP), *argv]
    return subprocess.run(command, check=False).returncode


def restrict() -> None:
    """Let this process import only deployed packages and this tool from now on."""
    _allowed.update(packages(), OWN, {"tools"})
    library = [sysconfig.get_path("stdlib")]  # some of its modules exist on one platform only and are in no list

    class Deployed(PathFinder):
        """Finds the modules that PathFinder finds, if their top-level package is deployed."""

        @classmethod
        def find_spec(
            cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            allowed = fullname.partition(".")[0] in _allowed
            return super().find_spec(fullname, path if allowed else library, target)

    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Deployed]


def allow(names: Iterable[str]) -> None:
    """Let a restricted process import these top-level packages too."""
    _allowed.update(names)


_allowed: set[str] = set()


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
