"""Make the challenger the champion, all files or none; the champion goes to model/previous/, and can come back.

The files are those that `make model` writes, with the names slr.*. docs/openapi.json is made for the new champion, and
local.settings.json loses the settings of a challenger that is none any more.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.model import artifact
from shared.model.manifest import Manifest, decode
from shared.model.manifest_file import with_data
from shared.problems import Problem
from tools import local_settings
from tools.errors import PromoteError, ToolError
from tools.promote.lock import alone
from tools.promote.moves import Moves, undo

ROOT = Path(__file__).parent.parent.parent
MODEL, CHALLENGER, PREVIOUS, STAGE = "model", "model/challenger", "model/previous", "model/.promote"
MANIFEST = "slr.json"
OPENAPI = Path("docs/openapi.json")
SETTINGS = ("CHALLENGER_MANIFEST", "CHALLENGER_SHARE")


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Promote. Returns 0, or 1 with the reason on stderr; then nothing changed."""
    parser = argparse.ArgumentParser(prog="./egl promote", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="source", choices=[CHALLENGER, PREVIOUS], default=CHALLENGER)
    parser.add_argument("--yes", action="store_true", help="promote although requests of a client could fail")
    options = parser.parse_args(argv)
    try:
        with alone(root / MODEL):
            undo(root, root / STAGE)
            champion, successor = (read(root / name) for name in (MODEL, options.source))
            report(champion, successor, agreed=options.yes)
            promote(root, root / options.source)
    except (ToolError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{successor.name} {successor.version} is the champion. {champion.name} {champion.version} is in {PREVIOUS}.")
    print("Next: make test, and commit model/ and docs/openapi.json. To go back: make promote FROM=model/previous.")
    return 0


def read(folder: Path) -> Manifest:
    """Return the manifest in a folder, whose files are complete. Raises PromoteError."""
    try:
        manifest = with_data(decode((folder / MANIFEST).read_bytes()), folder)
        described = manifest.artifact
        artifact.read(folder / described.file, described.sha256)
        if described.onnx:
            artifact.read(folder / described.onnx.file, described.onnx.sha256)
    except FileNotFoundError as error:
        raise PromoteError(f"There is no model in {folder.name}/: {folder / MANIFEST} does not exist.") from error
    except Problem as error:
        raise PromoteError(f"The model in {folder.name}/ cannot be used: {error.reason or error}") from error
    return manifest


def report(champion: Manifest, successor: Manifest, *, agreed: bool) -> None:
    """Print the changes of the contract. Raises PromoteError if some break clients and nobody agreed."""
    from tools.model import changes

    found = changes.between(champion, successor)
    for change in found:
        print(f"{change.text}{' Requests of a client could fail.' * change.breaking}", flush=True)
    if any(change.breaking for change in found) and not agreed:
        raise PromoteError("Nothing was changed: requests of a client could fail. To promote all the same, add YES=1.")


def promote(root: Path, source: Path) -> None:
    """Move the files: all of them, or none when anything fails."""
    stage = root / STAGE
    try:
        moves = Moves(root, stage)
        _swap(moves, root, source)
        _write_openapi(moves, root)
        _clear_settings(moves, root, source)
        moves.commit()
    except BaseException:
        undo(root, stage)
        raise
    if source.exists() and not any(source.iterdir()):
        source.rmdir()


def _swap(moves: Moves, root: Path, source: Path) -> None:
    model, previous, stage = root / MODEL, root / PREVIOUS, root / STAGE
    champion, successor = files(model), files(source)
    if source != previous:
        _move(moves, files(previous), stage / "previous")
    _move(moves, champion, stage / "champion")
    _move(moves, successor, model)
    _move(moves, files(stage / "champion"), previous)


def files(folder: Path) -> list[Path]:
    """Return the files of a model in a folder."""
    return sorted(path for path in folder.glob("slr.*") if path.is_file())


def _move(moves: Moves, paths: Iterable[Path], folder: Path) -> None:
    for path in paths:
        moves.move(path, folder / path.name)


def _write_openapi(moves: Moves, root: Path) -> None:
    from tools.generate import openapi

    new = root / STAGE / "openapi.json"
    new.write_text(openapi.snapshot(root)[OPENAPI.as_posix()], encoding="utf-8", newline="\n")
    moves.replace(root / OPENAPI, new)


def _clear_settings(moves: Moves, root: Path, source: Path) -> None:
    """Remove the challenger's settings if they name the model that moved. A file without them stays unchanged."""
    path = root / local_settings.FILE
    manifest = (source / MANIFEST).relative_to(root).as_posix()
    if not path.exists() or local_settings.read(root).get(SETTINGS[0]) != manifest:
        return
    new = root / STAGE / "settings.json"
    local_settings.write(new, local_settings.changed(root, dict.fromkeys(SETTINGS)), like=path)
    moves.replace(path, new)
