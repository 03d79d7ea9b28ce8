"""Byte code that Azure's Python takes as it is.

A deployed package is read-only, so what is not validly compiled in it is compiled again at every cold start. Byte code
with a time stamp is invalid there: a zip's stamps have two seconds' resolution and no time zone. So the files are of
PEP 552's third kind, "unchecked": valid wherever the magic number is, whatever the source beside them says.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.package.errors import PackageError

TAG = "cpython-313"
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
"""What byte code of every Python 3.13 begins with, Azure's among them."""
UNCHECKED = (1).to_bytes(4, "little")


def compiled(folder: Path) -> None:
    """Compile all modules in `folder`. Raises PackageError for another Python than Azure's, and for a syntax error.

    The same sources make the same bytes wherever `folder` is: its path is stripped, and a bare process compiles one
    file after the other, since whether a constant is interned depends on what else the process has loaded.
    """
    if importlib.util.MAGIC_NUMBER != MAGIC:
        raise PackageError(f"Azure runs Python 3.13; this is {sys.version.partition(' ')[0]}, whose byte code differs.")
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False)
    if done.returncode:
        raise PackageError(f"Not everything can be compiled: {done.stdout.strip()}")


def faults(folder: Path) -> Iterable[str]:
    """Where the byte code in `folder` is not what Azure's Python would make of the sources, one line each.

    Nobody else would notice: unchecked byte code runs even if its source says something else.
    """
    for source in sorted(folder.rglob("*.py")):
        path = source.parent / "__pycache__" / f"{source.stem}.{TAG}.pyc"
        if not path.exists():
            yield f"{source.relative_to(folder)} has no byte code."
        elif path.read_bytes()[:16] != header(source):
            yield f"{path.relative_to(folder)} is not unchecked Python 3.13 byte code of its source."


def header(source: Path) -> bytes:
    """The first 16 bytes of a source's byte code: magic number, flags, hash of the source (PEP 552)."""
    return MAGIC + UNCHECKED + importlib.util.source_hash(source.read_bytes())
