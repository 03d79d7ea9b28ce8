"""Generate the derived files: locks, settings table, OpenAPI snapshot, SBOM, workbook; `--check` only compares."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.errors import GenerateError, IndexUnreachable
from tools.generate import locks, openapi, sbom, settings_table, workbook

ROOT = Path(__file__).parent.parent.parent

type Generator = Callable[[Path], Mapping[str, str]]
"""Read the project in a folder, and return the content of its derived files by their path in that folder."""

GENERATORS: Mapping[str, Generator] = {
    "locks": locks.compile_locks,
    "settings": settings_table.page,
    "openapi": openapi.snapshot,
    "sbom": sbom.from_lock,
    "workbook": workbook.from_queries,
}


def main(argv: Sequence[str], root: Path = ROOT, generators: Mapping[str, Generator] = GENERATORS) -> int:
    """Write the files, or compare them with `--check`. Returns 1 when one cannot be generated or would change."""
    parser = argparse.ArgumentParser(prog="./egl generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when something would change")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these of {', '.join(generators)}")
    options = parser.parse_args(argv)
    if unknown := set(options.parts) - set(generators):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    selected = [generators[name] for name in options.parts or generators]
    errors = [error for generator in selected for error in run(generator, root, check=options.check)]
    print("\n".join(errors), end="\n" if errors else "", file=sys.stderr)
    return 1 if errors else 0


def run(generator: Generator, root: Path, *, check: bool) -> Sequence[str]:
    """Run one generator on the project in `root`, and write its files or only compare them. Returns the errors."""
    try:
        stale = {path: text for path, text in generator(root).items() if current(root / path) != text}
    except IndexUnreachable as error:
        if not check:
            return [str(error)]
        print(f"note: {error} Checked only that the locks fit pyproject.toml.")
        return locks.errors(root)
    except GenerateError as error:
        return [str(error)]
    if check:
        return [f"{path} is out of date: run `make generate`." for path in stale]
    for path, text in stale.items():
        (root / path).write_text(text, encoding="utf-8", newline="\n")
        print(f"Wrote {path}.")
    return []


def current(path: Path) -> str | None:
    """Return the content of the file, or None when it does not exist."""
    return path.read_text(encoding="utf-8") if path.exists() else None
