"""Score a file through the service: a CSV or Parquet file in, the same rows with their predictions out.

User and password are in EGL_ML_USER and EGL_ML_PASSWORD, or a token is in EGL_ML_TOKEN; otherwise the tool prompts for
them. They are never arguments, which everybody on the machine could see.
"""

import argparse
import codecs
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tools.errors import ScoreError
from tools.score import run
from tools.score.batches import MAX_ROWS
from tools.score.run import Options
from tools.score.source import Damaged
from tools.smoke import base_url

ALL, STOPPED, REFUSED, REJECTED = 0, 1, 2, 3
CODES = """Exit codes: 0 all rows are scored; 1 stopped before the end, --resume continues; 2 refused before a row was
sent: the command line, the file, the login, the output; 3 done, and some rows were rejected."""


def main(argv: Sequence[str]) -> int:
    """Score a file. Returns 0, or 1 when it stopped, 2 when nothing was sent, 3 when some rows were rejected."""
    options = Options(**vars(parser().parse_args(argv)))
    stopped = threading.Event()
    with ExitStack() as stack:
        stack.callback(stopped.set)  # threads that wait end
        try:
            prepared = run.prepare(options, stack, stopped)
        except ScoreError as error:
            return failed(REFUSED, str(error))
        except KeyboardInterrupt:
            return failed(REFUSED, "Stopped before a row was sent.")
        try:
            done = prepared.run()
        except Damaged as error:
            return failed(
                STOPPED, f"Stopped: {error}. The rows before it are scored. Correct the file to score it all."
            )
        except ScoreError as error:
            return failed(STOPPED, f"Stopped: {error}. The same command with --resume continues.")
        except KeyboardInterrupt:
            return failed(STOPPED, "Stopped. The same command with --resume continues.")
        print(done.summary)
        return REJECTED if done.rejected else ALL


def failed(code: int, text: str) -> int:
    """Print the reason, and return the code."""
    print(text, file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser("./egl score", description=__doc__, epilog=CODES)
    add = arguments.add_argument
    add("file", type=Path, metavar="FILE", help="CSV with commas, semicolons or tabs, also gzipped; or Parquet")
    add("--url", type=base_url, required=True, help="the service's base URL: https, or http on this machine")
    add("--out", type=output, required=True, metavar="FILE", help="the output: .csv, or .csv.gz")
    add("--endpoint", choices=["predict", "predict_class"], help="default: predict_class for a model with classes")
    add("--name", default="", help="the name of the new columns (default: the model's target)")
    add("--entity", default="", metavar="COLUMN", help="the entity's id, where the service has a feature store")
    add("--encoding", default="", type=encoding, help="of a CSV file (default: UTF-8)")
    add("--decimal", default=".", choices=[".", ","], help="the mark of decimals in a CSV file (default: a point)")
    add("--rows", default=MAX_ROWS, type=rows, metavar="N", help="rows of one request (default: %(default)s)")
    add("--at-once", default=run.AT_ONCE, type=count, metavar="N", help="requests at once (default: %(default)s)")
    add("--wait", default=300.0, type=float, metavar="SECONDS", help="how long one request waits for a busy service")
    existing = arguments.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="continue a run that stopped")
    existing.add_argument("--overwrite", action="store_true", help="replace an output that exists")
    return arguments


def output(text: str) -> Path:
    """Return the path of the output. Raises ArgumentTypeError for another format than CSV."""
    if not text.endswith((".csv", ".csv.gz")):
        raise argparse.ArgumentTypeError("must end with .csv or .csv.gz")
    return Path(text)


def encoding(text: str) -> str:
    """Return the usual name of an encoding, or an empty text. Raises ArgumentTypeError for an unknown one."""
    try:
        return codecs.lookup(text).name if text else ""
    except LookupError:
        raise argparse.ArgumentTypeError(f"{text} is unknown") from None


def count(text: str) -> int:
    """Return a number of at least 1. Raises ValueError."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def rows(text: str) -> int:
    """Return a number of rows that one request may have. Raises ValueError."""
    return min(count(text), MAX_ROWS)
