"""Writes what is derived: locks, settings table, OpenAPI snapshot, SBOM, Azure workbook; `--check` only compares."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.generate import locks, openapi, sbom, settings_table, workbook
from tools.generate.errors import GenerateError, IndexUnreachable

ROOT = Path(__file__).parent.parent.parent

type Generator = Callable[[Path], Mapping[str, str]]
"""Reads the project in a folder and returns what its derived files should hold, by their path in that folder."""

GENERATORS: Mapping[str, Generator] = {
    "locks": locks.compiled,
    "settings": settings_table.in_readme,
    "openapi": openapi.snapshot,
    "sbom": sbom.of_lock,
    "workbook": workbook.from_queries,
}


def main(argv: Sequence[str]) -> int:
    """Write, or with `--check` compare. Returns 1 when something could not be made or, checking, would change."""
    parser = argparse.ArgumentParser(prog="python -m tools generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when something would change")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these of {', '.join(GENERATORS)}")
    given = parser.parse_args(argv)
    if unknown := set(given.parts) - set(GENERATORS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    chosen = [GENERATORS[name] for name in given.parts or GENERATORS]
    faults = [fault for generator in chosen for fault in outcome(generator, ROOT, checking=given.check)]
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


def outcome(generator: Generator, root: Path, *, checking: bool) -> Sequence[str]:
    """Run one generator on the project in `root`: write what it made, or compare. Returns what is wrong."""
    try:
        stale = {path: text for path, text in generator(root).items() if current(root / path) != text}
    except IndexUnreachable as error:
        if not checking:
            return [str(error)]
        print(f"note: {error} Checked only that the locks fit pyproject.toml.")
        return locks.misfits(root)
    except GenerateError as error:
        return [str(error)]
    if checking:
        return [f"{path} is not what `make generate` makes: run it." for path in stale]
    for path, text in stale.items():
        (root / path).write_text(text, encoding="utf-8", newline="\n")
        print(f"Wrote {path}.")
    return []


def current(path: Path) -> str | None:
    """What the file holds now, if it exists."""
    return path.read_text(encoding="utf-8") if path.exists() else None
