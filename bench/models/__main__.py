"""`python -m bench.models`: write the table of models into docs/models.md.

Each model is adopted as its owner would. The times are the shortest of several, of one row through the runtime and
through the estimator. With words as arguments, only the models with one of them in their names are printed.
"""

import contextlib
import io
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.models.subjects import Subject, fitted, subjects
from shared.model.loader import load_runtime
from shared.model.manifest import APP, Manifest
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import Refused, adopt, rows
from tools.model.speed import row_seconds

PAGE = APP / "docs/models.md"
SECTION = re.compile(r"(?<=<!-- models -->\n).*?(?=<!-- /models -->)", re.DOTALL)
RULE = "| --- | --- | ---: | ---: | ---: |"
REASON = "Served by scikit-learn: "
PACKAGE_ALONE = "scikit-learn"


class Result(NamedTuple):
    """One line of the table."""

    subject: Subject
    runtime: str
    difference: float = 0.0
    served: float = 0.0
    """Seconds for one row."""
    estimator: float = 0.0
    reason: str = ""


def main(words: Sequence[str]) -> None:
    """Measure all models and write the table, or print the lines of some."""
    chosen = (subject for subject in subjects() if not words or any(word in subject.name for word in words))
    results = []
    for subject in chosen:
        if result := measure(subject):
            results.append(result)
            print(line(result), flush=True)
    if not words:
        PAGE.write_text(SECTION.sub(lambda _: table(results), PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def measure(subject: Subject) -> Result | None:
    """Adopt one model and time it; None if it does not fit its data."""
    estimator = fitted(subject)
    if estimator is None:
        return None
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()) as printed:
        folder = Path(name)
        try:
            manifest = adopted(subject, estimator, folder)
        except Refused as error:
            return Result(subject, "refused", reason=str(error))
        row = [column[:1] for column in rows.random(manifest.features, 4)]
        served = row_seconds(manifest, load_runtime(folder, manifest), row)
    described = manifest.artifact.linear or manifest.artifact.onnx
    reasons = [text.removeprefix(REASON) for text in printed.getvalue().splitlines() if text.startswith(REASON)]
    return Result(
        subject,
        runtime=manifest.artifact.runtime,
        difference=described.difference if described else 0.0,
        served=served,
        estimator=row_seconds(manifest, SklearnModel(manifest, estimator), row),
        reason="" if described else "".join(reasons),
    )


def adopted(subject: Subject, estimator: object, folder: Path) -> Manifest:
    """Adopt a fitted estimator with its data."""
    named = hasattr(subject.X, "columns")
    names = () if named else [f"x{i}" for i in range(subject.X.shape[1])]
    return adopt(estimator, subject.X, subject.y, name="subject", names=names, folder=folder, anyway=True)


def table(results: Sequence[Result]) -> str:
    """Return the share of models that need no scikit-learn, and a table for each group."""
    free = sum(result.runtime not in (PACKAGE_ALONE, "refused") for result in results)
    parts = [f"{free} of {len(results)} models ({free / len(results):.0%}) are served without scikit-learn.\n"]
    for group in dict.fromkeys(result.subject.group for result in results):
        lines = [line(result) for result in results if result.subject.group == group]
        head = f"| {group} | served by | greatest difference | one row, µs | scikit-learn, µs |"
        parts.append("\n".join([head, RULE, *lines, ""]))
    return "\n".join([*parts, *reasons(results), ""])


def reasons(results: Sequence[Result]) -> Iterator[str]:
    """Yield the reasons of models that scikit-learn serves or that are refused."""
    for result in results:
        if result.reason:
            yield f"- {result.subject.name}: {result.reason}"


def line(result: Result) -> str:
    """Return one line of the table."""
    if result.runtime == "refused":
        return f"| {result.subject.name} | refused | | | |"
    difference = "" if result.runtime == PACKAGE_ALONE else f"{result.difference:.0e}" if result.difference else "0"
    times = f"{result.served * 1e6:,.0f} | {result.estimator * 1e6:,.0f}"
    return f"| {result.subject.name} | {result.runtime} | {difference} | {times} |"


if __name__ == "__main__":
    main(sys.argv[1:])
