"""A circuit breaker: after repeated failures nobody waits for a store that is down.

Closed, every call goes through. After `MAX_FAILURES` in a row it opens: calls are refused at once. After
`PAUSE_SECONDS` one probe goes through; its success closes the breaker, its failure starts another pause.
Maintained libraries were tried: pybreaker holds a lock during the call, so calls wait for each other; purgatory and
circuitbreaker let all calls through at the same time after the pause. On one event loop this needs no lock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.cooldown import Cooldown
from shared.features.source import EntitiesRefused
from shared.problems import FeaturesUnavailable

MAX_FAILURES = 5
PAUSE_SECONDS = 5.0


class Breaker:
    """The breaker of one store, for one event loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._failures = 0
        self._pause = Cooldown(PAUSE_SECONDS, now)
        self._probing = False

    @property
    def is_open(self) -> bool:
        """True when calls are refused, apart from the probe."""
        return self._failures >= MAX_FAILURES

    @contextmanager
    def call(self) -> Iterator[None]:
        """Guard one call to the store. Raises FeaturesUnavailable when the breaker is open; no other problem counts."""
        probe = self._admit()
        try:
            yield
        except FeaturesUnavailable:
            self._failures += 1
            self._pause.start()
            raise
        except EntitiesRefused:
            self._failures = 0  # the store has answered for other entities
            raise
        except BaseException:
            raise  # the caller left, or the store returned garbage: it is not down
        else:
            self._failures = 0
        finally:
            if probe:
                self._probing = False

    def _admit(self) -> bool:
        """Return True when this call is the probe. Raises FeaturesUnavailable when it may not go through."""
        if not self.is_open:
            return False
        if self._probing or self._pause.active:
            raise FeaturesUnavailable(retry_after=max(1, round(self._pause.remaining)), reason="the breaker is open")
        self._probing = True
        return True
