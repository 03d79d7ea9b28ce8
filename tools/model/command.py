"""`./egl model`: adopt an estimator from a file and its training data from a CSV file."""

import argparse
import re
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from shared.model.manifest import APP
from tools.model import deployed
from tools.model.refused import Refused

DESCRIPTION = """\
Make the service be about your own model: write model/slr.joblib, its manifest model/slr.json and, where it answers the
same, an ONNX graph that is served in its place, model/slr.onnx.

FILE is a fitted regressor or classifier, saved by joblib or pickle. Loading it runs code that stands in it: take only
files that you trust. It is loaded in a process that has the deployed packages alone, as in Azure."""

EPILOG = """\
Columns that the model does not use are left out. A feature may be missing in requests when the model answers without
it. Labels, units and help texts are for people: write them into the manifest by hand, or call tools.model.adopt from
a train.py of your own, as model/train.py does."""


def main(argv: Sequence[str]) -> int:
    """Read the arguments, then adopt in a process that has only the deployed packages. Returns the exit code."""
    arguments(argv)
    return deployed.run(argv)


def arguments(argv: Sequence[str]) -> Namespace:
    """The command line."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("./egl model", None, DESCRIPTION, EPILOG, formatter_class=plain)
    parser.add_argument("file", type=Path, metavar="FILE", help="the model, saved by joblib or pickle")
    parser.add_argument("--data", type=Path, required=True, help="its training data, a CSV file with a header")
    parser.add_argument("--target", required=True, help="the data's column that the model predicts")
    parser.add_argument("--classes", metavar="25,105", help="class edges for a regressor, ascending")
    parser.add_argument("--class-labels", metavar="low,mid,high", help="one more than edges (default: Class0, ...)")
    parser.add_argument("--text", metavar="zip,code", default="", help="columns of digits that were texts in training")
    parser.add_argument("--name", help="the model's name (default: FILE's)")
    parser.add_argument("--version", default="", help="its version (default: from the file's SHA-256)")
    parser.add_argument("--description", default="", help="one sentence about it")
    parser.add_argument("--publish-points", action="store_true", help="let the page's picture show single data rows")
    parser.add_argument("--folder", type=Path, default=APP / "model", help="where to write (default: model)")
    return parser.parse_args(argv)


def adopt_file(argv: Sequence[str]) -> int:
    """The work itself, in the process with deployed packages. Returns 0, or 1 after one line on stderr."""
    deployed.restrict()
    given = arguments(argv)
    try:
        _adopt(given)
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def clean(stem: str) -> str:
    """A file's stem as a model's name: letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "model"


def _adopt(given: Namespace) -> None:
    # Imported here: they bring pandas and scikit-learn, which the first process never needs.
    from tools.model import adopt
    from tools.model.data import read
    from tools.model.load import load
    from tools.model.output import bands

    print(f"Loading {given.file} with the deployed packages only.", flush=True)
    loaded = load(given.file)
    edges, labels = bands(given.classes, given.class_labels)
    table = read(given.data, given.target, [name for name in given.text.split(",") if name])
    adopt(
        loaded.estimator,
        table.frame,
        table.target,
        name=given.name or clean(given.file.stem),
        target=given.target,
        data=table.source,
        version=given.version,
        description=given.description,
        edges=edges,
        class_labels=labels,
        publish_points=given.publish_points,
        folder=given.folder,
        loaded=loaded,
    )
