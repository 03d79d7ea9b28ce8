"""The parts of the front page that need no script: what the model is, and what the service answers, as HTML.

Every text is escaped: labels, names and descriptions are whoever's made the model.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from shared import manifest
from shared.endpoint import Declaration
from shared.manifest import Manifest, Output, Training
from shared.model import label_text
from shared.problems import ModelUnavailable, SettingInvalid

MOST_CLASSES_NAMED = 4
INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

type Fact = tuple[str, str, str]
"""A term, what it is, and a few words more."""


def about() -> Mapping[str, str]:
    """The pieces `title`, `kicker`, `description` and `facts`, for the model that is served or cannot be."""
    try:
        of = manifest.current()
    except (ModelUnavailable, SettingInvalid):
        why = 'Why, says <a href="/health/ready">/health/ready</a>.'
        return {"title": "The model cannot be served", "kicker": "", "description": why, "facts": ""}
    return {
        "title": escape(of.output.label or of.output.name),
        "kicker": escape(f"{of.name} · version {of.version}"),
        "description": escape(of.description),
        "facts": "".join(map(_fact, _facts(of))),
    }


def endpoints(declared: Iterable[Declaration]) -> str:
    """What the service answers to programs, one list item each."""
    return "".join(
        f'<li><code><span class="method">{each.method}</span> {escape(each.path)}</code>'
        f"<span>{escape(each.doc.partition('\n')[0])}</span></li>"
        for each in declared
        if each.listed
    )


def _facts(of: Manifest) -> Sequence[Fact]:
    return (
        ("What it is", of.artifact.estimator, f"a {of.kind}, scikit-learn {of.artifact.scikit_learn}"),
        ("Trained on", _plural(of.training.rows, "row"), of.training.data),
        ("How good", *_quality(of.training)),
        ("Answers", *_answers(of.output, of.kind)),
    )


def _fact(fact: Fact) -> str:
    term, value, more = map(escape, fact)
    broken = INNER_CAPITAL.sub("<wbr>", value)  # a long class name may break between its words
    return f"<div><dt>{term}</dt><dd><strong>{broken}</strong><span>{more}</span></dd></div>"


def _quality(training: Training) -> tuple[str, str]:
    if training.score is None:
        return "Not measured", "no rows were held out"
    return f"{training.score_name} {training.score:.2g}", f"on {_plural(training.held_out, 'row')} it never saw"


def _answers(output: Output, kind: str) -> tuple[str, str]:
    if kind == "classifier":
        named = ", ".join(label_text(each) for each in output.classes[:MOST_CLASSES_NAMED])
        more = " …" if len(output.classes) > MOST_CLASSES_NAMED else ""
        return _plural(len(output.classes), "class", "classes"), named + more
    unit = f"in {output.unit}" if output.unit else ""
    banded = f"and one of {_plural(len(output.classes), 'class', 'classes')}" if output.classes else ""
    return "A number", " ".join(filter(None, (unit, banded)))


def _plural(many: int, one: str, more: str = "") -> str:
    return f"{many:,} {one if many == 1 else more or one + 's'}"
