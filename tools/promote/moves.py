"""Moves of files that happen all or not at all, also when the process is killed between two of them.

Each move is a rename inside one file system. It is written into a journal first. `undo` takes back what the
journal has, the last move first; the next run does that for a process that was killed.
"""

import os
import shutil
from pathlib import Path

JOURNAL = "journal"


class Moves:
    """Renames of files under a root, with their journal in a staging folder."""

    def __init__(self, root: Path, stage: Path) -> None:
        self._root = root
        self._stage = stage
        stage.mkdir()
        (stage / JOURNAL).touch()

    def move(self, source: Path, target: Path) -> None:
        """Move a file to a path that does not exist."""
        if target.exists():
            raise FileExistsError(f"{target} exists")
        target.parent.mkdir(exist_ok=True)
        names = [path.relative_to(self._root).as_posix() for path in (source, target)]
        with (self._stage / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write("\t".join(names) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
        os.rename(source, target)

    def replace(self, path: Path, new: Path) -> None:
        """Put the file `new` in the place of `path`, which need not exist."""
        if path.exists():
            self.move(path, self._stage / f"old-{path.name}")
        self.move(new, path)

    def commit(self) -> None:
        """Keep all moves. From the removal of the journal on nothing is taken back."""
        (self._stage / JOURNAL).unlink()
        shutil.rmtree(self._stage, ignore_errors=True)


def undo(root: Path, stage: Path) -> None:
    """Take back what was moved and not kept, and remove the staging folder. Without one, nothing happens."""
    journal = stage / JOURNAL
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    for line in reversed(lines):
        source, _, target = line.partition("\t")
        if target and not (root / source).exists() and (root / target).exists():
            os.rename(root / target, root / source)
    shutil.rmtree(stage, ignore_errors=True)
