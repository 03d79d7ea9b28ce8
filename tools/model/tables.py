"""Data files as data frames: CSV in the forms that programs write, and Parquet. The content decides, not the name."""

import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tools.model import categories, csv_form, missing
from tools.model.csv_form import SEPARATORS, Form
from tools.model.refused import Refused, join_names, one_line

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"
WORKBOOKS = (b"xl/workbook", b"application/vnd.oasis.opendocument.spreadsheet")
MAX_FIRST_ROWS = 1_000  # they show decimal commas; a column of texts takes ten times as long as one of numbers
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"  # Excel until 2003


class Reading(NamedTuple):
    """What is known of a file's columns before it is read."""

    target: str
    texts: Sequence[str] = ()
    """Columns of digits that are texts."""
    estimator: Any = None
    """The model, whose encoders have the categories of its training."""


class _Parsed(NamedTuple):
    frame: pd.DataFrame
    recognised: list[str]
    """The file's form, for people."""
    notes: Mapping[str, Sequence[str]] = {}
    """Lines for the owner about texts such as NA, by column."""


def read(path: Path, reading: Reading) -> pd.DataFrame:
    """Return the table in a CSV or Parquet file with named columns, and print what was recognised. Raises Refused."""
    packed = _content(path)
    content = _unpacked(path, packed)
    _refuse_workbooks(path, content)
    try:
        frame, recognised, notes = _parquet(content) if content.startswith(PARQUET) else _csv(path, content, reading)
    except (ValueError, OSError) as error:  # pandas' own errors and wrong encodings among them
        kind = "Parquet" if content.startswith(PARQUET) else "CSV"
        raise Refused(f"{path.name} cannot be read as {kind}: {one_line(error)}") from error
    recognised = [*recognised, "gzip"] if packed is not content else recognised
    if reading.target not in frame.columns:  # the training kept the spaces of its features' names
        frame = frame.rename(columns={f" {reading.target}": reading.target})
    print(f"{path.name}: {len(frame):,} rows, {', '.join(recognised)}.")
    _refuse_unknown_columns(frame, path, (reading.target, *reading.texts))
    _print_notes(notes, frame, reading)
    return frame


def _print_notes(notes: Mapping[str, Sequence[str]], frame: pd.DataFrame, reading: Reading) -> None:
    """Print the lines about the target, and about the columns that the model uses."""
    used = categories.used_columns(reading.estimator, [name for name in frame.columns if name != reading.target])
    for name, lines in notes.items():
        if name in used or name == reading.target:
            print(*lines, sep="\n", end="\n" * bool(lines))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"The data file {path} cannot be read: {error.strerror}.") from error


def _unpacked(path: Path, content: bytes) -> bytes:
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(f"{path.name} cannot be unpacked: {one_line(error)}") from error


def _refuse_workbooks(path: Path, content: bytes) -> None:
    workbook = content.startswith(ZIP) and any(part in content for part in WORKBOOKS)
    if workbook or content.startswith(OLD_WORKBOOK):
        raise Refused(f"{path.name} is a workbook of a spreadsheet: save the sheet as CSV (UTF-8), and use that file.")
    if content.startswith(ZIP):
        raise Refused(f"{path.name} is a zip archive: unpack it, and use the file in it.")


def _parquet(content: bytes) -> _Parsed:
    frame = pd.read_parquet(io.BytesIO(content))
    return _Parsed(frame.reset_index() if any(frame.index.names) else frame, ["Parquet"])


def _csv(path: Path, content: bytes, reading: Reading) -> _Parsed:
    form = csv_form.recognise(content)
    fitted = _fitted(form, reading)
    first = _parsed(form, fitted, nrows=MAX_FIRST_ROWS, na_values=["", *missing.MARKS])
    if not isinstance(first.index, pd.RangeIndex):
        raise Refused(
            f"{path.name} has more values in its rows than names in its first line: each column needs a name, and "
            "numbers with decimal commas need semicolons or tabs between them."
        )
    commas = _has_decimal_commas(first, fitted, path.name)
    frame, commas, notes = _numbers(form, fitted, path.name, commas=commas)
    return _Parsed(frame, [SEPARATORS[form.separator], *["decimal commas"] * commas, form.encoding], notes)


def _numbers(
    form: Form, fitted: "_Fitted", source: str, *, commas: bool
) -> tuple[pd.DataFrame, bool, Mapping[str, Sequence[str]]]:
    """Return the whole table, True if its numbers have decimal commas, and the notes about texts such as NA.

    The first rows need not show the decimal commas.
    """
    options: dict[str, Any] = {"decimal": "," if commas else "."}
    frame = _parsed(form, fitted, **options)
    marks = missing.marks(frame, fitted.categories, source)
    if any(read.missing for read in marks.values()):
        options["na_values"] = {name: ["", *(marks[name].missing if name in marks else ())] for name in frame.columns}
        frame = _parsed(form, fitted, **options)
    if not commas and (commas := _has_decimal_commas(frame, fitted, source)):
        frame = _parsed(form, fitted, **options | {"decimal": ","})
    if commas:
        csv_form.refuse_other_numbers(frame.drop(columns=list(fitted.texts), errors="ignore"), source)
    return frame, commas, {name: read.notes for name, read in marks.items()}


def _has_decimal_commas(frame: pd.DataFrame, fitted: "_Fitted", source: str) -> bool:
    return csv_form.has_decimal_commas(frame.drop(columns=list(fitted.texts), errors="ignore"), source)


class _Fitted(NamedTuple):
    """What the model knows of the columns."""

    categories: Mapping[str, set[Any]]
    texts: frozenset[str]
    """The columns that are read as texts, also where they have digits alone."""
    spaces: bool
    """True when names or categories begin with a space: the training kept the spaces behind the separators."""


def _fitted(form: Form, reading: Reading) -> _Fitted:
    header = pd.read_csv(io.StringIO(form.text), sep=form.separator, skipinitialspace=True, nrows=0)
    features = [name for name in header.columns if name != reading.target]
    found = dict(categories.of_columns(reading.estimator, features))
    if labels := categories.of_target(reading.estimator):
        found[reading.target] = labels
    texts = {name for name, values in found.items() if _are_texts(values)}
    spaces = any(text.startswith(" ") for text in categories.fitted_texts(reading.estimator, features))
    return _Fitted(found, frozenset({*texts, *reading.texts}), spaces)


def _are_texts(values: Iterable[Any]) -> bool:
    present = [value for value in values if value == value]  # noqa: PLR0124 - NaN
    return bool(present) and all(isinstance(value, str) for value in present)


def _parsed(form: Form, fitted: _Fitted, **options: Any) -> pd.DataFrame:
    """Return the table. Only empty cells are missing, unless the options name other texts."""
    options = {"na_values": [""], "dtype": dict.fromkeys(fitted.texts, str), **options}
    options |= {"sep": form.separator, "skipinitialspace": not fitted.spaces, "keep_default_na": False}
    frame: pd.DataFrame = pd.read_csv(io.StringIO(form.text), low_memory=False, **options)
    return frame


def _refuse_unknown_columns(frame: pd.DataFrame, path: Path, names: Iterable[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise Refused(f"{path.name} has no column {name}; it has: {join_names(map(str, frame.columns))}.")
