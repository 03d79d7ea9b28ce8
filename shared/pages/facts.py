"""The parts of the pages that need no script, as HTML: facts of the model, the routes, and the dashboards' link.

Every text is escaped: labels, names and descriptions come from the model's owner.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from shared.api.routes import Route
from shared.model.manifest import Manifest, Output, Training, label_text
from shared.model.manifest_file import ManifestFile
from shared.problems import ModelUnavailable, SettingInvalid

MAX_CLASSES_NAMED = 4
INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")

type Fact = tuple[str, str, str]
"""A term, its value, and a note."""


def model_facts(file: ManifestFile) -> Mapping[str, str]:
    """Return the pieces `title`, `kicker`, `description` and `facts` for the served model, or for its failure."""
    try:
        manifest = file.manifest
    except (ModelUnavailable, SettingInvalid):
        reason = 'The reason is in <a href="health/ready">/health/ready</a>.'
        return {"title": "The model cannot be served", "kicker": "", "description": reason, "facts": ""}
    return {
        "title": escape(manifest.output.label or manifest.output.name),
        "kicker": escape(f"{manifest.name} · version {manifest.version}"),
        "description": escape(manifest.description),
        "facts": "".join(map(_fact_html, _facts(manifest))),
    }


def route_list(routes: Iterable[Route]) -> str:
    """Return the routes of the API, one list item each."""
    return "".join(
        f'<li><code><span class="method">{route.method}</span> {escape(route.path)}</code>'
        f"<span>{escape(route.doc.partition('\n')[0])}</span></li>"
        for route in routes
        if route.listed
    )


def dashboards_link(url: str) -> str:
    """Return the header's link to the local dashboards; empty where there are none."""
    return f'<a href="{escape(url)}/">Dashboards</a>' if url else ""


def _facts(manifest: Manifest) -> Sequence[Fact]:
    artifact = manifest.artifact
    return (
        ("Model", artifact.estimator, f"a {manifest.kind}, scikit-learn {artifact.scikit_learn}"),
        ("Training data", _plural(manifest.training.rows, "row"), manifest.training.data),
        ("Quality", *_quality(manifest.training)),
        ("Output", *_output(manifest.output, manifest.kind)),
    )


def _fact_html(fact: Fact) -> str:
    term, value, note = map(escape, fact)
    if note.casefold() == term.casefold():
        note = ""  # training data with no other name
    breakable = INNER_CAPITAL.sub("<wbr>", value)  # a long class name may break between its words
    return f"<div><dt>{term}</dt><dd><strong>{breakable}</strong><span>{note}</span></dd></div>"


def _quality(training: Training) -> tuple[str, str]:
    if training.score is None:
        return "Not measured", "no rows were held out"
    return f"{training.score_name} {training.score:.2g}", f"on {_plural(training.held_out, 'held-out row')}"


def _output(output: Output, kind: str) -> tuple[str, str]:
    if kind == "classifier":
        names = ", ".join(label_text(label) for label in output.classes[:MAX_CLASSES_NAMED])
        ellipsis = " …" if len(output.classes) > MAX_CLASSES_NAMED else ""
        return _plural(len(output.classes), "class", "classes"), names + ellipsis
    unit = f"in {output.unit}" if output.unit else ""
    bands = f"and one of {_plural(len(output.classes), 'class', 'classes')}" if output.classes else ""
    return "A number", " ".join(filter(None, (unit, bands)))


def _plural(count: int, singular: str, plural: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
