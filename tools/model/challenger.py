"""The challenger: a model in a folder beside the champion, and compared with it. The champion stays as it is."""

from pathlib import Path

from shared.model.loader import load_runtime
from shared.model.manifest import Manifest, decode
from shared.model.manifest_file import with_data
from shared.problems import Problem
from tools.model import comparison, document
from tools.model.comparison import Contestant
from tools.model.data import Table
from tools.model.refused import Refused

FOLDER = "challenger"


def read(folder: Path) -> Contestant:
    """Return the model in a folder. Raises Refused when there is none, or it cannot be loaded."""
    path = folder / document.FILE
    if not path.exists():
        raise Refused(f"There is no champion: {path} does not exist.")
    try:
        return load(folder, with_data(decode(path.read_bytes()), folder))
    except Problem as error:
        raise Refused(f"The champion in {folder} cannot be loaded: {error.reason or error}") from error


def load(folder: Path, manifest: Manifest) -> Contestant:
    """Return the model that a manifest in a folder describes."""
    return Contestant(manifest, load_runtime(folder, manifest))


def print_comparison(champion: Contestant, challenger: Contestant, table: Table) -> None:
    """Print the comparison and the next step."""
    print(*comparison.lines(champion, challenger, table), sep="\n")
    print("Next: MODEL_MANIFEST=model/challenger/slr.json make run, to try it. When you trust it: make promote.")
