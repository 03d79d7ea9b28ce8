"""Evaluate the alerts, with the queries, windows and thresholds of the rules in Azure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from tools.insights.kql import run_query
from tools.insights.queries import Alert
from tools.insights.store import Store


class State(Struct):
    """An alert at one moment."""

    name: str
    title: str
    about: str
    severity: int
    unit: str
    threshold: float
    window_minutes: float
    runbook: str
    state: Literal["quiet", "firing", "idle"]
    """`idle`: too few samples."""
    value: float | None
    """The value of the worst row."""
    samples: int
    minimum: int
    """Samples from which on it can fire."""


def state(store: Store, alert: Alert, now: datetime) -> State:
    """Evaluate an alert over its window up to `now`. Raises QueryError."""
    worst = _worst(run_query(store, alert.query, now - alert.window, now).records())
    value = float(worst["value"]) if worst else None
    return State(
        name=alert.name,
        title=alert.title,
        about=alert.about,
        severity=alert.severity,
        unit=alert.unit,
        threshold=alert.threshold,
        window_minutes=alert.window.total_seconds() / 60,
        runbook=alert.runbook,
        state="idle" if value is None else "firing" if value >= alert.threshold else "quiet",
        value=value,
        samples=int(worst["samples"]) if worst else 0,
        minimum=alert.minimum,
    )


def chapter(root: Path, alert: Alert) -> str:
    """Return the chapter of the runbook that the alert names, as Markdown; empty where it is not there."""
    name, _, anchor = alert.runbook.partition("#")
    path = root / name
    parts = re.split(r"^(?=#{1,6} )", path.read_text(encoding="utf-8"), flags=re.MULTILINE) if path.exists() else []
    return next((part.strip() for part in parts if _anchor(part) == anchor), "")


def _anchor(part: str) -> str:
    """Return the anchor of a chapter's heading, as GitHub makes it."""
    title = part.partition("\n")[0].lstrip("#").strip().lower()
    return re.sub(r"[^\w\- ]", "", title).replace(" ", "-")


def _worst(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return max((row for row in rows if row["value"] is not None), key=lambda row: float(row["value"]), default=None)
