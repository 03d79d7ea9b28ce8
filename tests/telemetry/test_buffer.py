"""The buffer between requests and the telemetry thread."""

import threading
from typing import Any

from shared.telemetry.buffer import Buffer
from shared.telemetry.envelopes import Template


def build(_: Template, item: Any) -> dict[str, Any]:
    return {"item": item}


def filled(items: int) -> Buffer:
    buffer = Buffer()
    for number in range(items):
        buffer.put(build, number)
    return buffer


def test_items_come_out_in_order_and_in_batches() -> None:
    buffer = filled(5)
    assert [item for _, item in buffer.take(3)] == [0, 1, 2]
    assert [item for _, item in buffer.take(3)] == [3, 4]
    assert buffer.take(3) == []


def test_items_beyond_the_limit_are_counted() -> None:
    buffer = filled(0)
    buffer.max_items = 2
    for number in range(5):
        buffer.put(build, number)
    assert len(buffer) == 2
    assert buffer.take_losses() == {"buffer full": 3}


def test_losses_are_reported_once() -> None:
    buffer = filled(0)
    buffer.count_lost("refused", 2)
    buffer.count_lost("refused", 3)
    assert buffer.take_losses() == {"refused": 5}
    assert buffer.take_losses() == {}


def test_many_threads_lose_nothing() -> None:
    buffer = filled(0)
    threads = [threading.Thread(target=lambda: [buffer.put(build, i) for i in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(buffer.take(10_000)) == 4_000


def test_several_consumers_share_the_items() -> None:
    buffer = filled(4_000)
    taken: list[int] = []
    threads = [threading.Thread(target=lambda: taken.extend(i for _, i in buffer.take(4_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4_000))


def test_a_flush_request_ends_the_wait_and_receives_the_result() -> None:
    buffer = Buffer()
    results = buffer.request_flush(last=True)
    request = buffer.wait(5)
    assert request is not None
    assert request.last is True
    request.done.put(True)
    assert results.get(timeout=20) is True


def test_without_a_flush_request_the_wait_ends_by_itself() -> None:
    assert Buffer().wait(0.01) is None
