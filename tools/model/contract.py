"""The contract: which features go in, in which form rows reach the estimator, and what comes out.

What the data says (names, kinds, ranges, values) and what the estimator says when it is asked (which columns it uses,
which it can miss, how it wants its rows) meet here. Nothing is guessed that can be tried.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from shared.model import schemas
from shared.model.manifest import Category, Feature, Manifest, Number
from tools.model import examples, features, output, probe
from tools.model.data import Table, sample
from tools.model.refused import Refused, listed, one_line

ROWS_COMPARED = 1_000


class Words(NamedTuple):
    """Texts for people, by feature; those of the output by the target's name."""

    labels: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    help: Mapping[str, str] = {}

    def about(self, name: str) -> dict[str, str]:
        """The members label, unit and help of one feature, where there are any."""
        every = {"label": self.labels, "unit": self.units, "help": self.help}
        return {member: texts[name] for member, texts in every.items() if name in texts}


def of(draft: Manifest, estimator: Any, table: Table, words: Words, bands: output.Bands) -> Manifest:
    """The draft with its contract: features, the artifact's kind of rows, output. Raises Refused."""
    names = _names(estimator, table)
    _refuse_unknown(words, [*names, draft.output.name])
    found = replace(draft, features=tuple(features.feature(table, name, words.about(name)) for name in names))
    _refuse_names(found)
    row = examples.columns(found.features, [examples.typical(table, found.features)])
    found = probe.with_rows(found, probe.taken(found, estimator, _kinds(estimator, table, found.features), row))
    found = _with_optional(found, probe.may_miss(found, estimator, row))
    said = replace(found.output, **words.about(found.output.name))
    found = replace(found, output=output.of(said, found, estimator, row, bands))
    _compare(found, estimator, table)
    return found


def _names(estimator: Any, table: Table) -> list[str]:
    """By name where the estimator was fitted on names; else every column in its order."""
    every = list(table.frame.columns)
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is not None:
        kept = probe.used(estimator, table, list(map(str, fitted)))
        if other := [name for name in every if name not in kept]:
            print(f"Left out, the model does not use them: {listed(other)}.")
        return kept
    count = getattr(estimator, "n_features_in_", len(every))
    if count != len(every):
        raise Refused(
            f"The model takes {count} columns in the order it was trained on, and {table.source} has {len(every)} "
            f"beside the target: {listed(every)}."
        )
    return every


def _kinds(estimator: Any, table: Table, found: Sequence[Feature]) -> list[str]:
    """How rows may reach the estimator, the likeliest first. Categories' own type matters only where there are any."""
    named = ["frame"] if hasattr(estimator, "feature_names_in_") else ["array", "frame"]
    categories = [feature for feature in found if isinstance(feature, Category)]
    if not categories:
        return named
    typed = any(features.is_typed(table.frame[feature.name]) for feature in categories) or _reads_types(estimator)
    return ["typed frame", *named] if typed else [*named, "typed frame"]


def _reads_types(estimator: Any) -> bool:
    """Whether a histogram gradient boosting found its categories by the columns' types."""
    found = getattr(estimator, "is_categorical_", None)
    return getattr(estimator, "categorical_features", None) == "from_dtype" and found is not None and bool(found.any())


def _with_optional(found: Manifest, names: frozenset[str]) -> Manifest:
    marked = [replace(each, optional=True) if each.name in names else each for each in found.features]
    return replace(found, features=tuple(marked))


def _refuse_unknown(words: Words, known: Sequence[str]) -> None:
    """A text for a name that is neither a feature nor the target is a slip of the pen."""
    if unknown := [name for texts in words for name in texts if name not in known]:
        raise Refused(f"There are texts for {listed(unknown)}, and the model has only: {listed(known)}.")


def _refuse_names(found: Manifest) -> None:
    """Let the service say whether it can take the names: most are, but no quotes, backslashes or control characters."""
    try:
        schemas.instances_type(found)
    except ValueError as error:
        raise Refused(
            f"A feature's name cannot be served, so rename the column and train again: {one_line(error)}"
        ) from error


def _compare(found: Manifest, estimator: Any, table: Table) -> None:
    """Refuse when the data as it stands and the rows that the service would make of it get different answers."""
    some = sample(table, found.features, ROWS_COMPARED)
    if some.frame.empty:
        return
    raw = some.frame[[feature.name for feature in found.features]]
    answer = probe.quietly(estimator.predict, raw.to_numpy() if found.artifact.rows == "array" else raw)
    served = probe.predicted(found, estimator, some)
    if answer is None or probe.agree(answer.ravel(), served):  # None: the data's own types do not suit the estimator
        return
    numbers = listed(each.name for each in found.features if isinstance(each, Number))
    raise Refused(
        "The model answers otherwise when its numbers arrive as floating point, as the service sends them: it takes "
        f"some of these columns as texts or whole numbers: {numbers}."
    )
