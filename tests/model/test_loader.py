"""The lazily loaded model: one load for all, and what it answers."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from shared import model, telemetry
from shared.fitted import Fitted
from shared.manifest import Number
from shared.model import LazyModel, Model
from shared.problems import InvalidInstances, ModelCorrupt
from shared.schemas import contract
from tests.models import BANDS, SIGNS, Doubling, Sign, manifest


def instances(of: Any, *values: float) -> Any:
    return contract(of).decode(msgspec.json.encode({"instances": [{"x": value} for value in values]}))


def test_a_regressor_s_numbers_come_with_their_warnings() -> None:
    of = manifest()
    scores = Model(of, Fitted(of, Doubling())).score(instances(of, 0.5, 3.0))
    assert scores.predictions == [1.0, 6.0]
    assert [warning.instances for warning in scores.outside] == [[1]]
    assert scores.probabilities is None


def test_a_regressor_fitted_on_a_column_of_targets_answers_plain_numbers() -> None:
    class Column(Doubling):
        def predict(self, rows: Any) -> Any:
            return super().predict(rows).reshape(-1, 1)

    of = manifest()
    assert Model(of, Fitted(of, Column())).score(instances(of, 0.5)).predictions == [1.0]


@pytest.mark.parametrize(
    ("value", "label"), [(-1.0, "low"), (-0.01, "low"), (0.0, "mid"), (0.99, "mid"), (1.0, "high"), (9.0, "high")]
)
def test_a_value_equal_to_an_edge_is_in_the_class_above(value: float, label: str) -> None:
    assert Model(manifest(output=BANDS), Fitted(manifest(), Doubling())).classify([value]) == [label]


def test_a_classifier_answers_labels_and_where_asked_probabilities() -> None:
    of = manifest(kind="classifier", output=SIGNS)
    sign = Model(of, Fitted(of, Sign()))
    assert sign.score(instances(of, -0.5)).probabilities is None
    scores = sign.score(instances(of, -0.5, 0.5), probabilities=True)
    assert scores.predictions == ["low", "high"]
    assert scores.probabilities == [{"low": 0.9, "high": 0.1}, {"low": 0.2, "high": 0.8}]


def test_a_classifier_without_probabilities_is_not_asked_for_them() -> None:
    output = msgspec.structs.replace(SIGNS, probabilities=False)
    of = manifest(kind="classifier", output=output)
    assert Model(of, Fitted(of, Sign())).score(instances(of, 0.5), probabilities=True).probabilities is None


def test_an_answer_that_is_no_finite_number_is_refused_and_the_instance_named() -> None:
    of = manifest([Number(name="x", range=(0.0, 1.7e308))])
    with pytest.raises(InvalidInstances) as caught:
        Model(of, Fitted(of, Doubling())).score(instances(of, 1.0, 1.7e308))
    assert [field.pointer for field in caught.value.fields] == ["/instances/1"]


def test_a_probability_that_is_no_number_is_refused_and_the_instance_named() -> None:
    class Overflowing(Sign):
        def predict_proba(self, rows: Any) -> Any:
            return np.where(rows[:, :1] > 1, np.nan, super().predict_proba(rows))

    of = manifest(kind="classifier", output=SIGNS)
    with pytest.raises(InvalidInstances) as caught:
        Model(of, Fitted(of, Overflowing())).score(instances(of, 0.5, 2.0), probabilities=True)
    assert [field.pointer for field in caught.value.fields] == ["/instances/1"]


def test_the_spread_of_a_regressor_s_answers_is_told() -> None:
    of = manifest()
    served = Model(of, Fitted(of, Doubling()))
    assert served.score(instances(of, 1.0, 2.0, 6.0)).spread == (2.0, 6.0, 12.0)
    assert served.score(instances(of, 3.0)).spread == (6.0, 6.0, 6.0)


@pytest.mark.parametrize("farther", [1.1e300, -1.7e308])
def test_a_number_so_large_that_steps_overflow_unseen_is_refused_and_named(farther: float) -> None:
    of = manifest()
    with pytest.raises(InvalidInstances) as caught:
        Model(of, Fitted(of, Doubling())).score(instances(of, 1e300, farther))
    assert [field.pointer for field in caught.value.fields] == ["/instances/1/x"]


def test_numbers_are_never_too_large_where_the_training_had_them() -> None:
    of = manifest([Number(name="x", range=(0.0, 8e307))])
    assert Model(of, Fitted(of, Doubling())).score(instances(of, 8e307)).predictions == [1.6e308]


def test_large_answers_whose_sum_overflows_are_fine() -> None:
    of = manifest([Number(name="x", range=(0.0, 8e307))])
    assert Model(of, Fitted(of, Doubling())).score(instances(of, 8e307, 8e307)).predictions == [1.6e308, 1.6e308]


@pytest.mark.parametrize(("label", "text"), [("a", "a"), (1, "1"), (0.5, "0.5"), (True, "true")])
def test_a_label_as_a_member_s_name(label: Any, text: str) -> None:
    assert model.label_text(label) == text


def slow(calls: list[float], seconds: float = 0.2) -> Callable[[], Model]:
    def load() -> Model:
        calls.append(time.monotonic())
        time.sleep(seconds)
        return Model(manifest(), Fitted(manifest(), Doubling()))

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


def test_a_preload_is_the_load_that_the_first_request_awaits() -> None:
    calls: list[float] = []
    lazy = LazyModel(slow(calls))
    lazy.preload()
    assert lazy.loaded is None
    assert asyncio.run(lazy.get()) is lazy.loaded
    assert len(calls) == 1


def test_a_request_says_how_long_it_waited_for_the_model_and_only_if_it_did() -> None:
    context: Any = SimpleNamespace(invocation_id="i", trace_context=SimpleNamespace(trace_parent=""))
    lazy = LazyModel(slow([]))

    async def asked() -> telemetry.Invocation:
        with telemetry.invocation(context, "predict") as event:
            await lazy.get()
        return event

    waited, at_once = asyncio.run(asked()), asyncio.run(asked())
    assert waited.steps["load"] >= 100
    assert "load" not in at_once.steps


def test_a_failed_preload_is_logged_and_told_to_who_asks(logged: list[logging.LogRecord]) -> None:
    def failing() -> Model:
        raise ModelCorrupt(reason="broken")

    lazy = LazyModel(failing)
    assert isinstance(lazy.preload().exception(), ModelCorrupt)
    assert [record.getMessage() for record in logged] == ["the model cannot be served: broken"]
    with pytest.raises(ModelCorrupt):
        asyncio.run(lazy.get())


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Make `model.load` load what a function returns."""

    def prepared(answering: Callable[[], Any]) -> None:
        monkeypatch.setattr(model.manifest, "current", manifest)
        monkeypatch.setattr(model, "answering", lambda *_: answering())

    return prepared


