"""The exporter: batches that ingestion does not accept are stored, refused ones are counted."""

import logging
import time
from pathlib import Path

import pytest

from shared.telemetry.exporter import MAX_COMPLAINT, PARTIAL_SUCCESS, Exporter, complaint
from shared.validators import Ingestion as Destination
from tests.ingestion import Ingestion, healthy, partial, status

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own, of Python 3.13

ENVELOPES = [{"number": number} for number in range(4)]


def test_accepted_items_are_not_stored(ingestion: Ingestion, exporter: Exporter) -> None:
    exporter.send(ENVELOPES)
    assert ingestion.items == ENVELOPES
    assert exporter.waiting is False


def test_a_failed_batch_is_stored_and_sent_again(ingestion: Ingestion, exporter: Exporter) -> None:
    ingestion.behaviour = status(503)
    exporter.send(ENVELOPES)
    assert exporter.waiting is True
    assert "503" in exporter.complaint
    ingestion.behaviour = healthy
    exporter.resume()
    exporter.resend()
    assert ingestion.items == ENVELOPES
    assert (exporter.waiting, exporter.complaint) == (False, "")


def test_after_a_failure_there_is_a_pause(ingestion: Ingestion, exporter: Exporter) -> None:
    ingestion.behaviour = status(429)
    for _ in range(3):
        exporter.send(ENVELOPES)
        exporter.resend()
    assert len(ingestion.posts) == 1


def test_of_a_partial_success_retryable_items_are_sent_again(
    ingestion: Ingestion, exporter: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = partial(500)
    exporter.send(ENVELOPES)
    ingestion.behaviour = healthy
    exporter.resume()
    exporter.resend()
    assert [item["number"] for item in ingestion.items] == [0, 2, 1, 3]
    assert lost == []


def test_of_a_partial_success_refused_items_are_lost(
    ingestion: Ingestion, exporter: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = partial(400)
    exporter.send(ENVELOPES)
    assert lost == [("refused", 2)]
    assert exporter.complaint == "400 no"


def test_a_broken_response_to_a_batch_counts_as_a_refusal(
    ingestion: Ingestion, exporter: Exporter, lost: list[tuple[str, int]]
) -> None:
    ingestion.behaviour = lambda post: post.respond(206, errors="none of a list")
    exporter.send(ENVELOPES)
    assert lost == [("refused", 4)]


def test_an_unreadable_file_blocks_nothing(ingestion: Ingestion, exporter: Exporter, tmp_path: Path) -> None:
    (tmp_path / "kept" / "2999-01-01T000000.000000-00000000.blob").write_text("{")
    exporter.resend()
    assert exporter.waiting is False
    assert ingestion.posts == []


def test_stored_batches_are_sent_oldest_first_and_not_all_at_once(ingestion: Ingestion, exporter: Exporter) -> None:
    for envelope in ENVELOPES:
        exporter.storage.put([envelope])
        time.sleep(0.002)
    exporter.resend(3)
    assert ingestion.items == ENVELOPES[:3]


def test_a_complaint_does_not_quote_the_item() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, PARTIAL_SUCCESS, (400, "too old", {"user": "abi"}), None)
    assert complaint(record) == "400 too old"


def test_a_complaint_is_short() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "a long story " * 1_000, (), None)
    assert len(complaint(record)) == MAX_COMPLAINT


def test_a_batch_beyond_the_disk_s_limit_is_counted(ingestion: Ingestion, tmp_path: Path) -> None:
    lost: list[tuple[str, int]] = []
    destination = Destination("", f"http://127.0.0.1:{ingestion.server_port}")
    options = {"timeout": 0.2, "pause": 60.0, "max_bytes": 1}
    exporter = Exporter(destination, tmp_path / "kept", lambda *loss: lost.append(loss), **options)  # type: ignore[arg-type]
    ingestion.behaviour = status(503)
    for _ in range(2):  # the first batch finds the disk empty
        exporter.send(ENVELOPES)
    exporter.close()
    assert lost == [("disk full", 4)]
