"""The comparison of a challenger with the champion on rows of data: scores, differences, time."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shared.model.manifest import Category, Manifest
from shared.model.runtimes import Runtime
from tools.model import changes, score
from tools.model.data import Table, sample
from tools.model.refused import Refused, join_names
from tools.model.speed import milliseconds, row_seconds

QUANTILES = (0, 5, 25, 50, 75, 95, 100)
SAME = 1e-9  # relative: the tolerance between a model and its graph
MAX_PAIRS = 20


class Contestant(NamedTuple):
    """A model that is compared: its manifest, and what serves it."""

    manifest: Manifest
    runtime: Runtime

    def predict(self, table: Table) -> NDArray[Any]:
        """Return the predictions for a table's rows."""
        served = self.runtime.predict(table.columns(self.manifest.features), probabilities=False).predictions
        return np.array(served, dtype=np.float64 if self.manifest.kind == "regressor" else object)


def lines(champion: Contestant, challenger: Contestant, table: Table) -> Iterator[str]:
    """Yield what the owner reads: changes of the contract, and how the predictions differ on these rows."""
    yield f"Compared with the champion {champion.manifest.name} {champion.manifest.version}:"
    found = changes.between(champion.manifest, challenger.manifest)
    yield from (change.text for change in found)
    if not found:
        yield "The contract is the same."
    if new := changes.added(champion.manifest, challenger.manifest):
        yield (
            f"Clients of the champion cannot send {join_names(new)}. The service compares only rows for which the "
            "feature store has what is required."
        )
    try:
        rows = common_rows(champion.manifest, challenger.manifest, table)
        yield from _on_rows(champion, challenger, rows)
    except (Refused, TypeError, ValueError) as error:
        yield f"The predictions cannot be compared on {table.source}: {error}"


def common_rows(champion: Manifest, challenger: Manifest, table: Table) -> Table:
    """Return at most 10,000 rows that both models accept. Raises Refused if there are none."""
    features = {feature.name: feature for feature in (*champion.features, *challenger.features)}
    missing = [feature for feature in features.values() if feature.name not in table.frame.columns]
    if required := [feature.name for feature in missing if not feature.optional]:
        raise Refused(f"it lacks {join_names(required)}.")
    frame = table.frame.assign(**{feature.name: np.nan for feature in missing})
    accepted = np.ones(len(frame), dtype=bool)
    for feature in (*champion.features, *challenger.features):
        if isinstance(feature, Category) and not feature.open:
            values = frame[feature.name]
            accepted &= (values.isna() | values.isin(feature.values)).to_numpy()
        if not feature.optional:
            accepted &= ~pd.isna(frame[feature.name]).to_numpy()
    rows = sample(Table(frame[accepted], table.target[accepted], table.source), (), score.MAX_ROWS_PREDICTED)
    if not len(rows.frame):
        raise Refused("no row is accepted by both models.")
    return rows


def _on_rows(champion: Contestant, challenger: Contestant, rows: Table) -> Iterator[str]:
    before, after = champion.predict(rows), challenger.predict(rows)
    name = score.NAMES[champion.manifest.kind].capitalize()
    if len(rows.frame) > 1:
        first, second = score.on_rows(champion.manifest, rows, before), score.on_rows(challenger.manifest, rows, after)
        yield f"{name} on {len(before):,} rows of {rows.source}: champion {first:g}, challenger {second:g}."
    yield from numbers(before, after) if champion.manifest.kind == "regressor" else labels(before, after)
    times = [milliseconds(_row_seconds(each, rows)) for each in (champion, challenger)]
    yield f"One row takes {times[0]} in the champion and {times[1]} in the challenger."


def numbers(before: NDArray[Any], after: NDArray[Any]) -> Iterator[str]:
    """Yield how two regressors' predictions differ."""
    difference = after - before
    share = np.mean(np.abs(difference) > SAME * np.maximum(np.abs(before), np.abs(after)))
    yield f"The predictions differ for {share:.1%} of the rows."
    if share:
        found = zip(QUANTILES, np.percentile(difference, QUANTILES), strict=True)
        yield f"Challenger minus champion: {', '.join(f'{each} % {value:.4g}' for each, value in found)}."


def labels(before: NDArray[Any], after: NDArray[Any]) -> Iterator[str]:
    """Yield how two classifiers' labels differ, as a table of pairs, the most frequent first."""
    pairs = Counter(zip(before.tolist(), after.tolist(), strict=True))
    apart = sum(count for (first, second), count in pairs.items() if first != second)
    yield f"The labels differ for {apart / len(before):.1%} of the rows."
    if not apart:
        return
    yield f"{'champion':<20} {'challenger':<20} {'rows':>8}"
    shown = pairs.most_common(MAX_PAIRS)
    for (first, second), count in shown:
        yield f"{first!s:<20.20} {second!s:<20.20} {count:>8}"
    if rest := len(before) - sum(count for _, count in shown):
        yield f"{'other pairs':<41} {rest:>8}"


def _row_seconds(contestant: Contestant, rows: Table) -> float:
    one = Table(rows.frame.iloc[:1], rows.target[:1], rows.source)
    return row_seconds(contestant.manifest, contestant.runtime, one.columns(contestant.manifest.features))
