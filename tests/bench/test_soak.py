"""What `bench.soak` concludes from what it saw: slope, verdicts, checks of answers, file and chart. No server."""

import json
import random
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.chart import RIGHT, ticks
from bench.soak import samples, traffic
from bench.soak.clients import MOST_TOLD, Tally
from bench.soak.picture import picture
from bench.soak.samples import Sample
from bench.soak.traffic import Asked
from bench.soak.verdicts import MOST_SLOPE, Verdict, growth, slope, verdicts, warm
from shared.model.manifest import Manifest, decode

SVG = "{http://www.w3.org/2000/svg}"


def sample(seconds: float, rss_mb: float = 150.0, *, threads: int = 12, files: int = 30) -> Sample:
    return Sample(seconds, rss_mb, rss_mb + 5, 140.0, 135.0, threads, files, 0.9, 1_500.0, 5.25, 31.5, 0)


def run(minutes: float = 15.0, an_hour: float = 0.0, start: float = 150.0) -> list[Sample]:
    """Samples of every five seconds, with memory that grows by so many MB an hour."""
    return [sample(each, start + an_hour * each / 3_600) for each in range(5, int(minutes * 60) + 1, 5)]


def broken(found: list[Sample], failed: int = 0) -> list[str]:
    return [verdict.promise for verdict in verdicts(found, failed) if verdict.kept is False]


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
    features = [{"kind": "number", "name": name, "range": [0, 9]} for name in "ab"]
    return json.dumps(
        {
            "name": "demo",
            "version": "1",
            "kind": "regressor",
            "features": features,
            "output": {"name": "y", "classes": ["low", "high"], "edges": [50]},
            "artifact": {"file": "demo.joblib", "sha256": "", "estimator": "", "scikit_learn": "1.9.1"},
            "training": {"data": "", "rows": 3},
            "examples": examples,
        }
    ).encode()


def test_memory_that_grows_by_twelve_megabytes_an_hour_has_that_slope() -> None:
    assert slope(run(an_hour=12.0)) == pytest.approx(12.0)


def test_one_sample_has_no_slope() -> None:
    assert slope(run()[:1]) == 0.0


def test_what_grows_in_the_warm_up_does_not_count() -> None:
    found = [sample(each.seconds, 100.0) if each.seconds < 290 else each for each in run()]
    assert slope(found) > MOST_SLOPE
    assert broken(found) == []


def test_two_thirds_of_the_samples_count() -> None:
    assert len(warm(run(minutes=15))) == 120


def test_a_quiet_run_keeps_every_promise() -> None:
    assert [verdict.kept for verdict in verdicts(run(), 0)] == [True, True, True, True]


@pytest.mark.parametrize(("an_hour", "kept"), [(MOST_SLOPE - 1, True), (MOST_SLOPE + 1, False), (-50.0, True)])
def test_memory_may_grow_no_faster_than_the_limit(an_hour: float, kept: bool) -> None:
    assert verdicts(run(an_hour=an_hour), 0)[1].kept is kept


def test_a_step_of_one_megabyte_in_the_middle_is_not_yet_a_leak() -> None:
    assert broken([sample(each.seconds, 151.0) if each.seconds > 600 else each for each in run()]) == []


def test_a_leak_of_the_least_object_per_request_breaks_the_promise() -> None:
    rate, bytes_kept = 500, 16
    assert broken(run(an_hour=rate * bytes_kept * 3_600 / 2**20)) == [verdicts(run(), 0)[1].promise]


def test_a_short_run_cannot_tell_whether_memory_is_flat() -> None:
    assert verdicts(run(minutes=1, an_hour=500), 0)[1].kept is None


def test_one_failed_request_breaks_a_promise() -> None:
    assert broken(run(), failed=1) == ["no failed request"]


def test_a_thread_that_stays_breaks_a_promise() -> None:
    found = [sample(each.seconds, threads=12 + (each.seconds > 600)) for each in run()]
    assert broken(found) == ["no more threads"]


