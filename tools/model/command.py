"""`./egl model`: adopt an estimator from a file and its training data from another."""

import argparse
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shared.model.manifest import APP, Instance, Manifest
from tools import local_settings
from tools.errors import ToolError
from tools.model.refused import Refused, one_line

if TYPE_CHECKING:
    from tools.model.data import Table

COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".z", ".lz4")
DESCRIPTION = """\
Adopt your own model: write model/slr.joblib and its manifest model/slr.json. If an ONNX graph predicts the same as the
model, write the graph too, as model/slr.onnx. The service then uses the graph instead of the model.

FILE is a fitted regressor or classifier, saved by joblib, pickle or cloudpickle in any compression, by skops, or the
folder of a model that MLflow saved. Loading a pickle runs the code in it: use only files that you trust."""

EPILOG = """\
Columns that the model does not use are left out. A feature is optional in requests if the data has gaps in it and the
model predicts without it, or if --optional names it.
Labels, units and help texts are for people: write them into the manifest by hand, or call tools.model.adopt from a
train.py of your own, as model/train.py does."""


def main(argv: Sequence[str]) -> int:
    """Read the arguments and adopt. Returns 0, or 1 after one line on stderr."""
    arguments = parse(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # names of columns may have any letters
    try:
        if arguments.role:
            _challenge(arguments)
        else:
            _adopt(arguments)
    except (ToolError, Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse(argv: Sequence[str]) -> Namespace:
    """Return the arguments of the command line."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("./egl model", None, DESCRIPTION, EPILOG, formatter_class=plain)
    parser.add_argument("file", type=Path, metavar="FILE", help="the model's file, or MLflow's folder")
    parser.add_argument("--data", type=Path, required=True, help="its training data, CSV with a header or Parquet")
    parser.add_argument("--target", required=True, help="the data's column that the model predicts")
    parser.add_argument("--test", type=Path, metavar="FILE", help="rows that the model was not trained on, for a score")
    parser.add_argument("--anyway", action="store_true", help="adopt a model that is no better than chance on its data")
    parser.add_argument("--classes", metavar="25,105", help="class edges for a regressor, ascending")
    parser.add_argument("--class-labels", metavar="low,mid,high", help="one more than edges (default: Class0, ...)")
    parser.add_argument("--text", metavar="zip,code", default="", help="columns of digits that were texts in training")
    parser.add_argument("--trust", metavar="a.B,c.D", default="", help="types in a skops file that are trusted")
    parser.add_argument("--optional", metavar="age,city", default="", help="features that requests may lack")
    parser.add_argument("--free-text", metavar="comments", default="", help="texts whose values must not be public")
    parser.add_argument("--category", metavar="city", default="", help="categories that look like free text or an id")
    parser.add_argument("--closed", action="store_true", help="refuse categories that are new to the model")
    parser.add_argument("--example", metavar="JSON", action="append", default=[], help="a golden example of your own")
    parser.add_argument("--name", help="the model's name (default: the name of FILE)")
    parser.add_argument("--version", default="", help="its version (default: from the file's SHA-256)")
    parser.add_argument("--description", default="", help="one sentence about it")
    parser.add_argument("--publish-points", action="store_true", help="let the page's picture show single data rows")
    parser.add_argument("--as", dest="role", choices=["challenger"], help="write beside the champion, and compare both")
    parser.add_argument("--folder", type=Path, default=APP / "model", help="where to write (default: model)")
    return parser.parse_args(argv)


def name_of(path: Path) -> str:
    """Return the default name of the model in a file or an MLflow folder: the file's name without its endings."""
    stem = path.resolve().stem if path.suffix in COMPRESSED else path.name
    return clean_name(stem if path.is_dir() else Path(stem).stem)


def clean_name(stem: str) -> str:
    """Return a file's stem as the name of a model: letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "model"


def _example(text: str) -> Instance:
    try:
        instance: Instance = msgspec.json.decode(text, type=Instance)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f'The example must be JSON such as {{"age": 50}}, and not {text}: {one_line(error)}') from error
    return instance


def _names(option: str) -> list[str]:
    """Return the names of an option, such as `age,city`."""
    return [name for name in option.split(",") if name]


def _challenge(arguments: Namespace) -> None:
    """Adopt beside the champion in the folder, print how both differ, and switch the challenger on for `make run`."""
    from tools.model import challenger

    root, folder = arguments.folder.parent, arguments.folder / challenger.FOLDER
    local_settings.prepare(root)
    champion = challenger.read(arguments.folder)
    arguments.folder = folder
    manifest, table = _adopt(arguments, champion.manifest)
    local_settings.change(root, challenger.settings(root, folder))
    challenger.print_comparison(champion, challenger.load(folder, manifest), table)


def _adopt(arguments: Namespace, champion: Manifest | None = None) -> "tuple[Manifest, Table]":
    """Adopt, and return the manifest with the rows that are the best for a comparison: held-out ones, if any."""
    # Imported here: they import pandas and scikit-learn. `./egl` must not wait two seconds for them.
    from tools.model import adopt
    from tools.model.data import read
    from tools.model.load import load
    from tools.model.output import parse_edges
    from tools.model.tables import Reading

    loaded = load(arguments.file, _names(arguments.trust))
    edges, class_labels = parse_edges(arguments.classes, arguments.class_labels)
    reading = Reading(arguments.target, _names(arguments.text), loaded.estimator)
    table = read(arguments.data, reading)
    test = read(arguments.test, reading) if arguments.test else None
    manifest = adopt(
        loaded.estimator,
        table.frame,
        table.target,
        name=arguments.name or name_of(arguments.file),
        target=arguments.target,
        data=table.source,
        version=arguments.version,
        description=arguments.description,
        edges=edges,
        class_labels=class_labels,
        examples=[_example(text) for text in arguments.example],
        held_out=(test.frame, test.target) if test else None,
        optional=_names(arguments.optional),
        free_text=_names(arguments.free_text),
        categories=_names(arguments.category),
        closed=arguments.closed,
        anyway=arguments.anyway,
        publish_points=arguments.publish_points,
        folder=arguments.folder,
        loaded=loaded,
        champion=champion,
    )
    return manifest, test or table
