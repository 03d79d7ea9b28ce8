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


def test_what_does_not_fit_is_counted() -> None:
    buffer = filled(0)
    buffer.most = 2
    for number in range(5):
        buffer.put(build, number)
    assert len(buffer) == 2
    assert buffer.losses() == {"buffer full": 3}


def test_losses_are_told_once() -> None:
    buffer = filled(0)
    buffer.lose("refused", 2)
    buffer.lose("refused", 3)
    assert buffer.losses() == {"refused": 5}
    assert buffer.losses() == {}


def test_many_threads_lose_nothing() -> None:
    buffer = filled(0)
    threads = [threading.Thread(target=lambda: [buffer.put(build, i) for i in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(buffer.take(10_000)) == 4_000


def test_several_who_take_share_the_items() -> None:
    buffer = filled(4_000)
    taken: list[int] = []
    threads = [threading.Thread(target=lambda: taken.extend(i for _, i in buffer.take(4_000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4_000))


def test_a_call_ends_the_wait_and_gets_its_answer() -> None:
    buffer = Buffer()
    answers = buffer.call(last=True)
    call = buffer.wait(5)
    assert call is not None
    assert call.last is True
    call.done.put(True)
    assert answers.get(timeout=1) is True


def test_without_a_call_the_wait_ends_by_itself() -> None:
    assert Buffer().wait(0.01) is None
