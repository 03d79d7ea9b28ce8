"""Differences of two models' predictions for the same rows, as properties of a telemetry item. Never a row."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from shared.model.manifest import Label, label_text
from shared.telemetry.events import Property

MAX_PAIRS = 20
MAX_LABEL = 100  # characters; all pairs together stay below the longest property

type Differences = Mapping[str, Property]


def of_numbers(champion: Sequence[float], challenger: Sequence[float]) -> Differences:
    """Return how two regressors differ; a difference is challenger minus champion."""
    if len(champion) == 1:  # most requests; numpy needs ten times as long
        single = challenger[0] - champion[0]
        return _summary(single, abs(single), abs(single), champion[0], challenger[0])
    import numpy as np  # noqa: PLC0415 - loaded with the model, not with the functions

    with np.errstate(over="ignore", invalid="ignore"):
        first, second = np.array(champion, dtype=np.float64), np.array(challenger, dtype=np.float64)
        difference = second - first
        absolute = np.abs(difference)
        return _summary(difference.mean(), absolute.mean(), absolute.max(), first.mean(), second.mean())


def of_labels(champion: Sequence[Label], challenger: Sequence[Label]) -> Differences:
    """Return how two classifiers differ: rows with the same label, and counts of the most frequent pairs of labels."""
    pairs = Counter(zip(map(label_text, champion), map(label_text, challenger), strict=True))
    listed = pairs.most_common(MAX_PAIRS)
    shown: list[list[Any]] = [[first[:MAX_LABEL], second[:MAX_LABEL], count] for (first, second), count in listed]
    return {
        "agreed": sum(count for (first, second), count in pairs.items() if first == second),
        "label_pairs": json.dumps(shown, separators=(",", ":"), ensure_ascii=False),
        "other_pairs": len(champion) - sum(count for _, count in listed),
    }


def _summary(mean: Any, absolute_mean: Any, absolute_max: Any, champion_mean: Any, challenger_mean: Any) -> Differences:
    return {
        "difference_mean": float(mean),
        "difference_abs_mean": float(absolute_mean),
        "difference_abs_max": float(absolute_max),
        "champion_mean": float(champion_mean),
        "challenger_mean": float(challenger_mean),
    }
