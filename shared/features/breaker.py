"""A circuit breaker: after repeated failures nobody waits for a store that is down.

Closed, every call goes through. After `MOST_FAILURES` in a row it opens: calls are refused at once. After
`PAUSE_SECONDS` one probe is let through; its success closes the breaker, its failure opens it for another pause.
Kept libraries were looked at: pybreaker holds a lock during the call, so calls would wait for each other; purgatory
and circuitbreaker let everybody through at the same time once the pause is over. On one event loop this needs no lock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.problems import FeaturesUnavailable

MOST_FAILURES = 5
PAUSE_SECONDS = 5.0


class Breaker:
    """One store's breaker; used from one event loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._opens_again_at = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, the probe excepted."""
        return self._failures >= MOST_FAILURES

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call to the store. Raises FeaturesUnavailable when the breaker is open; only that problem counts."""
        probe = self._admit()
        try:
            yield
        except FeaturesUnavailable:
            self._failures += 1
            self._opens_again_at = self._now() + PAUSE_SECONDS
            raise
        except BaseException:
            raise  # the caller left, or the store answered nonsense: it is not down
        else:
            self._failures = 0
        finally:
            if probe:
                self._probing = False

    def _admit(self) -> bool:
        """Whether this call is the probe. Raises FeaturesUnavailable when it may not go through."""
        if not self.is_open:
            return False
        wait = self._opens_again_at - self._now()
        if self._probing or wait > 0:
            raise FeaturesUnavailable(retry_after=max(1, round(wait)), reason="the breaker is open")
        self._probing = True
        return True
