"""The form of a CSV file, recognised from its content: encoding, separator, and the mark of decimals.

Programs and countries write CSV in different forms, and a name such as train.csv does not show which one. A form that
can mean two numbers is refused: a model must not be compared with numbers that are wrong by a factor of 1,000.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd

from tools.model.refused import Refused

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8 with BOM"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
MAX_CHARACTERS_READ = 100_000  # of the file's beginning, to find the separator
MAX_RECORDS_READ = 100
EXCEL_HINT = re.compile(r"sep=([,;\t])\r?\n")  # a first line that Excel writes and reads
NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*")
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*(,\d+)?([eE][+-]?\d+)?\s*")
THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*")
"""A text that may be a number with three decimals, or a number of thousands."""
DIGITS = re.compile(r"\s*[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?\s*")


class Form(NamedTuple):
    """A file's text, and the separator between its values."""

    text: str
    separator: str
    encoding: str
    """For people."""


def recognise(content: bytes) -> Form:
    """Return the text of a CSV file with its separator. Raises UnicodeDecodeError."""
    text, encoding = _decode(content)
    if hint := EXCEL_HINT.match(text):
        return Form(text[hint.end() :], hint[1], encoding)
    return Form(text, _separator(text), encoding)


def has_decimal_commas(frame: pd.DataFrame, source: str) -> bool:
    """Return true if some columns, read with decimal points, are numbers with decimal commas.

    Raises Refused if all of them can also be numbers of thousands.
    """
    texts = {name: _texts(frame[name]) for name in frame.columns}
    numbers = {name: values for name, values in texts.items() if _are_numbers(values, DIGITS) and _commas(values)}
    if numbers and all(THOUSANDS.fullmatch(value) for values in numbers.values() for value in _commas(values)):
        _refuse_ambiguous(numbers, source)
    return bool(numbers)


def refuse_other_numbers(frame: pd.DataFrame, source: str) -> None:
    """Raise Refused if a file, read with decimal commas, has numbers in another form too."""
    for name in frame.columns:
        values = _texts(frame[name])
        if _are_numbers(values, NUMBER) or (_are_numbers(values, DIGITS) and _commas(values)):
            odd = next((value for value in values if not DECIMAL_COMMA.fullmatch(value)), values[0]).strip()
            raise Refused(
                f"{source} has decimal commas, but the column {name} has numbers in another form, such as {odd}: write "
                "all numbers with decimal points and without separators of thousands, or name a column of texts with "
                "--text."
            )


def _refuse_ambiguous(numbers: Mapping[Any, Sequence[str]], source: str) -> None:
    name, values = next(iter(numbers.items()))
    value = next(value.strip() for value in _commas(values))
    raise Refused(
        f"The column {name} of {source} has numbers such as {value}, which can be {value.replace(',', '.')} or "
        f"{value.replace(',', '')}: write them with decimal points and without separators of thousands."
    )


def _decode(content: bytes) -> tuple[str, str]:
    """Return the text, and the encoding for people. Bytes that are not UTF-8 are Latin-1, or Windows' form of it."""
    for mark, (encoding, label) in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding), label
    if b"\0" in content[:100]:  # no text in another encoding has null bytes
        encoding = "utf-16-be" if content.startswith(b"\0") else "utf-16-le"
        return content.decode(encoding), "UTF-16"
    for encoding, label in (("utf-8", "UTF-8"), ("cp1252", "Latin-1")):
        try:
            return content.decode(encoding), label
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "Latin-1"


def _separator(text: str) -> str:
    """Return the separator that divides all first lines into as many values, the most of them, numbers if possible."""
    scores = {separator: _score(_records(text, separator), separator) for separator in SEPARATORS}
    return max(scores, key=lambda separator: scores[separator])


def _score(records: Sequence[Sequence[str]], separator: str) -> tuple[bool, int, int]:
    """Return how well a separator divides the first lines; the greater, the better."""
    if not records or len(records[0]) < 2:
        return False, 0, 0
    regular = all(len(record) == len(records[0]) for record in records)
    numbers = sum(bool(NUMBER.fullmatch(value)) for record in records for value in record)
    return regular, numbers, len(records[0])


def _records(text: str, separator: str) -> Sequence[Sequence[str]]:
    head = text[:MAX_CHARACTERS_READ]
    lines = head.splitlines(keepends=True)
    complete = lines if len(head) == len(text) else lines[:-1]
    try:
        reader = csv.reader(complete, delimiter=separator, skipinitialspace=True)
        return [record for record in islice(reader, MAX_RECORDS_READ) if record]
    except csv.Error:
        return []


def _texts(series: "pd.Series[Any]") -> Sequence[str]:
    """Return the different texts of a column; none for a column with other values."""
    if pd.api.types.is_numeric_dtype(series):
        return []
    values = series.dropna().unique()
    return list(values) if all(isinstance(value, str) for value in values) else []


def _are_numbers(values: Sequence[str], form: re.Pattern[str]) -> bool:
    return bool(values) and all(map(form.fullmatch, values))


def _commas(values: Iterable[str]) -> list[str]:
    return [value for value in values if "," in value]