def test_descriptors_that_pile_up_break_a_promise() -> None:
    found = [sample(each.seconds, files=30 + int(each.seconds / 100)) for each in run()]
    assert broken(found) == ["no more open files"]


def test_a_descriptor_that_comes_and_goes_is_no_growth() -> None:
    assert growth([30, 31, 30, 30, 30, 30, 30, 31, 30, 30, 30, 31]) == 0


def test_counts_of_a_very_short_run_can_be_compared() -> None:
    assert growth([30, 32]) == 2


def test_a_verdict_tells_what_was_found() -> None:
    assert verdicts(run(an_hour=2), 0)[1] == Verdict("memory flat: at most +10 MB/h", "+2.0 MB/h over 9.9 min", True)


def test_samples_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "soak.csv"
    with samples.writing(path) as write:
        for each in run(minutes=1):
            write(each)
    assert [(each.threads, each.p50_ms) for each in samples.read(path)] == [(12, 5.25)] * 12
    assert samples.read(path)[0] == sample(5)


def test_a_run_that_is_broken_off_leaves_its_samples(tmp_path: Path) -> None:
    with samples.writing(tmp_path / "soak.csv") as write:
        write(sample(5))
        assert samples.read(tmp_path / "soak.csv") == [sample(5)]


def test_the_file_s_first_line_names_the_columns(tmp_path: Path) -> None:
    with samples.writing(tmp_path / "soak.csv"):
        pass
    assert (tmp_path / "soak.csv").read_text().strip() == ",".join(Sample._fields)


def test_a_line_on_the_console_stands_under_its_head() -> None:
    assert len(samples.line(sample(5))) == len(samples.HEAD)


def test_the_mix_asks_for_everything_that_is_promised(manifest: Manifest, demo: bytes) -> None:
    mix = traffic.mix(manifest, demo)
    chance = random.Random(1)  # noqa: S311
    drawn = [mix.draw(chance) for _ in range(10_000)]
    assert {asked.name for asked in drawn} == {asked.name for asked in mix.asked}
    assert {asked.status for asked in drawn} == {200, 400, 401, 422}
    assert {len(json.loads(asked.body)["instances"]) for asked in drawn if " rows" in asked.name} == set(traffic.SIZES)
    assert sum(asked.name.endswith("1 row") for asked in drawn) / len(drawn) > 0.7


def test_the_largest_request_is_a_batch_of_ten_thousand_rows(manifest: Manifest, demo: bytes) -> None:
    assert len(json.loads(traffic.mix(manifest, demo).largest.body)["instances"]) == 10_000


def test_a_model_without_classes_is_not_asked_for_any(demo: bytes) -> None:
    document = json.loads(demo)
    document["output"] = {"name": "y"}
    mix = traffic.mix(decode(json.dumps(document).encode()), demo)
    assert {asked.path for asked in mix.asked} == {"/predict", "/model", "/health/ready", "/openapi.json"}


def test_a_request_is_whole(manifest: Manifest) -> None:
    head, _, body = traffic.predict(manifest.examples[:1]).content("t0ken").partition(b"\r\n\r\n")
    assert head.startswith(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t0ken\r\n")
    assert head.endswith(b"Content-Length: %d" % len(body))
    assert json.loads(body) == {"instances": [{"a": 1.0, "b": 0}]}


def test_a_request_without_a_body_ends_after_its_head() -> None:
    asked = Asked("live", "GET", "/health/live", 200, bool)
    assert asked.content("t0ken") == b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"predictions": [10.5, 20.25, 99.75]}, ""),
        ({"predictions": [10.5 * (1 + 1e-12), 20.25, 99.75], "warnings": []}, ""),
        ({"predictions": [10.5, 20.25, 99.76]}, "a wrong answer"),
        ({"predictions": [20.25, 10.5, 99.75]}, "a wrong answer"),
        ({"predictions": [10.5, 20.25]}, "a wrong answer"),
        ({"predictions": [10.5, 20.25, "99.75"]}, "a wrong answer"),
        ({"values": []}, "an answer that cannot be read"),
    ],
)
def test_every_value_of_an_answer_is_checked(manifest: Manifest, answer: object, wrong: str) -> None:
    asked = traffic.predict(manifest.examples)
    assert asked.wrong(200, json.dumps(answer).encode()).startswith(wrong)
    assert bool(asked.wrong(200, json.dumps(answer).encode())) is bool(wrong)


