"""Results for the rows of a batch. A refused batch is divided until the bad rows are found."""

from collections.abc import Callable, Sequence
from typing import Any

from tools.errors import ScoreError
from tools.score import results
from tools.score.batches import Encoded, body
from tools.score.connection import Response
from tools.score.model import Endpoint, Model

MAX_LISTED = 20  # errors in one response of the service: a shorter list is complete

type Result = Sequence[Any] | str
"""The new cells of a row, or the reason why it is rejected."""
type Post = Callable[[bytes], Response]
"""Send the body of a request."""


class Predictor:
    """Predicts with one model at one endpoint. Several threads may use it."""

    def __init__(self, post: Post, model: Model, endpoint: Endpoint) -> None:
        self._post = post
        self._model = model
        self._endpoint = endpoint

    def predict(self, instances: Sequence[Encoded]) -> Sequence[Result]:
        """Return a result for every instance, in their order. Raises ScoreError when the service fails."""
        found: list[Result] = [instance if isinstance(instance, str) else () for instance in instances]
        sendable = [at for at, instance in enumerate(instances) if isinstance(instance, bytes)]
        parts: list[Sequence[int]] = [sendable] if sendable else []
        while parts:
            part = parts.pop()
            response = self._post(body(instances[at] for at in part))  # type: ignore[misc]  # they are bytes
            if response.status == 200:
                cells = results.read(response, self._model, self._endpoint, len(part))
                for at, row in zip(part, cells, strict=True):
                    found[at] = row
            else:
                named = self._refused(response, len(part))
                for at, reason in named.items():
                    found[part[at]] = reason
                complete = 0 < len(response.problem.errors) < MAX_LISTED
                parts += divide([at for i, at in enumerate(part) if i not in named], halve=not (named and complete))
        return found

    def _refused(self, response: Response, rows: int) -> dict[int, str]:
        """Return the reasons by row; none if they are unknown. Raises ScoreError if no row is the cause."""
        problem = response.problem
        is_refusal = response.status in (413, 422) or (response.status == 502 and problem.errors)
        if not is_refusal:
            raise ScoreError(f"/{self._endpoint} returned {response.describe()}")
        named = results.reasons(problem.errors, rows) if response.status != 413 else {}
        return named or ({0: problem.detail or problem.title or f"status {response.status}"} if rows == 1 else {})


def divide(part: Sequence[int], *, halve: bool) -> list[Sequence[int]]:
    """Return the part, or its halves; nothing for an empty part."""
    if not part:
        return []
    middle = len(part) // 2
    return [part[:middle], part[middle:]] if halve and middle else [part]
