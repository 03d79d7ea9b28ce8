"""The exporter: what ingestion does not take is kept, and what it refuses is counted."""

import logging
import time
from pathlib import Path

import pytest

from shared.telemetry import exporter
from shared.telemetry.exporter import LEFT_OUT, Exporter
from tests.ingestion import Ingestion, healthy, partial, status

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own, of Python 3.13

ENVELOPES = [{"number": number} for number in range(4)]


def test_what_ingestion_takes_is_gone(ingestion: Ingestion, sending: Exporter) -> None:
    sending.send(ENVELOPES)
    assert ingestion.items == ENVELOPES
    assert sending.waiting is False


def test_what_it_does_not_take_is_kept_and_sent_again(ingestion: Ingestion, sending: Exporter) -> None:
    ingestion.behaviour = status(503)
    sending.send(ENVELOPES)
    assert sending.waiting is True
    assert "503" in sending.complaint
    ingestion.behaviour = healthy
    sending.resume()
    sending.resend()
    assert ingestion.items == ENVELOPES
    assert (sending.waiting, sending.complaint) == (False, "")


def test_after_a_failure_ingestion_is_left_alone(ingestion: Ingestion, sending: Exporter) -> None:
    ingestion.behaviour = status(429)
    for _ in range(3):
        sending.send(ENVELOPES)
        sending.resend()
    assert len(ingestion.posts) == 1


def test_of_a_partial_success_what_may_come_again_does(
    ingestion: Ingestion, sending: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = partial(500)
    sending.send(ENVELOPES)
    ingestion.behaviour = healthy
    sending.resume()
    sending.resend()
    assert [item["number"] for item in ingestion.items] == [0, 2, 1, 3]
    assert lost == []


def test_of_a_partial_success_what_was_refused_is_lost(
    ingestion: Ingestion, sending: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = partial(400)
    sending.send(ENVELOPES)
    assert lost == [("refused", 2)]
    assert sending.complaint == "400 no"


def test_a_broken_answer_to_a_batch_counts_as_a_refusal(
    ingestion: Ingestion, sending: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = lambda post: post.respond(206, errors="none of a list")
    sending.send(ENVELOPES)
    assert lost == [("refused", 4)]


def test_a_file_that_cannot_be_read_holds_nothing_up(ingestion: Ingestion, sending: Exporter, tmp_path: Path) -> None:
    (tmp_path / "kept" / "2999-01-01T000000.000000-00000000.blob").write_text("{")
    sending.resend()
    assert sending.waiting is False
    assert ingestion.posts == []


def test_what_is_kept_is_sent_oldest_first_and_not_all_at_once(ingestion: Ingestion, sending: Exporter) -> None:
    for each in ENVELOPES:
        sending.storage.put([each])
        time.sleep(0.002)
    sending.resend(3)
    assert ingestion.items == ENVELOPES[:3]


def test_a_complaint_does_not_quote_the_item() -> None:
    said = logging.LogRecord("x", logging.ERROR, "", 0, LEFT_OUT, (400, "too old", {"user": "abi"}), None)
    assert exporter.complaint(said) == "400 too old"


def test_a_complaint_is_short() -> None:
    said = logging.LogRecord("x", logging.ERROR, "", 0, "a long story " * 1_000, (), None)
    assert len(exporter.complaint(said)) == exporter.MOST_COMPLAINT
