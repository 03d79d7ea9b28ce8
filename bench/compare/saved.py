"""The raw figures as JSON and the medians as a chart, for docs/: written by a run that was told to."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.manifest import APP

from bench.compare.chart import svg
from bench.compare.figures import NAMES, Result
from bench.compare.machine import About
from bench.compare.ratios import Outcome

FIGURES = APP / "docs/performance.json"
CHART = APP / "docs/performance.svg"
DIGITS = 6


def save(results: Sequence[Result], outcomes: Sequence[Outcome], about: About) -> None:
    """Write both files."""
    FIGURES.write_text(text(results, outcomes, about), encoding="utf-8", newline="\n")
    CHART.write_text(svg(results, about), encoding="utf-8", newline="\n")


def text(results: Sequence[Result], outcomes: Sequence[Outcome], about: About) -> str:
    """The JSON document; its keys are sorted, so that two runs differ in figures only."""
    whole = {
        "about": asdict(about),
        "subjects": {each.subject.name: told(each) for each in results},
        "ratios": {each.ratio.title: judged(each) for each in outcomes},
    }
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def told(result: Result) -> dict[str, Any]:
    """What is known of one subject: each figure's value in every round."""
    return {
        "title": result.subject.title,
        "kind": result.subject.kind.value,
        "failure": result.failure,
        "installed_mb": result.installed_mb and round(result.installed_mb, 1),
        "versions": result.versions,
        "figures": {name: rounded(values) for name in NAMES if (values := result.values(name))},
    }


def judged(outcome: Outcome) -> dict[str, Any]:
    """One ratio's value in every round, its target and what became of it."""
    return {"values": rounded(outcome.values), "target": str(outcome.ratio.target), "kept": outcome.kept}


def rounded(values: Sequence[float]) -> Sequence[float]:
    """What a clock can really tell."""
    return [float(f"{value:.{DIGITS}g}") for value in values]
