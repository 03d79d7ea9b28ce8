"""The model: one load for all requests, and its predictions."""

import asyncio
import gc
import logging
import platform
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest

from shared import memory
from shared.model import loader
from shared.model.loader import LazyModel, Model
from shared.model.manifest import Number, label_text
from shared.model.manifest_file import ManifestFile
from shared.problems import InvalidInstances, ModelCorrupt
from shared.settings import Settings
from shared.threads import Pool, Threads
from tests.clock import Clock
from tests.loop import run
from tests.models import BANDS, SIGNS, Doubling, Failing, Sign, SlowToPredict, dump, instances, manifest, model
from tests.recording import invocation


def test_a_regressor_s_numbers_come_with_their_warnings() -> None:
    described = manifest()
    result = model(described).predict(instances(described, 0.5, 3.0))
    assert result.predictions == [1.0, 6.0]
    assert [warning.instances for warning in result.warnings] == [[1]]
    assert result.probabilities is None


def test_a_regressor_fitted_on_a_column_of_targets_predicts_plain_numbers() -> None:
    class Column(Doubling):
        def predict(self, rows: Any) -> Any:
            return super().predict(rows).reshape(-1, 1)

    described = manifest()
    assert model(described, Column()).predict(instances(described, 0.5)).predictions == [1.0]


@pytest.mark.parametrize(
    ("value", "label"), [(-1.0, "low"), (-0.01, "low"), (0.0, "mid"), (0.99, "mid"), (1.0, "high"), (9.0, "high")]
)
def test_a_value_equal_to_an_edge_is_in_the_class_above(value: float, label: str) -> None:
    assert model(manifest(output=BANDS)).classify([value]) == [label]


def test_a_classifier_predicts_labels_and_on_request_probabilities() -> None:
    described = manifest(kind="classifier", output=SIGNS)
    sign = model(described, Sign())
    assert sign.predict(instances(described, -0.5)).probabilities is None
    result = sign.predict(instances(described, -0.5, 0.5), probabilities=True)
    assert result.predictions == ["low", "high"]
    assert result.probabilities == [{"low": 0.9, "high": 0.1}, {"low": 0.2, "high": 0.8}]


def test_a_classifier_without_probabilities_returns_none() -> None:
    output = msgspec.structs.replace(SIGNS, probabilities=False)
    described = manifest(kind="classifier", output=output)
    assert model(described, Sign()).predict(instances(described, 0.5), probabilities=True).probabilities is None


def test_a_prediction_that_is_not_finite_is_refused_and_its_instance_named() -> None:
    described = manifest([Number(name="x", range=(0.0, 1.7e308))])
    with pytest.raises(InvalidInstances) as caught:
        model(described).predict(instances(described, 1.0, 1.7e308))
    assert [bad.pointer for bad in caught.value.bad_fields] == ["/instances/1"]


def test_a_probability_that_is_not_a_number_is_refused_and_its_instance_named() -> None:
    class Overflowing(Sign):
        def predict_proba(self, rows: Any) -> Any:
            return np.where(rows[:, :1] > 1, np.nan, super().predict_proba(rows))

    described = manifest(kind="classifier", output=SIGNS)
    with pytest.raises(InvalidInstances) as caught:
        model(described, Overflowing()).predict(instances(described, 0.5, 2.0), probabilities=True)
    assert [bad.pointer for bad in caught.value.bad_fields] == ["/instances/1"]


def test_a_regressor_s_predictions_are_summarized() -> None:
    described = manifest()
    assert model(described).predict(instances(described, 1.0, 2.0, 6.0)).summary == (2.0, 6.0, 12.0)
    assert model(described).predict(instances(described, 3.0)).summary == (6.0, 6.0, 6.0)


@pytest.mark.parametrize("value", [1.1e300, -1.7e308])
def test_a_number_so_large_that_steps_overflow_is_refused_and_named(value: float) -> None:
    described = manifest()
    with pytest.raises(InvalidInstances) as caught:
        model(described).predict(instances(described, 1e300, value))
    assert [bad.pointer for bad in caught.value.bad_fields] == ["/instances/1/x"]


def test_numbers_of_the_training_data_are_never_too_large() -> None:
    described = manifest([Number(name="x", range=(0.0, 8e307))])
    assert model(described).predict(instances(described, 8e307)).predictions == [1.6e308]


def test_large_predictions_whose_sum_overflows_are_fine() -> None:
    described = manifest([Number(name="x", range=(0.0, 8e307))])
    assert model(described).predict(instances(described, 8e307, 8e307)).predictions == [1.6e308, 1.6e308]


@pytest.mark.parametrize(("label", "text"), [("a", "a"), (1, "1"), (0.5, "0.5"), (True, "true")])
def test_a_label_as_a_member_s_name(label: Any, text: str) -> None:
    assert label_text(label) == text


class Gate:
    """A load that waits until the test opens the gate. `calls` counts the loads."""

    def __init__(self) -> None:
        self.calls = 0
        self.opened = threading.Event()

    def __call__(self) -> Model:
        self.calls += 1
        assert self.opened.wait(30)
        return model()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_32_first_calls_at_once_make_one_load(threads: Threads, gate: Gate) -> None:
    async def all_at_once() -> list[Model]:
        lazy = LazyModel(gate, threads.general)
        requests = [asyncio.create_task(lazy.get()) for _ in range(32)]
        await asyncio.sleep(0)
        gate.opened.set()
        return await asyncio.gather(*requests)

    models = run(all_at_once())
    assert gate.calls == 1
    assert len({id(each) for each in models}) == 1


