"""Models with any number of features, whose names may be long."""

from collections.abc import Iterator
from pathlib import Path

from shared.model.manifest import Category, Example, Feature, Number, Output, Training
from tests.models import Doubling, dump

type Names = list[str]


def dump_wide(folder: Path, count: int, length: int) -> Path:
    """Write a model with `count` features whose names, values and classes have `length` characters each."""
    features = tuple(_features(count, length))
    instance = {feature.name: feature.values[1] if isinstance(feature, Category) else 0.5 for feature in features}
    classes = tuple(_text(name, length) for name in ("low", "mid", "high"))
    return dump(
        Doubling(),
        folder,
        features=features,
        name=_text("wide", length),
        output=Output(name=_text("y", length), unit=_text("units", length), classes=classes, edges=(0.0, 2.0)),
        training=Training(data=_text("made up", length), rows=3),
        examples=(Example(instance=instance, prediction=1.0, class_=classes[1]),),
        description=_text("Described", length),
    )


def feature_name(position: int, length: int) -> str:
    """Return the name of feature `position`."""
    return _text(f"f{position}", length)


def _features(count: int, length: int) -> Iterator[Feature]:
    """Yield numbers, and every fourth time a category."""
    for position in range(count):
        name = feature_name(position, length)
        if position % 4 == 3:
            yield Category(name=name, values=(_text("no", length), _text("yes", length)))
        else:
            yield Number(name=name, range=(-1.0, 1.0), unit=_text("kg", length), help=_text("weight", length))


def _text(start: str, length: int) -> str:
    """Return a text of this length without a place to break it."""
    return start[:length].ljust(length, "x")
