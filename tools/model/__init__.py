"""Adopt your own model: write its artifact, and the manifest that the service and its pages follow.

On the command line: `make model FILE=mine.joblib DATA=train.csv TARGET=y`. In a train.py of your own: `adopt`, as
model/train.py does. Each part of the manifest has its own file here: contract (with features and output), examples,
score, statistics, artifact, graph. `parts` puts them together and `document` writes them. `picture` is for the page.
`load` reads the owner's model and `tables` the data. `rehearsal` tries a model that its own code serves. `report` is
what the owner reads at the end.
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


def adopt(  # noqa: PLR0913 - the members of a manifest, each by its name
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
    optional: Sequence[str] = (),
    free_text: Sequence[str] = (),
    categories: Sequence[str] = (),
    closed: bool = False,
    publish_points: bool = False,
    anyway: bool = False,
    folder: Path = APP / "model",
    loaded: "Loaded | None" = None,
    champion: Manifest | None = None,
) -> Manifest:
    """Write the files of a fitted estimator into `folder`, and return its manifest.

    The files are `slr.joblib`, `slr.json`, `slr.picture.json`, for many features `slr.data.json` and, if an ONNX graph
    predicts the same, `slr.onnx`.

    X, shape (rows, features), and y are the training data: a data frame, or an array whose columns are called `names`.
    `labels`, `units` and `help` are texts for people, by feature, and for the target by `target`. `edges` divide a
    regressor's predictions into classes with the names `class_labels`. `examples` come before the generated ones.
    `held_out` is an X and y that the estimator was not trained on; the manifest gets the score on them. `anyway` adopts
    a model that is no better than chance on its training data.
    `optional` are features that may be missing in requests, although the data has no gaps in them.
    `free_text` are columns whose texts must not be public; `categories` are categories although they look like that.
    With `closed`, no category accepts texts that are new to the model.
    `publish_points` lets the page's picture show single rows of the training data. `loaded` is the file of the
    estimator; its bytes are written unchanged. `champion` is the manifest of the model that this one challenges.

    The default version is the first 12 hex digits of the artifact's SHA-256. The same estimator and data lead to the
    same files. Raises Refused, with a message of one line, for a model that the service cannot serve.
    """
    # Imported here: they import pandas and scikit-learn. `./egl` must not wait two seconds for them.
    from tools.model import artifact, changes, document, graph, inherited, output, parts, picture, rehearsal, report
    from tools.model.choices import Choices
    from tools.model.contract import Texts
    from tools.model.data import table

    training = table(X, y, names=names, source=data)
    content, scikit_learn = (loaded.content, loaded.scikit_learn) if loaded else artifact.dump(estimator)
    described = artifact.describe(content, estimator, scikit_learn)
    draft = parts.draft(estimator, described, training, name=name, target=target)
    if champion:
        changes.refuse_other(champion, draft)
    draft = replace(draft, version=version or draft.version, description=description)
    texts, class_edges = Texts(labels or {}, units or {}, help or {}), output.Edges(edges, class_labels)
    class_edges = inherited.edges(class_edges, champion) if champion else class_edges
    test = table(*held_out, names=names, source="the held-out data") if held_out else None
    choices = Choices(optional, free_text, categories, closed)
    options = parts.Options(texts, class_edges, examples, test, choices, anyway)
    manifest, serving, onnx = parts.complete(draft, estimator, training, options)
    manifest = inherited.texts(manifest, champion) if champion else manifest
    encoded = document.encode(manifest)
    files = {manifest.artifact.file: content, graph.FILE: onnx, document.DATA_FILE: encoded.data}
    files[document.FILE] = encoded.manifest  # the last one: it names the others
    if manifest.artifact.runtime == "scikit-learn":
        rehearsal.refuse_undeployed(loaded.path if loaded else Path(artifact.FILE), files)
    document.write(folder, files)
    picture.write(folder, picture.build(manifest, training, publish_points=publish_points))
    report.print_summary(manifest, serving, folder, challenger=champion is not None)
    return manifest
