"""Makes the service be about your own model: writes its artifact, and the manifest that everything else follows.

On the command line: `make model FILE=mine.joblib DATA=train.csv TARGET=y`. From a train.py of your own: `adopt`, as
model/train.py does. Every part of the manifest is one file here: contract (with features and output), examples,
statistics, artifact, graph; `parts` puts them together and `document` writes them. `picture` is for the page.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from shared.model.manifest import APP, Instance, Manifest
from tools.model.command import main
from tools.model.refused import Refused

if TYPE_CHECKING:
    from tools.model.load import Loaded

__all__ = ["Refused", "adopt", "main"]


def adopt(  # noqa: PLR0913 - what a manifest says, each by its name
    estimator: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    *,
    name: str,
    target: str = "target",
    data: str = "training data",
    version: str = "",
    description: str = "",
    names: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    help: Mapping[str, str] | None = None,
    edges: Sequence[float] = (),
    class_labels: Sequence[str] = (),
    examples: Sequence[Instance] = (),
    held_out: tuple[Any, Any] | None = None,
    publish_points: bool = False,
    folder: Path = APP / "model",
    loaded: "Loaded | None" = None,
) -> Manifest:
    """Write `slr.joblib`, `slr.json`, `slr.picture.json` and, where it answers the same, `slr.onnx` for a fitted
    estimator into `folder`; return the manifest.

    X, shape (rows, features), and y are its training data: a data frame, or an array whose columns are called `names`.
    `labels`, `units` and `help` hold texts for people by feature, and the target's by `target`. `edges` give a
    regressor classes, called `class_labels`. `examples` come before those that are made. `held_out` is an X and y that
    it was not trained on, for the score. `publish_points` lets the page's picture show single rows of the training
    data. `loaded` is the file that the estimator comes from, whose bytes are kept.

    The version is the first 12 hex digits of the artifact's SHA-256 unless given. The same estimator and data give the
    same files. Raises Refused, in one line, for what the service cannot serve.
    """
    # Imported here: they bring pandas and scikit-learn, two seconds that `./egl` must not pay.
    from tools.model import artifact, document, graph, output, parts, picture, report
    from tools.model.contract import Words
    from tools.model.data import table

    rows = table(X, y, names=names, source=data)
    content, scikit_learn = (loaded.content, loaded.scikit_learn) if loaded else artifact.dump(estimator)
    draft = parts.draft(estimator, artifact.describe(content, estimator, scikit_learn), rows, name=name, target=target)
    draft = replace(draft, version=version or draft.version, description=description)
    words, bands = Words(labels or {}, units or {}, help or {}), output.Bands(edges, class_labels)
    apart = table(*held_out, names=names, source="the held-out data") if held_out else None
    said = parts.Said(words, bands, examples, apart)
    whole, graphed = parts.complete(draft, estimator, rows, said)
    whole, text = document.fit(whole)
    document.write(folder, {whole.artifact.file: content, graph.FILE: graphed, document.FILE: text})
    picture.write(folder, picture.of(whole, rows, publish_points=publish_points))
    report.tell(whole, folder)
    return whole
