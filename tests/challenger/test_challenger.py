"""A challenger beside the champion: its items in telemetry, whatever it does."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.challenger import Challenger
from shared.features import Features
from shared.features.source import EntitiesRefused
from shared.model import schemas
from shared.model.manifest import Manifest, Number
from shared.model.manifest_file import ManifestFile
from shared.problems import FeaturesUnavailable
from shared.settings import Settings
from shared.telemetry import Invocation, Span
from shared.threads import Threads
from tests.features.store import Store
from tests.models import BANDS, SIGNS, Doubling, Failing, Sign, TenMore, dump, manifest
from tests.recording import Recorder, context, recording

SECONDS = 30.0
X, NEW = Number(name="x", range=(0.0, 1.0)), Number(name="new", range=(0.0, 1.0))


class Opposite(Sign):
    """A classifier that is wrong about negative numbers."""

    def predict(self, rows: Any) -> Any:
        return np.where(rows[:, 0] < 0, "high", "high")


class Exiting(Doubling):
    """Ends the process when it is loaded, if it can."""

    def __init__(self) -> None:
        self.state = 1  # without a state nothing would be restored

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise SystemExit(3)


class Bench:
    """A challenger with a recorder of its items."""

    def __init__(self, folder: Path, features: Features | None = None, **values: str) -> None:
        self.threads = Threads()
        self.recorder = Recorder()
        environ = {"CHALLENGER_MANIFEST": str(folder / "m.json"), "CHALLENGER_SHARE": "1", **values}
        settings = Settings.read(environ)
        self.dice: list[float] = []
        choose = lambda: self.dice.pop(0) if self.dice else 0.5  # noqa: E731
        self.challenger = Challenger(settings, self.threads.challenger, self.recorder, features, choose)

    def answered(
        self, champion: Manifest, *instances: dict[str, Any], predictions: Sequence[Any], entities: bool = False
    ) -> Invocation:
        """Offer an answered request, as the predictor does."""
        body = json.dumps({"instances": instances}).encode()
        decoded = schemas.build(champion, entities=entities).decode(body)
        with recording() as (telemetry, _), telemetry.invocation(context(), "predict") as event:
            event.sink = self.recorder
            self.challenger.offer(champion, decoded, predictions)
        return event

    def settle(self) -> list[Span]:
        """Wait until all offered requests are scored. Returns their items."""
        done = threading.Event()
        while not self.threads.challenger.offer(done.set):
            time.sleep(0.001)
        assert done.wait(SECONDS)
        return self.recorder.spans

    def close(self) -> None:
        self.challenger.close()
        self.threads.close()


type Build = Callable[..., Bench]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Build a challenger of an estimator and members of its manifest."""
    built: list[Bench] = []

    def build(estimator: Any = None, store: Store | None = None, values: Any = None, **members: Any) -> Bench:
        dump(estimator or TenMore(), tmp_path, **{"version": "2", **members})
        features = Features("feast", lambda: store, 1.0) if store else None
        built.append(Bench(tmp_path, features, **(values or {})))
        return built[-1]

    yield build
    for bench in built:
        bench.close()


def test_a_challenger_that_predicts_ten_more_shows_ten(build: Build) -> None:
    bench = build()
    event = bench.answered(manifest(), {"x": 0.5}, {"x": 1}, predictions=[1.0, 2.0])
    (item,) = bench.settle()
    assert (item.name, item.type, item.target, item.success) == ("predict", "challenger", "test-model", True)
    assert item.invocation is event
    assert item.duration_ms > 0
    assert item.properties == {
        "champion_version": "1",
        "challenger_version": "2",
        "instances": 2,
        "compared": 2,
        "difference_mean": 10.0,
        "difference_abs_mean": 10.0,
        "difference_abs_max": 10.0,
        "champion_mean": 1.5,
        "challenger_mean": 11.5,
    }


def test_a_classifier_s_labels_are_compared(build: Build) -> None:
    bench = build(Opposite(), kind="classifier", output=SIGNS)
    champion = manifest(kind="classifier", output=SIGNS)
    bench.answered(champion, {"x": -1}, {"x": 1}, predictions=["low", "high"])
    (item,) = bench.settle()
    assert (item.properties["compared"], item.properties["agreed"]) == (2, 1)
    assert json.loads(str(item.properties["label_pairs"])) == [["low", "high", 1], ["high", "high", 1]]