def test_the_event_loop_runs_while_the_model_loads(threads: Threads, gate: Gate) -> None:
    async def count_turns() -> int:
        loading = asyncio.create_task(LazyModel(gate, threads.general).get())
        turns = 0
        while not loading.done():
            await asyncio.sleep(0)
            turns += 1
            if turns == 100:
                gate.opened.set()
        return turns

    assert run(count_turns()) >= 100


def test_a_caller_who_leaves_does_not_cancel_the_load(threads: Threads, gate: Gate) -> None:
    async def leave_and_return() -> Model:
        lazy = LazyModel(gate, threads.general)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lazy.get(), 0.05)
        gate.opened.set()
        return await lazy.get()

    assert run(leave_and_return())
    assert gate.calls == 1


def test_a_preload_is_the_load_that_the_first_request_waits_for(threads: Threads, gate: Gate) -> None:
    lazy = LazyModel(gate, threads.general)
    lazy.preload()
    assert lazy.loaded is None
    gate.opened.set()
    assert run(lazy.get()) is lazy.loaded
    assert gate.calls == 1


def test_only_a_request_that_waited_for_the_model_has_a_load_step(threads: Threads) -> None:
    lazy = LazyModel(model, threads.general)

    async def get() -> list[str]:
        with invocation() as (event, _):
            await lazy.get()
        return list(event.steps)

    assert run(get()) == ["load"]
    assert run(get()) == []


def test_a_failed_preload_is_logged_and_raised_for_requests(threads: Threads, log: list[logging.LogRecord]) -> None:
    def fail() -> Model:
        raise ModelCorrupt(reason="broken")

    lazy = LazyModel(fail, threads.general)
    assert isinstance(lazy.preload().exception(), ModelCorrupt)
    assert [record.getMessage() for record in log] == ["model cannot be served: broken"]
    with pytest.raises(ModelCorrupt):
        run(lazy.get())


def test_a_failed_load_is_raised_for_all_and_tried_again_later(threads: Threads) -> None:
    calls: list[float] = []
    clock = Clock()

    def load() -> Model:
        calls.append(0.0)
        if len(calls) == 1:
            raise ModelCorrupt(reason="broken")
        return model()

    async def story() -> Model:
        lazy = LazyModel(load, threads.general, clock)
        results = await asyncio.gather(*(lazy.get() for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [ModelCorrupt] * 3
        with pytest.raises(ModelCorrupt):
            await lazy.get()
        assert len(calls) == 1
        clock.time += loader.RETRY_SECONDS
        return await lazy.get()

    assert run(story())
    assert len(calls) == 2


def test_any_other_error_in_a_load_is_tried_again_at_once(threads: Threads) -> None:
    calls: list[float] = []

    def fail() -> Model:
        calls.append(0.0)
        raise MemoryError

    async def story() -> None:
        lazy = LazyModel(fail, threads.general)
        for _ in range(2):
            with pytest.raises(MemoryError):
                await lazy.get()

    run(story())
    assert len(calls) == 2


def manifest_file(path: Path) -> ManifestFile:
    return ManifestFile(Settings.read({"MODEL_MANIFEST": str(path)}))


def test_the_loaded_model_is_frozen_for_garbage_collection(tmp_path: Path) -> None:
    before = gc.get_freeze_count()
    try:
        assert loader.load(manifest_file(dump(Doubling(), tmp_path)))
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_garbage_is_collected_again_after_a_failed_load(tmp_path: Path) -> None:
    file = manifest_file(dump(Doubling(), tmp_path))
    (tmp_path / "m.joblib").write_bytes(b"other bytes")
    with pytest.raises(ModelCorrupt):
        loader.load(file)
    assert gc.isenabled()


@pytest.mark.parametrize(("estimator", "slow"), [(Doubling(), False), (SlowToPredict(), True)])
def test_a_model_is_slow_when_one_row_would_block_the_event_loop(tmp_path: Path, estimator: Any, slow: bool) -> None:
    assert loader.load(manifest_file(dump(estimator, tmp_path))).slow is slow


def test_an_example_on_which_the_estimator_fails_does_not_stop_the_load(tmp_path: Path) -> None:
    failing = loader.load(manifest_file(dump(Failing(), tmp_path)))
    with pytest.raises(KeyError):
        failing.predict(instances(manifest(), 0.5))


def test_the_pool_is_the_caller_s(gate: Gate) -> None:
    pool = Pool("own", 1)
    names: list[str] = []

    def load() -> Model:
        names.append(threading.current_thread().name)
        return model()

    run(LazyModel(load, pool).get())
    pool.close()
    assert names[0].startswith("own")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps free memory")
def test_memory_that_is_free_after_a_load_is_returned_to_the_system() -> None:
    blocks = [bytes(2_000) for _ in range(20_000)]
    last = blocks[-1]  # glibc itself returns only what is free behind the last block
    del blocks
    before = psutil.Process().memory_info().rss
    memory.return_free()
    assert before - psutil.Process().memory_info().rss > 10_000_000
    assert len(last) == 2_000
