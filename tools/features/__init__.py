"""Manage the features in an Azure table: `load` a CSV file, `get` an entity, `check` all rows against the manifest."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared import tables
from shared.model.manifest import Manifest
from shared.model.manifest_file import ManifestFile
from shared.model.values import as_numbers, former_booleans
from shared.problems import FeaturesUnavailable, Problem
from shared.settings import Settings
from shared.tables import Table
from shared.threads import Threads
from tools import azurite
from tools.errors import FeaturesError, ToolError
from tools.host.settings import load_local_settings


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns 0; 1 when the data are refused or not found; 3 when the table is unreachable."""
    options = parser().parse_args(argv)
    try:
        return int(asyncio.run(options.run(options)))
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except Problem as problem:
        reason = (problem.reason or problem.detail).rstrip(".")
        print(f"{problem.title}: {reason}.{azurite.hint(reason)}", file=sys.stderr)
        return 3


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser(
        "./egl features",
        description=f"{__doc__} The table is FEATURES_TABLE in the account of STORAGE_CONNECTION or STORAGE_TABLE_URI, "
        "from local.settings.json or the environment.",
        epilog="Exit codes: 0 done, 1 refused or not found, 2 wrong command line, 3 the table is unreachable.",
    )
    commands = arguments.add_subparsers(required=True, metavar="COMMAND")
    loading = commands.add_parser("load", help="write the rows of a CSV file to the table; you can repeat it")
    loading.add_argument("file", type=Path, metavar="FILE.csv")
    loading.add_argument("--key", required=True, metavar="COLUMN", help="the column with the entity's id")
    loading.set_defaults(run=load)
    getting = commands.add_parser("get", help="print the features that the service would read for one entity")
    getting.add_argument("entity", metavar="ENTITY")
    getting.set_defaults(run=get)
    checking = commands.add_parser("check", help="check every row against the manifest's types and ranges")
    checking.set_defaults(run=check)
    example = commands.add_parser("example", help="print the demo's rows as CSV: scikit-learn's diabetes data")
    example.set_defaults(run=print_example)
    return arguments


def connect() -> tuple[Table, Manifest]:
    """Return the features table and the manifest of the model, from the settings. Raises HostError and Problem."""
    load_local_settings(Path())
    settings = Settings.read(os.environ).require("model", "storage")
    table = tables.from_settings(settings, settings.features_table, FeaturesUnavailable, Threads().tables)
    return table, ManifestFile(settings).manifest


async def load(options: argparse.Namespace) -> int:
    """Read the whole file, then write it: after an error in its last line the table is unchanged."""
    from tools.features import csv_rows, store

    table, manifest = connect()
    await store.load(table, csv_rows.read(options.file, options.key, manifest))
    return 0


async def get(options: argparse.Namespace) -> int:
    """Print the entity's features, one per line."""
    from tools.features import store

    table, manifest = connect()
    row = await store.get(table, options.entity, manifest.features)
    if row is None:
        raise FeaturesError(f"The entity {options.entity} does not exist.")
    for name, value in row.items():
        print(f"{name}: {'missing' if value is None else value}")
    return 0


async def check(options: argparse.Namespace) -> int:
    """Print a line for each feature, with its errors. Returns 1 when a row cannot be used for predictions."""
    from tools.features import report, store

    table, manifest = connect()
    result = report.Report(manifest.features)
    numbers = former_booleans(manifest)
    async for entity, row in store.rows(table, manifest.features):
        result.add(entity, as_numbers(row, numbers))
    print(result)
    return 1 if result.unusable else 0


async def print_example(options: argparse.Namespace) -> int:
    """Print the diabetes data, with an entity for each row."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True).data
    frame.insert(0, "patient", [f"patient-{i}" for i in range(1, len(frame) + 1)])
    print(frame.to_csv(index=False), end="")
    return 0