def test_rows_that_the_challenger_cannot_score_are_left_out_of_the_comparison(build: Build) -> None:
    champion = manifest([Number(name="x", range=(0.0, 1.0), optional=True)])
    bench = build()
    bench.answered(champion, {}, {"x": 1}, predictions=[7.0, 2.0])
    bench.answered(champion, {}, predictions=[7.0])
    first, second = bench.settle()
    assert (first.properties["instances"], first.properties["compared"]) == (2, 1)
    assert first.properties["difference_mean"] == 10.0
    assert (second.properties["instances"], second.properties["compared"], second.success) == (1, 0, True)
    assert "difference_mean" not in second.properties


@pytest.mark.parametrize(("share", "dice", "scored"), [("0", [0.0] * 3, 0), ("0.5", [0.4, 0.5, 0.6], 1), ("1", [], 3)])
def test_the_share_of_the_requests_is_scored(build: Build, share: str, dice: list[float], scored: int) -> None:
    bench = build(values={"CHALLENGER_SHARE": share})
    bench.dice = dice
    for _ in range(3):
        bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    assert len(bench.settle()) == scored


def test_without_a_share_nothing_is_loaded_or_started(build: Build, log: list[logging.LogRecord]) -> None:
    bench = build(values={"CHALLENGER_SHARE": "0"})
    bench.challenger.start()
    bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    assert bench.threads.challenger._thread.ident is None
    assert log == []


def test_a_wrong_setting_is_logged(build: Build, log: list[logging.LogRecord]) -> None:
    bench = build(values={"CHALLENGER_SHARE": "2"})
    bench.challenger.start()
    assert [record.getMessage() for record in log] == [
        "app setting CHALLENGER_SHARE must be from 0 to 1: there is no challenger"
    ]


def break_pointer(folder: Path) -> None:
    (folder / "m.joblib").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def break_version(folder: Path) -> None:
    text = (folder / "m.json").read_text(encoding="utf-8")
    document = json.loads(text)
    document["artifact"]["scikit_learn"] = "0.24.2"
    (folder / "m.json").write_text(json.dumps(document), encoding="utf-8")


BREAKS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no manifest": (lambda folder: (folder / "m.json").unlink(), "model-missing", "the manifest cannot be read"),
    "no json": (lambda folder: (folder / "m.json").write_bytes(b"{"), "model-integrity", "the manifest is not valid"),
    "no file": (lambda folder: (folder / "m.joblib").unlink(), "model-missing", "the model file cannot be read"),
    "another file": (lambda folder: (folder / "m.joblib").write_bytes(b""), "model-integrity", "SHA-256"),
    "a pointer": (break_pointer, "model-missing", "git lfs pull"),
    "another scikit-learn": (break_version, "model-version", "trained with scikit-learn 0.24.2"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_challenger_that_cannot_be_loaded_is_logged_once_and_in_each_item(
    build: Build, tmp_path: Path, log: list[logging.LogRecord], name: str
) -> None:
    break_it, slug, reason = BREAKS[name]
    bench = build()
    break_it(tmp_path)
    bench.challenger.start()
    for _ in range(2):
        bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    items = bench.settle()
    assert [(item.success, item.properties["reason"], item.properties["compared"]) for item in items] == [
        (False, slug, 0)
    ] * 2
    loads = [record.getMessage() for record in log if "cannot be loaded" in record.getMessage()]
    assert len(loads) == 1
    assert reason in loads[0]


def test_a_challenger_that_exits_when_it_is_loaded_ends_nothing(build: Build, log: list[logging.LogRecord]) -> None:
    bench = build(Exiting())
    bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    (item,) = bench.settle()
    assert (item.success, item.properties["reason"]) == (False, "SystemExit")
    assert "challenger cannot be loaded: SystemExit: 3" in [record.getMessage() for record in log]


def test_a_challenger_that_fails_says_so_in_its_item_and_once_in_the_log(
    build: Build, log: list[logging.LogRecord]
) -> None:
    bench = build(Failing())
    for _ in range(3):
        bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    items = bench.settle()
    assert [(item.success, item.properties["reason"]) for item in items] == [(False, "KeyError")] * 3
    (failed,) = [record for record in log if record.levelno >= logging.WARNING]
    assert failed.getMessage() == "challenger failed: KeyError: 'x'"
    assert failed.exc_info
    assert failed.invocation is items[0].invocation  # type: ignore[attr-defined]


def test_values_that_only_the_challenger_refuses_are_a_failure_of_it(build: Build) -> None:
    class Refusing(Doubling):
        def predict(self, rows: Any) -> Any:
            raise ValueError("too large")

    bench = build()
    bench.challenger._contender.load()._runtime._estimator = Refusing()  # type: ignore[attr-defined]
    bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    (item,) = bench.settle()
    assert (item.success, item.properties["reason"]) == (False, "invalid-instances")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"kind": "classifier", "output": SIGNS}, "the challenger is a classifier, and the champion is a regressor"),
        ({"output": BANDS.__class__(name="z")}, "the challenger predicts z, and the champion y"),
    ],
)
def test_a_challenger_for_another_task_is_not_compared(
    build: Build, log: list[logging.LogRecord], members: Any, expected: str
) -> None:
    bench = build(Sign(), **members)
    bench.answered(manifest(), {"x": 1}, predictions=[2.0])
    (item,) = bench.settle()
    assert (item.success, item.properties["reason"]) == (False, "other-task")
    assert [record.getMessage() for record in log if record.levelno >= logging.WARNING] == [
        f"challenger failed: {expected}"
    ]


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(build: Build) -> None:
    bench = build()
    entered, opened = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        opened.wait(SECONDS)

    bench.threads.challenger.offer(hang)
    assert entered.wait(SECONDS)
    for _ in range(70):
        bench.answered(manifest(), {"x": 1}, {"x": 1}, predictions=[2.0, 2.0])
    (first,) = bench.recorder.events  # reported at once, although the challenger hangs
    assert (first.name, dict(first.measurements)) == ("challenger_dropped", {"requests": 1, "rows": 2})
    opened.set()
    assert len(bench.settle()) == 63
    bench.challenger.close()
    assert [dict(event.measurements) for event in bench.recorder.events[1:]] == [{"requests": 6, "rows": 12}]


