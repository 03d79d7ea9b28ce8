"""The challenger: a model in a folder beside the champion, compared with it and switched on by two settings."""

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


def settings(root: Path, folder: Path) -> dict[str, str]:
    """Return the settings that let every request be scored by the challenger too."""
    return {"CHALLENGER_MANIFEST": (folder / document.FILE).relative_to(root).as_posix(), "CHALLENGER_SHARE": "1"}


def print_comparison(champion: Contestant, challenger: Contestant, table: Table) -> None:
    """Print the comparison and the next step."""
    print(*comparison.lines(champion, challenger, table), sep="\n")
    print("Next: make run, which scores each request by both models. When you trust the challenger: make promote.")
