"""Changes of the contract from one model to another, and those that can break a client."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.model.manifest import Category, Feature, Manifest, Number, Text
from tools.model.refused import Refused, join_names


class Change(NamedTuple):
    """One change, as a sentence."""

    text: str
    breaking: bool = False
    """True when a request that was right can fail, or its response has a value that the client does not know."""


def refuse_other(champion: Manifest, challenger: Manifest) -> None:
    """Raise Refused if the challenger's predictions cannot be compared with the champion's."""
    if challenger.kind != champion.kind:
        raise Refused(f"The model is a {challenger.kind}, but the champion is a {champion.kind}.")
    if challenger.output.name != champion.output.name:
        raise Refused(f"The model predicts {challenger.output.name}, but the champion predicts {champion.output.name}.")


def between(before: Manifest, after: Manifest) -> list[Change]:
    """Return the changes, features first."""
    old = {feature.name: feature for feature in before.features}
    new = {feature.name: feature for feature in after.features}
    changes = [_added(feature) for name, feature in new.items() if name not in old]
    changes += [Change(f"{name} is removed.", breaking=True) for name in old if name not in new]
    for name in old.keys() & new.keys():
        changes += _feature(old[name], new[name])
    return [*sorted(changes), *_output(before, after)]


def added(before: Manifest, after: Manifest) -> list[str]:
    """Return the features that only `after` has."""
    known = {feature.name for feature in before.features}
    return [feature.name for feature in after.features if feature.name not in known]


def _added(feature: Feature) -> Change:
    if feature.optional:
        return Change(f"{feature.name} is new, and optional.")
    return Change(f"{feature.name} is new, and required.", breaking=True)


def _feature(old: Feature, new: Feature) -> Iterator[Change]:
    name = old.name
    if new.optional != old.optional:
        yield Change(f"{name} is {'optional' if new.optional else 'required'} now.", breaking=old.optional)
    if type(old) is not type(new):
        yield Change(f"{name} is a {_kind(new)} now, and was a {_kind(old)}.", breaking=True)
    elif isinstance(old, Number) and isinstance(new, Number):
        yield from _number(old, new)
    elif isinstance(old, Category) and isinstance(new, Category):
        yield from _category(old, new)
    elif isinstance(old, Text) and isinstance(new, Text) and old.max_length != new.max_length:
        text = f"{name} has at most {new.max_length} characters, and had {old.max_length}."
        yield Change(text, breaking=new.max_length < old.max_length)


def _number(old: Number, new: Number) -> Iterator[Change]:
    if old.range != new.range:
        yield Change(f"{old.name} has the range {_range(new)}, and had {_range(old)}; outside it there is a warning.")
    if old.unit != new.unit:
        yield Change(f"{old.name} has the unit {new.unit or '(none)'}, and had {old.unit or '(none)'}.")


def _category(old: Category, new: Category) -> Iterator[Change]:
    closed = not new.open
    if lost := [value for value in old.values if value not in new.values]:
        yield Change(f"{old.name} lacks the values {join_names(lost)}.", breaking=closed)
    if found := [value for value in new.values if value not in old.values]:
        yield Change(f"{old.name} has the new values {join_names(found)}.")
    if old.open != new.open:
        text = "are refused" if closed else "lead to a warning"
        yield Change(f"{old.name}: values that are not listed {text} now.", breaking=closed)


def _output(before: Manifest, after: Manifest) -> Iterator[Change]:
    old, new = before.output, after.output
    if (before.kind, old.name) != (after.kind, new.name):
        text = f"The model is a {after.kind} of {new.name}, and was a {before.kind} of {old.name}."
        yield Change(text, breaking=True)
    if old.classes != new.classes:
        yield Change(f"The classes are {_labels(new.classes)}, and were {_labels(old.classes)}.", breaking=True)
    elif old.edges != new.edges:
        yield Change(f"The class edges are {_labels(new.edges)}, and were {_labels(old.edges)}.")
    if old.unit != new.unit:
        yield Change(f"{new.name} has the unit {new.unit or '(none)'}, and had {old.unit or '(none)'}.")
    if old.probabilities and not new.probabilities:
        yield Change("There are no probabilities any more.", breaking=True)
    if after.artifact.max_absolute < before.artifact.max_absolute:
        yield Change(f"Numbers beyond ±{after.artifact.max_absolute:g} are refused.", breaking=True)


def _range(feature: Number) -> str:
    return "{:.6g} to {:.6g}".format(*feature.range)


def _labels(labels: Iterable[object]) -> str:
    return join_names(map(repr, labels)) or "(none)"


def _kind(feature: Feature) -> str:
    return type(feature).__name__.lower()
