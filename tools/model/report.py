"""The summary that is printed after a model was adopted: the model, the files and the next steps."""

from pathlib import Path

from shared.model.manifest import APP, Category, Manifest, Text
from tools.model import document, picture
from tools.model.refused import join_names

FRAME_COST = (
    "The model was fitted on a data frame. So the service makes a data frame for every request, about 0.3 ms, and "
    "imports pandas, about 0.3 s of a cold start. A model that is fitted on an array needs neither."
)
MAX_GIT_BYTES = 50_000_000  # GitHub warns above this size, and refuses files of twice as much


def print_summary(manifest: Manifest, folder: Path) -> None:
    """Print a few plain lines."""
    artifact = manifest.artifact
    features = join_names(feature.name for feature in manifest.features)
    print(f"{manifest.name} {manifest.version}: {artifact.estimator} predicts {manifest.output.name} from {features}.")
    print(f"Served by {artifact.runtime}.")
    if optional := [feature.name for feature in manifest.features if feature.optional]:
        print(
            f"Optional in requests: {join_names(optional)}. The training data has gaps there, or the option names them."
        )
    if unlisted := [each.name for each in manifest.features if isinstance(each, Category) and each.open]:
        print(f"Categories that also accept new values, with a warning: {join_names(unlisted)}. --closed refuses them.")
    if texts := [each.name for each in manifest.features if isinstance(each, Text)]:
        print(f"Free text: {join_names(texts)}. No text of the training data is in the files.")
    if "frame" in artifact.rows and artifact.runtime == "scikit-learn":
        print(FRAME_COST)
    graph = [folder / artifact.onnx.file] if artifact.onnx else []
    data = [path for path in [folder / document.DATA_FILE] if path.exists()]
    _print_files(folder / artifact.file, folder / document.FILE, *data, folder / picture.FILE, *graph)


def _print_files(model: Path, manifest: Path, *others: Path) -> None:
    for path in (model, manifest, *others):
        print(f"Wrote {_relative(path)}, {path.stat().st_size / 1000:.1f} kB.")
    if model.stat().st_size > MAX_GIT_BYTES:
        print("This is large for git. To use git-lfs, remove the line of model/slr.joblib from .gitattributes.")
    if manifest.resolve().parent != APP / "model":
        print(f"To serve this model, set MODEL_MANIFEST to {_relative(manifest)}.")
    print("Next: run make run, check the page, then commit the files.")


def _relative(path: Path) -> Path:
    """Return the path relative to the project, if it is inside."""
    resolved = path.resolve()
    return resolved.relative_to(APP) if resolved.is_relative_to(APP) else path
