"""Work at once, results in order."""

import threading

import pytest

from tools.score.in_order import in_order


def test_results_are_in_the_order_of_the_items() -> None:
    later = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert later.wait(10)
        if item == 2:
            later.set()
        return item * 10

    assert list(in_order(range(5), work, 3)) == [(i, 10 * i) for i in range(5)]


def test_items_are_taken_only_when_there_is_a_thread_for_them() -> None:
    taken = []

    def items() -> "list[int]":
        for item in range(10):
            taken.append(item)
            yield item

    results = in_order(items(), str, 3)
    assert next(results) == (0, "0")
    assert taken == [0, 1, 2]
    next(results)
    assert taken == [0, 1, 2, 3]


def test_an_error_is_raised_when_its_turn_comes() -> None:
    results = in_order([2, 0, 1], lambda item: 1 / item, 3)
    assert next(results) == (2, 0.5)
    with pytest.raises(ZeroDivisionError):
        next(results)
