"""Read rows from a CSV file, and check all of them against the manifest before any is written."""

import csv
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from shared.model.manifest import Boolean, Category, Feature, Manifest, Number, Text
from shared.model.values import convert, former_booleans
from tools.errors import FeaturesError

type Row = Mapping[str, float | str | bool]
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
KINDS = {Number: "a number", Category: "a category of the model", Boolean: "true or false", Text: "short enough"}
MAX_KEY_CHARACTERS = 256


def read(file: Path, key: str, manifest: Manifest) -> dict[str, Row]:
    """Return entity → features. Empty cells are left out, as missing. Raises FeaturesError with line and column."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as content:
            reader = csv.DictReader(content)
            columns = _columns(file, key, set(reader.fieldnames or ()), manifest.features)
            numbers = former_booleans(manifest)
            rows: dict[str, Row] = {}
            for cells in reader:
                place = f"{file.name}, line {reader.line_num}"
                entity = (cells[key] or "").strip()
                if not 1 <= len(entity) <= MAX_KEY_CHARACTERS:
                    raise FeaturesError(f"{place}: {key} must have 1 to {MAX_KEY_CHARACTERS} characters.")
                if entity in rows:
                    raise FeaturesError(f"{place}: {key} {entity} is a duplicate.")
                rows[entity] = _row(place, _with_numbers(cells, numbers), columns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FeaturesError(f"{file} cannot be read: {error}") from error
    return rows


def _columns(file: Path, key: str, names: set[str], features: Sequence[Feature]) -> Sequence[Feature]:
    """Return the features that have a column."""
    if key not in names:
        raise FeaturesError(f"{file.name} has no column {key}.")
    columns = [feature for feature in features if feature.stored and feature.name in names]
    if not columns:
        expected = ", ".join(feature.name for feature in features)
        raise FeaturesError(f"{file.name} has none of the model's columns: {expected}.")
    return columns


def _with_numbers(cells: Mapping[str, str | None], names: Collection[str]) -> Mapping[str, str | None]:
    """Return cells with 1 and 0 in place of true and false in the columns with these names."""
    words = {"true": "1", "false": "0"}
    return {
        name: words.get((cell or "").strip().lower(), cell) if name in names else cell for name, cell in cells.items()
    }


def _row(place: str, cells: Mapping[str, str | None], columns: Sequence[Feature]) -> Row:
    texts = {feature.name: (cells[feature.name] or "").strip() for feature in columns}
    return {feature.name: _value(place, feature, texts[feature.name]) for feature in columns if texts[feature.name]}


def _value(place: str, feature: Feature, cell: str) -> float | str | bool:
    value = convert(feature, _parsed(feature, cell))
    if value is None:
        raise FeaturesError(f"{place}: {feature.name} {cell} is not {KINDS[type(feature)]}.")
    return value


def _parsed(feature: Feature, cell: str) -> float | str | bool | None:
    """Return a cell as a value of the feature's type; None where it is none."""
    if isinstance(feature, (Category, Text)):
        return cell
    if isinstance(feature, Boolean):
        return BOOLEANS.get(cell.lower())
    try:
        return float(cell)
    except ValueError:
        return None
