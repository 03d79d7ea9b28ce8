"""The summary that is printed after a model was adopted: the model, what serves it, its features, the next steps."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.model.manifest import APP, MAX_ABSOLUTE, Category, Linear, Manifest, Onnx, Text, is_numeric
from tools.model import document, picture
from tools.model.parts import Serving
from tools.model.refused import join_names

FRAME_COST = (
    "About 0.3 ms of it make a data frame of each request, as the model reads its columns by name. "
    "One that is fitted on an array of numbers needs none."
)
FORMS = {"numpy": "a weighted sum of the features", "onnxruntime": "an ONNX graph"}
MAX_GIT_BYTES = 50_000_000  # GitHub warns above this size, and refuses files of twice as much
MAX_FEATURES = 10  # in one line


def print_summary(manifest: Manifest, serving: Serving, folder: Path, *, challenger: bool = False) -> None:
    """Print a few plain lines. The next steps of a challenger come after its comparison."""
    output, estimator = manifest.output.name, manifest.artifact.estimator
    features = _names(feature.name for feature in manifest.features)
    print(f"{manifest.name} {manifest.version}: {estimator} predicts {output} from {features}.")
    print(*_serving_lines(manifest, serving), *_feature_lines(manifest), sep="\n")
    _print_files(manifest, folder)
    if not challenger:
        _print_next(folder)


def _serving_lines(manifest: Manifest, serving: Serving) -> Iterator[str]:
    """Yield what serves the model, how exact it is and how fast."""
    artifact = manifest.artifact
    form = artifact.linear or artifact.onnx
    if form:
        yield f"Served by {artifact.runtime}, as {FORMS[artifact.runtime]}. {_exactness(form)}"
    else:
        yield f"Served by {artifact.runtime}: {serving.reason}."
    yield str(serving.speed)
    numeric = all(map(is_numeric, manifest.features))
    if artifact.rows == "frame" and numeric and not form:
        yield FRAME_COST
    if form and form.max_absolute < MAX_ABSOLUTE:
        yield f"Numbers beyond ±{form.max_absolute:g} are refused in requests: only up to there both predict the same."


def _exactness(form: Linear | Onnx) -> str:
    if not form.difference:
        return "It predicts exactly the same as the model."
    return f"It predicts the same as the model; the greatest difference is {form.difference:g}."


def _feature_lines(manifest: Manifest) -> Iterator[str]:
    """Yield what requests may have, and may lack."""
    gaps = {name for name, share in manifest.statistics.missing.items() if share}
    optional = {feature.name for feature in manifest.features if feature.optional}
    if found := [feature.name for feature in manifest.features if feature.name in optional & gaps]:
        yield f"Optional in requests, as the training data has gaps there: {_names(found)}."
    if named := [feature.name for feature in manifest.features if feature.name in optional - gaps]:
        yield f"Optional in requests, as you named them: {_names(named)}."
    if needed := [feature.name for feature in manifest.features if feature.name in gaps - optional]:
        yield f"Required, although the data has gaps there: {_names(needed)}. The model does not predict without."
    if unlisted := [each.name for each in manifest.features if isinstance(each, Category) and each.open]:
        yield f"New values are predicted, with a warning: {_names(unlisted)}. With --closed they are refused."
    if texts := [each.name for each in manifest.features if isinstance(each, Text)]:
        yield f"Free text: {_names(texts)}. The service publishes no text of the training data."


def _names(names: Iterable[str]) -> str:
    return join_names(names, MAX_FEATURES)


def _print_files(manifest: Manifest, folder: Path) -> None:
    artifact = manifest.artifact
    model, described = folder / artifact.file, folder / document.FILE
    paths = [model, described, folder / document.DATA_FILE, folder / picture.FILE]
    paths += [folder / artifact.onnx.file] if artifact.onnx else []
    print(f"Written into {_relative(folder)}: {', '.join(_sized(path) for path in paths if path.exists())}.")
    if model.stat().st_size > MAX_GIT_BYTES:
        print("This is large for git. To use git-lfs, remove the line of slr.joblib from .gitattributes.")


def _print_next(folder: Path) -> None:
    if folder.resolve() == APP / "model":
        print("Next: make run, and try it in the browser. Then make test, and commit model/ and docs/openapi.json.")
    else:
        print(f"Next: to serve this model, set MODEL_MANIFEST to {_relative(folder / document.FILE)}.")


def _sized(path: Path) -> str:
    size = path.stat().st_size
    return f"{path.name} ({size / 1e6:,.1f} MB)" if size >= 1e6 else f"{path.name} ({size / 1e3:.1f} kB)"


def _relative(path: Path) -> Path:
    """Return the path relative to the project, if it is inside."""
    resolved = path.resolve()
    return resolved.relative_to(APP) if resolved.is_relative_to(APP) else path