def test_a_class_is_checked_with_its_value(manifest: Manifest) -> None:
    asked = traffic.predict_class(manifest, manifest.examples[:1])
    assert asked.wrong(200, b'{"predictions":["low"],"values":[10.5]}') == ""
    assert asked.wrong(200, b'{"predictions":["high"],"values":[10.5]}') != ""
    assert asked.wrong(200, b'{"predictions":["low"],"values":[11.5]}') != ""


def test_another_status_is_told_with_what_was_said(manifest: Manifest) -> None:
    asked = traffic.predict(manifest.examples)
    assert asked.wrong(500, b"oh") == "answered 500 in place of 200: b'oh'"


def test_only_the_first_few_failures_are_told() -> None:
    tally = Tally()
    for number in range(100):
        tally.fails("predict", f"{number}")
    assert tally.failed == tally.asked.total() == 100
    assert tally.first == [f"predict: {number}" for number in range(MOST_TOLD)]


def test_an_interval_s_requests_are_taken_once() -> None:
    tally = Tally()
    tally.answered("predict, 1 row", 0.002)
    tally.answered("model", 0.001)
    assert tally.taken() == (2, [0.002])
    assert tally.taken() == (0, [])


def test_the_chart_is_a_document_with_a_curve_for_each_figure() -> None:
    document = ET.fromstring(picture(run(), 16, 1_234_567, 0))  # noqa: S314
    assert document.findtext(f"{SVG}title") == (
        "The service under mixed traffic from 16 clients for 15 minutes: "
        "1,234,567 requests, none failed; each answer's status and values were checked"
    )
    assert len(document.findall(f"{SVG}polyline")) == 3


def test_nothing_in_the_chart_leaves_the_paper() -> None:
    document = ET.fromstring(picture(run(an_hour=400), 16, 1, 0))  # noqa: S314
    _, _, width, height = map(float, document.attrib["viewBox"].split())
    for curve in document.iter(f"{SVG}polyline"):
        places = [tuple(map(float, place.split(","))) for place in curve.attrib["points"].split()]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in places)


@pytest.mark.parametrize(("minutes", "last"), [(10, "10"), (9.9, "10"), (15, "14")])
def test_the_last_mark_of_the_time_axis_is_on_the_paper(minutes: float, last: str) -> None:
    document = ET.fromstring(picture(run(minutes), 16, 1, 0))  # noqa: S314
    axis = [text for text in document.iter(f"{SVG}text") if text.attrib["text-anchor"] == "middle"]
    assert axis[-2].text == last
    assert float(axis[-2].attrib["x"]) <= RIGHT


def test_the_chart_has_no_ground_and_no_black_or_white() -> None:
    colours = set(re.findall(r"#[0-9a-f]{6}", picture(run(), 16, 1, 0)))
    assert colours
    assert all(0x30 < sum(bytes.fromhex(colour[1:])) / 3 < 0xC0 for colour in colours)


@pytest.mark.parametrize(
    ("most", "marks"), [(0, [0]), (203.0, [0, 100, 200, 300]), (0.7, [0, 0.2, 0.4, 0.6, 0.8]), (15, [0, 5, 10, 15])]
)
def test_an_axis_has_round_numbers_and_reaches_the_greatest_value(most: float, marks: list[float]) -> None:
    assert ticks(most, 4) == pytest.approx(marks)