def test_rows_are_bounded_and_wide_ones_count_more(build: Build) -> None:
    bench = build()
    opened = threading.Event()
    bench.threads.challenger.offer(lambda: opened.wait(SECONDS))
    wide = manifest([Number(name=f"x{i}", range=(0.0, 1.0)) for i in range(200)])
    instances: list[Any] = [None] * 10_000
    bench.challenger.offer(manifest(), instances, [])
    assert bench.recorder.events == []
    bench.challenger.offer(wide, instances, [])
    assert [dict(event.measurements) for event in bench.recorder.events] == [{"requests": 1, "rows": 10_000}]
    opened.set()


def test_a_feature_that_only_the_challenger_has_is_pulled_without_a_span(build: Build) -> None:
    store = Store({"p1": {"new": 1.0}})
    bench = build(Doubling(), store, features=[X, NEW])
    bench.answered(
        manifest(), {"x": 1, "entity_id": "p1"}, {"x": 1, "entity_id": "p9"}, predictions=[2.0, 2.0], entities=True
    )
    (item,) = bench.settle()
    assert (item.properties["instances"], item.properties["compared"]) == (2, 1)
    assert store.calls == [["p1", "p9"]]


def test_a_store_that_is_down_fails_the_challenger_alone(build: Build) -> None:
    store = Store({})
    store.error = FeaturesUnavailable(reason="down")
    bench = build(Doubling(), store, features=[X, NEW])
    bench.answered(manifest(), {"x": 1, "entity_id": "p1"}, predictions=[2.0], entities=True)
    (item,) = bench.settle()
    assert (item.success, item.properties["reason"]) == (False, "features-unavailable")


def test_entities_that_the_store_refuses_are_not_comparable_and_the_others_are(build: Build) -> None:
    class Picky(Store):
        def batches(self, entities: Any) -> Any:
            if "bad" in entities:
                raise EntitiesRefused(["bad"])
            return super().batches(entities)

    store = Picky({"p1": {"new": 1.0}})
    bench = build(Doubling(), store, features=[X, NEW])
    bench.answered(
        manifest(), {"x": 1, "entity_id": "bad"}, {"x": 1, "entity_id": "p1"}, predictions=[2.0, 2.0], entities=True
    )
    (item,) = bench.settle()
    assert (item.success, item.properties["compared"]) == (True, 1)


def test_its_manifest_is_not_the_champion_s(tmp_path: Path) -> None:
    settings = Settings.read({"MODEL_MANIFEST": "model/slr.json", "CHALLENGER_MANIFEST": str(tmp_path / "m.json")})
    assert ManifestFile(settings, settings.challenger_manifest).path == tmp_path / "m.json"
