"""Work in several threads at once, with the results in order. No more items are in memory than threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future


def in_order[Item, Result](
    items: Iterable[Item], work: Callable[[Item], Result], at_once: int
) -> Iterator[tuple[Item, Result]]:
    """Yield every item with its result. Raises the first error of an item, when its turn comes."""
    running: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        running.append((item, _start(work, item)))
        if len(running) == at_once:
            first, future = running.popleft()
            yield first, future.result()
    for item, future in running:
        yield item, future.result()


def _start[Item, Result](work: Callable[[Item], Result], item: Item) -> Future[Result]:
    """Start work in a thread of its own. A daemon: Ctrl-C must not wait for a response."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(item))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="score", daemon=True).start()
    return future
