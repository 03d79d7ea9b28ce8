"""Scan the files in git for secrets (`secrets`), and the deployed packages for copyleft licences (`licences`)."""

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
COPYLEFT = ("GPL", "General Public", "EUPL", "European Union Public", "SSPL", "Server Side Public", "Business Source")
UNKNOWN = "UNKNOWN"


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Print the findings. Returns 1 when there are any."""
    parser = argparse.ArgumentParser(prog="./egl scan", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    secrets = commands.add_parser("secrets", help="find secrets that are not in the baseline")
    secrets.add_argument("--accept", action="store_true", help="accept all findings: write them to the baseline")
    commands.add_parser("licences", help="check the licence of every locked package")
    options = parser.parse_args(argv)
    if options.command == "licences":
        findings = list(refused(licences(locked(root))))
    elif options.accept:
        accept(root)
        findings = []
    else:
        findings = list(new_secrets(root))
    print("\n".join(findings), end="\n" if findings else "", file=sys.stderr)
    return 1 if findings else 0


def new_secrets(root: Path) -> Iterator[str]:
    """Yield the place and the kind of each secret that is not in the baseline, without its text."""
    accepted, current = scanned(root)
    for name, secret in current - accepted:
        advice = "If it is not a secret: ./egl scan secrets --accept"
        yield f"{name}:{secret.line_number}: {secret.type}. {advice}"


def accept(root: Path) -> None:
    """Write the baseline from the current findings. Use it only when none of them is a secret."""
    from detect_secrets.core import baseline

    _, current = scanned(root)
    content = {name: value for name, value in baseline.format_for_output(current).items() if name != "generated_at"}
    (root / BASELINE).write_text(f"{json.dumps(content, indent=2)}\n", encoding="utf-8", newline="\n")


def scanned(root: Path) -> "tuple[SecretsCollection, SecretsCollection]":
    """Return the findings of the baseline and the current ones. The baseline also has the rules of the scan."""
    # Imported here: it is slow, and licences do not need it.
    from detect_secrets.core import baseline
    from detect_secrets.core.secrets_collection import SecretsCollection

    with contextlib.chdir(root):  # names in the baseline are relative
        accepted = baseline.load(baseline.load_from_file(BASELINE), BASELINE)
        current = SecretsCollection()
        current.scan_files(*files(root))  # on every core
    return accepted, current


def files(root: Path) -> Sequence[str]:
    """Return the project's files: those in git, and new ones that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False).stdout
    return [name for name in output.split("\0") if name and (root / name).is_file()]


def locked(root: Path) -> Sequence[str]:
    """Return the names of the deployed packages."""
    return [name for name, _ in locks.pins((root / locks.DEPLOYED).read_text(encoding="utf-8"))]


def licences(packages: Iterable[str]) -> Sequence[tuple[str, str]]:
    """Return those of the packages that are installed here, with their licences."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--packages", *packages]
    output = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    return [(package["Name"], package["License"]) for package in json.loads(output)]


def refused(licences: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each package with a copyleft licence or without a known one."""
    for name, licence in licences:
        if licence == UNKNOWN or any(text.lower() in licence.lower() for text in COPYLEFT):
            yield f"{name} has the licence {licence}, which no deployed package may have."
