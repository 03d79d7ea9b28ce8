"""The scikit-learn estimator: its file must be the manifest's, and its error texts stay inside."""

import hashlib
import subprocess
import sys
from pathlib import Path

import joblib
import msgspec
import pytest
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.model.manifest import APP, Artifact, Number
from shared.model.runtimes.sklearn import load_estimator, use_one_job
from shared.problems import InvalidInstances, ModelCorrupt, ModelUnavailable, ModelVersionMismatch
from tests.models import instances, manifest, model


def artifact(path: Path, **changes: str) -> Artifact:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    members = {"sha256": sha256, "scikit_learn": "1.9.1", **changes}
    return Artifact(file=path.name, estimator="Doubling", **members)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.joblib"
    joblib.dump({"the": "estimator"}, path)
    return path


def test_a_written_estimator_is_loaded(file: Path) -> None:
    assert load_estimator(file.parent, artifact(file)) == {"the": "estimator"}


def test_a_missing_file_is_model_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        load_estimator(tmp_path, artifact(tmp_path / "gone.joblib"))
    assert caught.value.slug == "model-missing"


def test_a_file_with_another_sha256_is_never_unpickled(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = artifact(file)
    file.write_bytes(file.read_bytes() + b" ")
    monkeypatch.setattr(joblib, "load", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(ModelCorrupt):
        load_estimator(file.parent, described)


def test_a_git_lfs_pointer_is_recognised(tmp_path: Path) -> None:
    pointer = tmp_path / "m.joblib"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(ModelUnavailable) as caught:
        load_estimator(tmp_path, artifact(pointer))
    assert "git lfs pull" in caught.value.reason


@pytest.mark.parametrize("trained_with", ["1.8.0", "2.9.1", "0.24"])
def test_another_minor_version_of_scikit_learn_is_refused(file: Path, trained_with: str) -> None:
    with pytest.raises(ModelVersionMismatch) as caught:
        load_estimator(file.parent, artifact(file, scikit_learn=trained_with))
    assert trained_with in caught.value.reason


def test_another_patch_version_is_accepted(file: Path) -> None:
    assert load_estimator(file.parent, artifact(file, scikit_learn="1.9.99"))


def test_bytes_that_do_not_unpickle_are_model_integrity(tmp_path: Path) -> None:
    garbage = tmp_path / "m.joblib"
    garbage.write_bytes(b"not a pickle")
    with pytest.raises(ModelCorrupt):
        load_estimator(tmp_path, artifact(garbage))


def test_a_value_that_the_estimator_refuses_is_422_and_its_error_text_stays_inside() -> None:
    described = manifest()
    forest = RandomForestRegressor(n_estimators=2).fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(InvalidInstances) as caught:
        model(described, forest).predict(instances(described, 1e300))
    assert "float32" in caught.value.reason
    assert "float32" not in caught.value.detail


def test_jobs_of_all_estimators_inside_are_one() -> None:
    forest = RandomForestRegressor(3, n_jobs=2)
    members = [("forest", forest), ("scaled", make_pipeline(StandardScaler(), RandomForestRegressor(3, n_jobs=-1)))]
    ensemble = VotingRegressor(members, n_jobs=4).fit([[0.0], [1.0]], [0.0, 1.0])
    use_one_job(ensemble)
    assert ensemble.n_jobs == 1
    assert ensemble.estimators_[0].n_jobs == 1
    assert ensemble.estimators_[1].steps[-1][1].n_jobs == 1


def test_a_served_estimator_uses_one_thread_of_blas_and_openmp(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    joblib.dump(RandomForestRegressor(3).fit([[0.0], [1.0]], [0.0, 1.0]), path)
    described = manifest([Number(name="x", range=(0.0, 1.0))], artifact=artifact(path))
    code = (
        "import sys, pathlib, msgspec, threadpoolctl\n"
        "from shared.model import manifest; from shared.model.runtimes import sklearn\n"
        "sklearn.load(pathlib.Path(sys.argv[1]), manifest.decode(sys.argv[2].encode()))\n"
        "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    )
    encoded = msgspec.json.encode(described).decode()
    command = [sys.executable, "-c", code, str(tmp_path), encoded]
    assert subprocess.run(command, cwd=APP, capture_output=True, text=True, check=True).stdout.strip() == "{1}"
