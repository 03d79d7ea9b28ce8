"""The checks and verdicts of `bench.soak`. No server."""

import json
import random

import pytest

from bench.soak import samples, traffic
from bench.soak.clients import MAX_FAILURES_SHOWN, Tally
from bench.soak.samples import MAX_SLOPE, Sample, Verdict, growth, slope, verdicts, warm
from bench.soak.traffic import Expected, Mix
from shared.model.manifest import Manifest, decode


def sample(seconds: float, rss_mb: float = 150.0, *, threads: int = 12, files: int = 30) -> Sample:
    return Sample(seconds, rss_mb, rss_mb + 5, 135.0, threads, files, 0.9, 1_500.0, 5.25, 31.5, 0)


def run(minutes: float = 15.0, an_hour: float = 0.0, start: float = 150.0) -> list[Sample]:
    """Return samples of every five seconds, with memory that grows by so many MB an hour."""
    return [sample(second, start + an_hour * second / 3_600) for second in range(5, int(minutes * 60) + 1, 5)]


def failed_checks(collected: list[Sample], failed: int = 0) -> list[str]:
    return [verdict.check for verdict in verdicts(collected, failed) if verdict.passed is False]


@pytest.fixture
def manifest(demo: bytes) -> Manifest:
    return decode(demo)


@pytest.fixture
def demo() -> bytes:
    """A regressor with classes, two features and three examples."""
    examples = [
        {"instance": {"a": 1.0, "b": i}, "prediction": value, "class": label}
        for i, (value, label) in enumerate([(10.5, "low"), (20.25, "low"), (99.75, "high")])
    ]
    return json.dumps(
        {
            "name": "demo",
            "version": "1",
            "kind": "regressor",
            "features": [{"kind": "number", "name": name, "range": [0, 9]} for name in "ab"],
            "output": {"name": "y", "classes": ["low", "high"], "edges": [50]},
            "artifact": {"file": "demo.joblib", "sha256": "", "estimator": "", "scikit_learn": "1.9.1"},
            "training": {"data": "", "rows": 3},
            "examples": examples,
        }
    ).encode()


def test_memory_that_grows_by_twelve_megabytes_an_hour_has_that_slope() -> None:
    assert slope(run(an_hour=12.0)) == pytest.approx(12.0)
    assert slope(run()[:1]) == 0.0


def test_growth_in_the_warm_up_a_third_of_the_run_does_not_count() -> None:
    collected = [sample(old.seconds, 100.0) if old.seconds < 290 else old for old in run()]
    assert len(warm(collected)) == len(collected) * 2 / 3
    assert slope(collected) > MAX_SLOPE
    assert failed_checks(collected) == []


def test_a_quiet_run_passes_every_check() -> None:
    assert [verdict.passed for verdict in verdicts(run(), 0)] == [True, True, True, True]


@pytest.mark.parametrize(("an_hour", "passed"), [(MAX_SLOPE - 1, True), (MAX_SLOPE + 1, False), (-50.0, True)])
def test_memory_may_grow_no_faster_than_the_limit(an_hour: float, passed: bool) -> None:
    assert verdicts(run(an_hour=an_hour), 0)[1].passed is passed


def test_a_step_of_one_megabyte_in_the_middle_is_not_yet_a_leak() -> None:
    assert failed_checks([sample(old.seconds, 151.0 if old.seconds > 600 else 150.0) for old in run()]) == []


def test_a_leak_of_the_smallest_object_per_request_fails_the_check() -> None:
    requests_per_second, leaked_bytes = 500, 16
    collected = run(an_hour=requests_per_second * leaked_bytes * 3_600 / 2**20)
    assert failed_checks(collected) == [verdicts(run(), 0)[1].check]


def test_a_short_run_has_no_verdict_on_the_memory() -> None:
    assert verdicts(run(minutes=1, an_hour=500), 0)[1].passed is None


def test_one_failed_request_fails_a_check() -> None:
    assert failed_checks(run(), failed=1) == ["no failed request"]


def test_a_thread_or_files_that_stay_fail_a_check() -> None:
    assert failed_checks([sample(old.seconds, threads=12 + (old.seconds > 600)) for old in run()]) == [
        "no more threads"
    ]
    assert failed_checks([sample(old.seconds, files=30 + int(old.seconds / 100)) for old in run()]) == [
        "no more open files"
    ]


