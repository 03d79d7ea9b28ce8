"""A process that has only the deployed packages: the standard library, requirements.txt and the service's own code.

What a developer has installed beside them (tests, notebooks, tools) must not make a model look servable. So the import
system of that process finds nothing else; a missing package shows here as it would in Azure.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from importlib.metadata import packages_distributions
from types import ModuleType

from shared.model.manifest import APP

LOCK = APP / "requirements.txt"
OWN = frozenset({"shared", "model"})
"""The project's own packages that are deployed; a model may use classes from them."""
CONVERTER = frozenset({"ml_dtypes", "onnx", "skl2onnx"})
"""What writes ONNX graphs: a developer's tool. No estimator needs it: it is let in when the model has answered."""
START = """\
import sys
sys.path.insert(0, sys.argv[1])
from tools.model.command import adopt_file
sys.exit(adopt_file(sys.argv[2:]))
"""


def run(argv: Sequence[str]) -> int:
    """Adopt a file in such a process, with the command's arguments. Returns its exit code."""
    # -I: neither the current folder nor PYTHONPATH nor the user's own site-packages, which Azure has not either
    command = [sys.executable, "-I", "-X", "utf8", "-c", START, str(APP), *argv]
    return subprocess.run(command, check=False).returncode


def restrict() -> None:
    """From here on this process imports deployed packages only, and this tool itself."""
    _allowed.update(packages(), OWN, {"tools"})
    library = [sysconfig.get_path("stdlib")]  # some of its modules are made for one platform and stand in no list

    class Deployed(PathFinder):
        """Finds what PathFinder finds, as long as its top-level package is deployed."""

        @classmethod
        def find_spec(
            cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
        ) -> ModuleSpec | None:
            known = fullname.partition(".")[0] in _allowed
            return super().find_spec(fullname, path if known else library, target)

    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Deployed]


def admit(names: Iterable[str]) -> None:
    """Let a restricted process import these top-level packages too."""
    _allowed.update(names)


_allowed: set[str] = set()


@cache
def packages() -> frozenset[str]:
    """The importable top-level names of the standard library and of what requirements.txt locks."""
    locked = set(map(normal, re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)))
    installed = packages_distributions()
    return sys.stdlib_module_names | {top for top, owners in installed.items() if locked & set(map(normal, owners))}


def normal(name: str) -> str:
    """A distribution's name as the index normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()
