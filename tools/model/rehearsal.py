"""The rehearsal of a model that its own code serves: a process with only the deployed packages loads it and predicts.

A model must not look servable because of packages that only a developer has. A model that a graph or a weighted sum
serves needs none of them, and no rehearsal.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from shared.model.manifest import APP
from tools.model import deployed, document, modules
from tools.model.refused import Refused, one_line

FAILURE = "failure.json"
START = """\
import sys
sys.path.insert(0, sys.argv[1])
from tools.model.rehearsal import perform
perform(sys.argv[2])
"""


class Failure(Struct, frozen=True):
    """The reason why the process could not load the model or predict with it."""

    reason: str
    module: str = ""
    """The module that is missing, if that is the reason."""


def refuse_undeployed(path: Path, files: Mapping[str, bytes]) -> None:
    """Raise Refused if the service could not serve these files. `path` is the owner's file, for messages."""
    with TemporaryDirectory() as folder:
        document.write(Path(folder), files)
        # -I: neither the current folder nor PYTHONPATH nor the user's own site-packages, which Azure does not have
        command = [sys.executable, "-I", "-X", "utf8", "-c", START, str(APP), folder]
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        failure = _failure(Path(folder), ended)
    if failure is None:
        return
    if failure.module:
        raise Refused(modules.not_deployed(path, failure.module))
    if name := modules.name_in_the_script(failure.reason):
        raise Refused(modules.of_the_script(path, name))
    raise Refused(f"{path.name} cannot be served by its own code with the deployed packages: {failure.reason}")


def perform(folder: str) -> None:
    """Load the model in `folder` and predict its first example; a failure is written into the folder."""
    deployed.restrict()
    try:
        _predict(Path(folder))
    except Exception as error:
        cause = error.__cause__ or error
        module = cause.name if isinstance(cause, ModuleNotFoundError) else None
        (Path(folder) / FAILURE).write_bytes(msgspec.json.encode(Failure(one_line(cause), module or "")))


def _predict(folder: Path) -> None:
    # Imported here: in the other process they are imported with the deployed packages only.
    from shared.model import manifest, schemas
    from shared.model.loader import Model, load_runtime
    from shared.model.manifest_file import with_data

    found = with_data(manifest.decode((folder / document.FILE).read_bytes()), folder)
    body = msgspec.json.encode({"instances": [found.examples[0].instance]})
    model = Model(found, load_runtime(folder, found))
    model.predict(schemas.build(found).decode(body), probabilities=True)


def _failure(folder: Path, ended: "subprocess.CompletedProcess[str]") -> Failure | None:
    if (folder / FAILURE).exists():
        return msgspec.json.decode((folder / FAILURE).read_bytes(), type=Failure)
    return Failure(f"the process ended with {ended.returncode}") if ended.returncode else None