def test_what_is_loaded_is_kept_from_garbage_collection(loading: Callable[..., None]) -> None:
    frozen = gc.get_freeze_count()
    seen: list[bool] = []

    def answering() -> Any:
        seen.append(gc.isenabled())
        return Fitted(manifest(), Doubling())

    loading(answering)
    model.load()
    assert seen == [False]
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen
    gc.unfreeze()


class Sleeping(Doubling):
    """An estimator that takes two milliseconds, as a forest does."""

    def predict(self, rows: Any) -> Any:
        time.sleep(0.002)
        return super().predict(rows)


@pytest.mark.parametrize(("estimator", "slow"), [(Doubling(), False), (Sleeping(), True)])
def test_whether_one_row_is_too_slow_for_the_event_loop_is_found_out_once(
    loading: Callable[..., None], monkeypatch: pytest.MonkeyPatch, estimator: Any, slow: bool
) -> None:
    monkeypatch.setattr(model, "INLINE_SECONDS", 0.002)
    loading(lambda: Fitted(manifest(), estimator))
    assert model.load().slow is slow


def test_an_estimator_that_fails_at_its_own_example_is_loaded_and_fails_where_it_is_asked(
    loading: Callable[..., None],
) -> None:
    class Failing(Doubling):
        def predict(self, rows: Any) -> Any:
            raise KeyError("x")

    loading(lambda: Fitted(manifest(), Failing()))
    served = model.load()
    with pytest.raises(KeyError):
        served.score(instances(manifest(), 0.5))


def test_garbage_is_collected_again_after_a_failed_load(loading: Callable[..., None]) -> None:
    def failing() -> Any:
        raise ModelCorrupt(reason="broken")

    loading(failing)
    with pytest.raises(ModelCorrupt):
        model.load()
    assert gc.isenabled()


def test_a_failed_load_is_told_to_all_remembered_and_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def failing() -> Model:
        calls.append(0.0)
        if len(calls) == 1:
            raise ModelCorrupt(reason="broken")
        return Model(manifest(), Fitted(manifest(), Doubling()))

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