def test_a_file_that_is_open_for_a_short_time_is_no_growth() -> None:
    assert growth([30, 31, 30, 30, 30, 30, 30, 31, 30, 30, 30, 31]) == 0
    assert growth([30, 32]) == 2


def test_a_verdict_has_the_result() -> None:
    assert verdicts(run(an_hour=2), 0)[1] == Verdict("memory flat: at most +10 MB/h", "+2.0 MB/h over 9.9 min", True)


def test_a_line_on_the_console_fits_under_its_head() -> None:
    assert len(samples.line(sample(5))) == len(samples.HEAD)


def test_the_mix_has_requests_of_all_kinds_and_mostly_for_one_row(manifest: Manifest, demo: bytes) -> None:
    mix, dice = Mix.of(manifest, demo), random.Random(1)  # noqa: S311
    drawn = [mix.draw(dice) for _ in range(10_000)]
    assert {expected.name for expected in drawn} == {expected.name for expected in mix.requests}
    assert {expected.status for expected in drawn} == {200, 400, 401, 422}
    assert {len(json.loads(expected.body)["instances"]) for expected in drawn if " rows" in expected.name} == set(
        traffic.SIZES
    )
    assert sum(expected.name.endswith("1 row") for expected in drawn) / len(drawn) > 0.7
    assert len(json.loads(mix.largest.body)["instances"]) == 10_000


def test_a_model_without_classes_gets_no_requests_for_them(demo: bytes) -> None:
    document = json.loads(demo)
    document["output"] = {"name": "y"}
    mix = Mix.of(decode(json.dumps(document).encode()), demo)
    assert {expected.path for expected in mix.requests} == {"/predict", "/model", "/health/ready", "/openapi.json"}


def test_a_request_has_a_token_and_the_length_of_its_body(manifest: Manifest) -> None:
    head, _, body = traffic.predict(manifest.examples[:1]).content("t0ken").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t0ken\r\n")
    assert head.endswith(b"Content-Length: %d" % len(body))
    assert json.loads(body) == {"instances": [{"a": 1.0, "b": 0}]}


def test_a_request_without_a_body_ends_after_its_head() -> None:
    expected = Expected("live", "GET", "/health/live", 200, bool)
    assert expected.content("t0ken") == b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "failure"),
    [
        ({"predictions": [10.5, 20.25, 99.75]}, ""),
        ({"predictions": [10.5 * (1 + 1e-12), 20.25, 99.75], "warnings": []}, ""),
        ({"predictions": [10.5, 20.25, 99.76]}, "wrong response"),
        ({"predictions": [20.25, 10.5, 99.75]}, "wrong response"),
        ({"predictions": [10.5, 20.25]}, "wrong response"),
        ({"predictions": [10.5, 20.25, "99.75"]}, "wrong response"),
        ({"values": []}, "unreadable response"),
    ],
)
def test_every_value_of_a_response_is_checked(manifest: Manifest, response: object, failure: str) -> None:
    reported = traffic.predict(manifest.examples).failure(200, json.dumps(response).encode())
    assert reported.startswith(failure)
    assert bool(reported) is bool(failure)


def test_a_class_is_checked_with_its_value(manifest: Manifest) -> None:
    expected = traffic.predict_class(manifest, manifest.examples[:1])
    assert expected.failure(200, b'{"predictions":["low"],"values":[10.5]}') == ""
    assert expected.failure(200, b'{"predictions":["high"],"values":[10.5]}') != ""
    assert expected.failure(200, b'{"predictions":["low"],"values":[11.5]}') != ""


def test_another_status_is_reported_with_the_body(manifest: Manifest) -> None:
    assert traffic.predict(manifest.examples).failure(500, b"oh") == "status 500 instead of 200: b'oh'"


def test_only_the_first_few_failures_are_shown() -> None:
    tally = Tally()
    for number in range(100):
        tally.fail("predict", f"{number}")
    assert tally.failed == tally.requests.total() == 100
    assert tally.first_failures == [f"predict: {number}" for number in range(MAX_FAILURES_SHOWN)]


def test_the_requests_of_an_interval_are_returned_once() -> None:
    tally = Tally()
    tally.succeed("predict, 1 row", 0.002)
    tally.succeed("model", 0.001)
    assert tally.end_interval() == (2, [0.002])
    assert tally.end_interval() == (0, [])
