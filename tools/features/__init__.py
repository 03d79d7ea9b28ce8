"""Features in an Azure table: `load` a CSV file, `get` an entity, `check` all against the manifest."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from shared import manifest, settings
from shared.problems import Problem
from tools.errors import HostError
from tools.features.refused import Refused
from tools.host.settings import load_local_settings


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns 0; 1 when the data are refused or not found; 3 when the store does not answer."""
    given = arguments().parse_args(argv)
    try:
        load_local_settings(Path())
        settings.current.cache_clear()
        return int(asyncio.run(given.run(given)))
    except (Refused, HostError) as error:
        print(error, file=sys.stderr)
        return 1
    except Problem as problem:
        print(f"{problem.title}: {problem.reason or problem.detail}", file=sys.stderr)
        return 3


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m tools features",
        description=f"{__doc__} The table is FEATURES_TABLE in the account of STORAGE_CONNECTION or STORAGE_TABLE_URI, "
        "from local.settings.json or the environment.",
        epilog="Exit codes: 0 done, 1 refused or not found, 2 wrong command line, 3 the store does not answer.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    loading = commands.add_parser("load", help="put a CSV file's rows there; safe to run twice")
    loading.add_argument("file", type=Path, metavar="FILE.csv")
    loading.add_argument("--key", required=True, metavar="COLUMN", help="the column with the entity's id")
    loading.set_defaults(run=load)
    getting = commands.add_parser("get", help="print what the service would pull for one entity")
    getting.add_argument("entity", metavar="ENTITY")
    getting.set_defaults(run=get)
    checking = commands.add_parser("check", help="hold every row against the manifest's types and ranges")
    checking.set_defaults(run=check)
    example = commands.add_parser("example", help="print the demo's rows as CSV: scikit-learn's diabetes data")
    example.set_defaults(run=demo)
    return parser


async def load(given: argparse.Namespace) -> int:
    """Read the file whole, then write it: a bad cell in the last line leaves the table as it was."""
    from tools.features import csv_rows, store

    features = manifest.current().features
    rows = csv_rows.read(given.file, given.key, features)
    await store.load(settings.current().features_table, rows)
    return 0


async def get(given: argparse.Namespace) -> int:
    """Print the entity's features, one a line."""
    from tools.features import store

    row = await store.get(settings.current().features_table, given.entity, manifest.current().features)
    if row is None:
        raise Refused(f"{given.entity} is not there.")
    for name, value in row.items():
        print(f"{name}: {'missing' if value is None else value}")
    return 0


async def check(given: argparse.Namespace) -> int:
    """Print a line for each feature, and what is wrong; 1 when a row could not be predicted for."""
    from tools.features import report, store

    features = manifest.current().features
    found = report.Report(features)
    async for entity, row in store.everything(settings.current().features_table, features):
        found.add(entity, row)
    print(found)
    return 1 if found.unusable else 0


async def demo(given: argparse.Namespace) -> int:
    """Print the diabetes data with one entity a row."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True).data
    frame.insert(0, "patient", [f"patient-{i}" for i in range(1, len(frame) + 1)])
    print(frame.to_csv(index=False), end="")
    return 0
