"""Rows from a CSV file, checked against the manifest before any of them is stored."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.manifest import Feature, Number
from tools.features.refused import Refused

type Row = Mapping[str, float | str]
MOST_KEY_CHARACTERS = 256


def read(file: Path, key: str, features: Sequence[Feature]) -> dict[str, Row]:
    """Entity → features; empty cells are left out, so they are missing. Raises Refused with line and column."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as content:
            reader = csv.DictReader(content)
            names = set(reader.fieldnames or ())
            wanted = _wanted(file, key, names, features)
            rows: dict[str, Row] = {}
            for cells in reader:
                entity = (cells[key] or "").strip()
                if not 1 <= len(entity) <= MOST_KEY_CHARACTERS:
                    raise Refused(f"{file.name}, line {reader.line_num}: {key} must have 1 to 256 characters.")
                if entity in rows:
                    raise Refused(f"{file.name}, line {reader.line_num}: {key} {entity} stands there twice.")
                rows[entity] = _row(f"{file.name}, line {reader.line_num}", cells, wanted)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{file} cannot be read: {error}") from error
    return rows


def _wanted(file: Path, key: str, names: set[str], features: Sequence[Feature]) -> Sequence[Feature]:
    """The features that have a column."""
    if key not in names:
        raise Refused(f"{file.name} has no column {key}.")
    wanted = [feature for feature in features if feature.stored and feature.name in names]
    if not wanted:
        raise Refused(f"{file.name} has no column of the model's: {', '.join(each.name for each in features)}.")
    return wanted


def _row(where: str, cells: Mapping[str, str | None], wanted: Sequence[Feature]) -> Row:
    return {each.name: _value(where, each, cell) for each in wanted if (cell := (cells[each.name] or "").strip())}


def _value(where: str, feature: Feature, cell: str) -> float | str:
    if not isinstance(feature, Number):
        if cell not in feature.values:
            raise Refused(f"{where}: {feature.name} {cell} is no category that the model knows.")
        return cell
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"{where}: {feature.name} {cell} is not a number.")
    return number
