"""The lazily loaded model: integrity, one load for all, and what it answers."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import msgspec
import pytest
from sklearn.ensemble import RandomForestRegressor

from shared import model
from shared.manifest import Artifact, Number
from shared.model import LazyModel, Model
from shared.problems import InvalidInstances, ModelCorrupt, ModelUnavailable, ModelVersionMismatch
from shared.schemas import contract
from tests.models import BANDS, SIGNS, Doubling, Sign, manifest


def artifact(path: Path, **changes: str) -> Artifact:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
    members = {"sha256": sha256, "scikit_learn": "1.9.1", **changes}
    return Artifact(file=path.name, estimator="Doubling", **members)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.joblib"
    joblib.dump({"the": "estimator"}, path)
    return path


def test_what_was_written_is_loaded(file: Path) -> None:
    assert model.estimator(file.parent, artifact(file)) == {"the": "estimator"}


def test_a_missing_file_is_model_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        model.estimator(tmp_path, artifact(tmp_path / "gone.joblib"))
    assert caught.value.slug == "model-missing"


def test_other_bytes_than_the_manifest_names_are_never_unpickled(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = artifact(file)
    file.write_bytes(file.read_bytes() + b" ")
    monkeypatch.setattr(joblib, "load", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(ModelCorrupt):
        model.estimator(file.parent, named)


def test_a_git_lfs_pointer_is_recognised(tmp_path: Path) -> None:
    pointer = tmp_path / "m.joblib"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(ModelUnavailable) as caught:
        model.estimator(tmp_path, artifact(pointer))
    assert "git lfs pull" in caught.value.reason


@pytest.mark.parametrize("trained_with", ["1.8.0", "2.9.1", "0.24"])
def test_another_minor_version_of_scikit_learn_is_refused(file: Path, trained_with: str) -> None:
    with pytest.raises(ModelVersionMismatch) as caught:
        model.estimator(file.parent, artifact(file, scikit_learn=trained_with))
    assert trained_with in caught.value.reason


def test_another_patch_version_is_accepted(file: Path) -> None:
    assert model.estimator(file.parent, artifact(file, scikit_learn="1.9.99"))


def test_bytes_that_do_not_unpickle_are_model_integrity(tmp_path: Path) -> None:
    garbage = tmp_path / "m.joblib"
    garbage.write_bytes(b"not a pickle")
    with pytest.raises(ModelCorrupt):
        model.estimator(tmp_path, artifact(garbage))


def instances(of: Any, *values: float) -> Any:
    return contract(of).decode(msgspec.json.encode({"instances": [{"x": value} for value in values]}))


def test_a_regressor_s_numbers_come_with_their_warnings() -> None:
    of = manifest()
    scores = Model(of, Doubling()).score(instances(of, 0.5, 3.0))
    assert scores.predictions == [1.0, 6.0]
    assert [warning.instances for warning in scores.outside] == [[1]]
    assert scores.probabilities is None


def test_a_regressor_fitted_on_a_column_of_targets_answers_plain_numbers() -> None:
    class Column(Doubling):
        def predict(self, rows: Any) -> Any:
            return super().predict(rows).reshape(-1, 1)

    of = manifest()
    assert Model(of, Column()).score(instances(of, 0.5)).predictions == [1.0]


@pytest.mark.parametrize(
    ("value", "label"), [(-1.0, "low"), (-0.01, "low"), (0.0, "mid"), (0.99, "mid"), (1.0, "high"), (9.0, "high")]
)
def test_a_value_equal_to_an_edge_is_in_the_class_above(value: float, label: str) -> None:
    assert Model(manifest(output=BANDS), Doubling()).classify([value]) == [label]


def test_a_classifier_answers_labels_and_where_asked_probabilities() -> None:
    of = manifest(kind="classifier", output=SIGNS)
    sign = Model(of, Sign())
    assert sign.score(instances(of, -0.5)).probabilities is None
    scores = sign.score(instances(of, -0.5, 0.5), probabilities=True)
    assert scores.predictions == ["low", "high"]
    assert scores.probabilities == [{"low": 0.9, "high": 0.1}, {"low": 0.2, "high": 0.8}]


def test_a_classifier_without_probabilities_is_not_asked_for_them() -> None:
    output = msgspec.structs.replace(SIGNS, probabilities=False)
    of = manifest(kind="classifier", output=output)
    assert Model(of, Sign()).score(instances(of, 0.5), probabilities=True).probabilities is None


def test_an_answer_that_is_no_finite_number_is_refused_and_the_instance_named() -> None:
    of = manifest([Number(name="x", range=(0.0, 1e308))])
    with pytest.raises(InvalidInstances) as caught:
        Model(of, Doubling()).score(instances(of, 1.0, 1.7e308))
    assert [field.pointer for field in caught.value.fields] == ["/instances/1"]


def test_large_answers_whose_sum_overflows_are_fine() -> None:
    of = manifest()
    assert Model(of, Doubling()).score(instances(of, 8e307, 8e307)).predictions == [1.6e308, 1.6e308]


def test_a_value_that_the_estimator_refuses_is_the_caller_s_fault_and_its_words_stay_inside() -> None:
    of = manifest()
    forest = RandomForestRegressor(n_estimators=2).fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(InvalidInstances) as caught:
        Model(of, forest).score(instances(of, 1e300))
    assert "float32" in caught.value.reason
    assert "float32" not in caught.value.detail


@pytest.mark.parametrize(("label", "text"), [("a", "a"), (1, "1"), (0.5, "0.5"), (True, "true")])
def test_a_label_as_a_member_s_name(label: Any, text: str) -> None:
    assert model.label_text(label) == text


def slow(calls: list[float], seconds: float = 0.2) -> Callable[[], Model]:
    def load() -> Model:
        calls.append(time.monotonic())
        time.sleep(seconds)
        return Model(manifest(), Doubling())

    return load


def test_32_first_calls_at_once_make_one_load() -> None:
    calls: list[float] = []

    async def all_at_once() -> list[Model]:
        lazy = LazyModel(slow(calls))
        return await asyncio.gather(*(lazy.get() for _ in range(32)))

    models = asyncio.run(all_at_once())
    assert len(calls) == 1
    assert len({id(each) for each in models}) == 1


def test_the_loop_goes_on_while_the_model_loads() -> None:
    async def longest_pause() -> float:
        lazy = LazyModel(slow([]))
        loading = asyncio.ensure_future(lazy.get())
        longest, last = 0.0, time.monotonic()
        while not loading.done():
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        return longest

    assert asyncio.run(longest_pause()) < 0.15


def test_a_caller_who_goes_away_does_not_take_the_load_along() -> None:
    calls: list[float] = []

    async def leave_and_return() -> Model:
        lazy = LazyModel(slow(calls))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lazy.get(), 0.05)
        return await lazy.get()

    assert asyncio.run(leave_and_return())
    assert len(calls) == 1


def test_a_failed_load_is_told_to_all_remembered_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def failing() -> Model:
        calls.append(0.0)
        if len(calls) == 1:
            raise ModelCorrupt(reason="broken")
        return Model(manifest(), Doubling())

    async def story() -> Model:
        lazy = LazyModel(failing)
        told = await asyncio.gather(*(lazy.get() for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in told] == [ModelCorrupt] * 3
        with pytest.raises(ModelCorrupt):
            await lazy.get()
        assert len(calls) == 1
        later = time.monotonic() + model.RETRY_SECONDS
        monkeypatch.setattr(model.time, "monotonic", lambda: later + 1)
        return await lazy.get()

    assert asyncio.run(story())
    assert len(calls) == 2


def test_any_other_error_in_a_load_is_tried_again_at_once() -> None:
    calls: list[float] = []

    def failing() -> Model:
        calls.append(0.0)
        raise MemoryError

    async def story() -> None:
        lazy = LazyModel(failing)
        for _ in range(2):
            with pytest.raises(MemoryError):
                await lazy.get()

    asyncio.run(story())
    assert len(calls) == 2
