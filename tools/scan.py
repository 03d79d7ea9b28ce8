"""Scans what git keeps for secrets (`secrets`), and what is deployed for licences that bind (`licences`)."""

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.generate import locks

if TYPE_CHECKING:
    from detect_secrets.core.secrets_collection import SecretsCollection

ROOT = Path(__file__).parent.parent
BASELINE = ".secrets.baseline"
BINDING = ("GPL", "General Public", "EUPL", "European Union Public", "SSPL", "Server Side Public", "Business Source")
UNKNOWN = "UNKNOWN"


def main(argv: Sequence[str]) -> int:
    """Print what was found. Returns 1 when that is anything."""
    parser = argparse.ArgumentParser(prog="python -m tools scan", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    secrets = commands.add_parser("secrets", help="what looks like a secret and is not in the baseline")
    secrets.add_argument("--accept", action="store_true", help="none of what is found is one: keep it as the baseline")
    commands.add_parser("licences", help="the licence of every locked package")
    given = parser.parse_args(argv)
    if given.command == "licences":
        found = list(binding(licences(locked(ROOT))))
    elif given.accept:
        found = accept(ROOT)
    else:
        found = list(unaccepted(ROOT))
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


def unaccepted(root: Path) -> Iterator[str]:
    """What looks like a secret and is not in the baseline: where it is and of which kind, never the text itself."""
    known, found = scanned(root)
    for name, secret in found - known:
        yield f"{name}:{secret.line_number}: {secret.type}. If it is none: python -m tools scan secrets --accept"


def accept(root: Path) -> list[str]:
    """Write the baseline anew, from what is found now. Whoever does so says that none of it is a secret."""
    from detect_secrets.core import baseline

    _, found = scanned(root)
    content = {name: value for name, value in baseline.format_for_output(found).items() if name != "generated_at"}
    (root / BASELINE).write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8", newline="\n")
    return []


def scanned(root: Path) -> "tuple[SecretsCollection, SecretsCollection]":
    """What the baseline holds, and what is there now; the baseline also says what to look for, and where not to."""
    # Imported here: it takes a while, and licences need none of it.
    from detect_secrets.core import baseline
    from detect_secrets.core.secrets_collection import SecretsCollection

    with contextlib.chdir(root):  # names in the baseline are relative
        known = baseline.load(baseline.load_from_file(BASELINE), BASELINE)
        found = SecretsCollection()
        found.scan_files(*files(root))  # on every core
    return known, found


def files(root: Path) -> Sequence[str]:
    """What git keeps of the project, or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False).stdout
    return [name for name in listed.split("\0") if name and (root / name).is_file()]


def locked(root: Path) -> Sequence[str]:
    """The names of the packages that are deployed."""
    return [name for name, _ in locks.pins((root / locks.DEPLOYED).read_text(encoding="utf-8"))]


def licences(packages: Iterable[str]) -> Sequence[tuple[str, str]]:
    """Those of the packages that are installed here, each with the licence that it tells."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--packages", *packages]
    told = json.loads(subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout)
    return [(each["Name"], each["License"]) for each in told]


def binding(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Those whose licence would bind what is deployed with them, or that tell none."""
    for name, licence in told:
        if licence == UNKNOWN or any(each.lower() in licence.lower() for each in BINDING):
            yield f"{name} is {licence}: nothing deployed may be."
