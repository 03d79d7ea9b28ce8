"""What the person who adopts a model is told: what it is, what was written, and what to do next."""

from pathlib import Path

from shared.model.manifest import APP, Manifest
from tools.model import document, picture
from tools.model.refused import listed

FRAME_COST = (
    "It was fitted on a data frame: the service makes one for every request, about 0.3 ms, and needs pandas, about "
    "0.3 s of a cold start. SklearnModel on an array it would need neither."
)
MOST_IN_GIT = 50_000_000  # GitHub warns from here on, and refuses twice as much


def tell(adopted: Manifest, folder: Path) -> None:
    """Print a few plain lines."""
    artifact = adopted.artifact
    taken = listed(feature.name for feature in adopted.features)
    print(f"{adopted.name} {adopted.version}: {artifact.estimator}, {taken} to {adopted.output.name}.")
    print(f"Served by {artifact.runtime}.")
    if optional := [feature.name for feature in adopted.features if feature.optional]:
        print(f"May be missing in a request, for the model answers without: {listed(optional)}.")
    if artifact.rows != "array" and artifact.runtime == "scikit-learn":
        print(FRAME_COST)
    graph = [folder / artifact.onnx.file] if artifact.onnx else []
    _tell_files(folder / artifact.file, folder / document.FILE, folder / picture.FILE, *graph)


def _tell_files(model: Path, manifest: Path, *others: Path) -> None:
    for path in (model, manifest, *others):
        print(f"Wrote {_short(path)}, {path.stat().st_size / 1000:.1f} kB.")
    if model.stat().st_size > MOST_IN_GIT:
        print("That is much for git: take the line of model/slr.joblib out of .gitattributes, and git-lfs keeps it.")
    if manifest.resolve().parent != APP / "model":
        print(f"To serve it from there, set MODEL_MANIFEST to {_short(manifest)}.")
    print("Next: make run, look at the page, then commit the files.")


def _short(path: Path) -> Path:
    """Relative to the project, where it is inside."""
    whole = path.resolve()
    return whole.relative_to(APP) if whole.is_relative_to(APP) else path
