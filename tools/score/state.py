"""The state of a run, in a file beside its output: how far the run came, and with which input, model and options.

It is replaced as a whole after each batch. What the output has beyond it is cut off when the run continues.
"""

import hashlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from tools.errors import ScoreError


class Subject(Struct, frozen=True):
    """What a run is about. A run continues only with the same."""

    size: int
    """Of the input, in bytes."""
    sha256: str
    model: str
    version: str
    options: dict[str, str]
    """Those that change the output, with their values."""


class State(Struct, frozen=True):
    """How far a run came."""

    subject: Subject
    rows: int = 0
    """Rows of the input that are done."""
    scored: int = 0
    rejected: int = 0
    output_bytes: int = 0
    rejected_bytes: int = 0


def subject(path: Path, model: str, version: str, options: dict[str, str]) -> Subject:
    """Return the subject of a run. Reads the whole input once, for its hash. Raises OSError."""
    with path.open("rb") as file:
        return Subject(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest(), model, version, options)


def path_beside(output: Path) -> Path:
    """Return the path of the state of a run with this output."""
    return output.with_name(f"{output.name}.state.json")


def read(path: Path) -> State | None:
    """Return the state; None where there is none. Raises ScoreError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ScoreError(f"{path} cannot be read: {error}. To begin again: --overwrite.") from error


def write(path: Path, state: State) -> None:
    """Replace the state at once: a run that is killed leaves the one before or this one. Raises OSError."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(msgspec.json.encode(state))
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def check_same(before: Subject, now: Subject) -> None:
    """Raise ScoreError if a run cannot continue, because something is different now."""
    changes = []
    if (before.size, before.sha256) != (now.size, now.sha256):
        changes.append("the input file has other content")
    if (before.model, before.version) != (now.model, now.version):
        changes.append(f"the service's model was {before.model} {before.version} and is {now.model} {now.version}")
    for name in sorted(before.options.keys() | now.options.keys()):
        old, new = before.options.get(name, ""), now.options.get(name, "")
        if old != new:
            changes.append(f'--{name} was "{old}" and is "{new}"')
    if changes:
        raise ScoreError(f"The run cannot continue: {'; '.join(changes)}. To begin again: --overwrite.")
