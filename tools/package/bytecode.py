"""Byte code that Azure's Python uses without compiling again.

A deployed package is read-only, so a source without valid byte code is compiled again at every cold start. Byte code
with a time stamp is invalid there: the time stamps of a zip have a resolution of two seconds and no time zone. So the
files are of PEP 552's third kind, "unchecked": valid for the same magic number, whatever the source file contains.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.errors import PackageError

TAG = "cpython-313"
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
"""The first bytes of byte code of every Python 3.13, with Azure's among them."""
UNCHECKED = (1).to_bytes(4, "little")


def compile_folder(folder: Path) -> None:
    """Compile all modules in `folder`. Raises PackageError for another Python than Azure's, and for a syntax error.

    The same sources give the same bytes, wherever `folder` is: its path is stripped, and a separate process compiles
    one file after the other, because interned constants depend on the modules that a process has loaded.
    """
    if importlib.util.MAGIC_NUMBER != MAGIC:
        version = sys.version.partition(" ")[0]
        raise PackageError(f"Azure runs Python 3.13; this is {version}, with other byte code.")
    command = [sys.executable, "-I", "-S", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False)
    if result.returncode:
        raise PackageError(f"Some files cannot be compiled: {result.stdout.strip()}")


def errors(folder: Path) -> Iterable[str]:
    """Yield a line for each source in `folder` whose byte code is missing or is not that of Azure's Python.

    Nothing else would notice: unchecked byte code runs even if its source is different.
    """
    for source in sorted(folder.rglob("*.py")):
        path = source.parent / "__pycache__" / f"{source.stem}.{TAG}.pyc"
        try:
            with path.open("rb") as file:
                is_valid = file.read(16) == header(source)
        except FileNotFoundError:
            yield f"{source.relative_to(folder)} has no byte code."
        else:
            if not is_valid:
                yield f"{path.relative_to(folder)} is not unchecked Python 3.13 byte code of its source."


def header(source: Path) -> bytes:
    """Return the first 16 bytes of a source's byte code: magic number, flags, hash of the source (PEP 552)."""
    return MAGIC + UNCHECKED + importlib.util.source_hash(source.read_bytes())
