"""Bad rows are found in few requests."""

import msgspec
import pytest

from shared.model.schemas import build
from shared.problems import InvalidInstances
from tests.models import manifest
from tests.tools.score.test_model import described
from tools.errors import ScoreError
from tools.score.batches import Encoded
from tools.score.connection import Response
from tools.score.predict import Predictor, divide

SCHEMAS = build(manifest())
GOOD, BAD = b'{"x":1}', b'{"x":"a"}'


class Posts:
    """The service's own checks, without HTTP. Counts requests and rows."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def post(self, body: bytes) -> Response:
        """Return predictions, or the refusal."""
        self.rows.append(body.count(b'"x"'))
        try:
            rows = len(SCHEMAS.decode(body))
        except InvalidInstances as problem:
            errors = [field._asdict() for field in problem.bad_fields]
            return Response(422, {}, msgspec.json.encode({"detail": problem.detail, "errors": errors}))
        model = {"name": "test-model", "version": "1"}
        content = {"model": model, "predictions": [2.0] * rows, "warnings": []}
        return Response(200, {}, msgspec.json.encode(content))

    def predict(self, *instances: Encoded) -> list[bool]:
        """Return, for each instance, true if it has a prediction."""
        found = Predictor(self.post, described(), "predict").predict(instances)
        assert all(each in ((2.0, ""), "x: must be a number", "no") for each in found)
        return [not isinstance(each, str) for each in found]


def test_good_rows_are_one_request() -> None:
    posts = Posts()
    assert posts.predict(GOOD, GOOD) == [True, True]
    assert posts.rows == [2]


def test_named_rows_are_left_out_of_a_second_request() -> None:
    posts = Posts()
    assert posts.predict(GOOD, BAD, GOOD, BAD) == [True, False, True, False]
    assert posts.rows == [4, 2]


def test_rows_that_cannot_be_sent_are_not() -> None:
    posts = Posts()
    assert posts.predict("no", GOOD, "no") == [False, True, False]
    assert posts.rows == [1]
    assert posts.predict("no") == [False]
    assert posts.rows == [1]


def test_many_bad_rows_are_found_in_few_requests() -> None:
    posts = Posts()
    instances = [BAD if i % 3 else GOOD for i in range(3_000)]
    assert posts.predict(*instances) == [not i % 3 for i in range(3_000)]
    assert len(posts.rows) < 2 * 2_000 / 20 + 100
    assert sum(posts.rows) < 3_000 * 12


def test_a_row_that_is_refused_alone_has_the_problem_s_detail() -> None:
    body = msgspec.json.encode({"title": "Too large", "detail": "One request may hold 100 entities"})
    predictor = Predictor(lambda _: Response(413, {}, body), described(), "predict")
    assert predictor.predict([GOOD] * 3) == ["One request may hold 100 entities"] * 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 415, 500, 502])
def test_other_problems_are_no_fault_of_a_row(status: int) -> None:
    body = msgspec.json.encode({"title": "It failed", "detail": "for a reason", "request_id": "r1"})
    predictor = Predictor(lambda _: Response(status, {}, body), described(), "predict")
    with pytest.raises(ScoreError, match=rf"/predict returned {status} It failed: for a reason \(request r1\)"):
        predictor.predict([GOOD])


def test_a_part_is_halved_without_loss() -> None:
    assert divide([1, 2, 3], halve=True) == [[1], [2, 3]]
    assert divide([1, 2, 3], halve=False) == [[1, 2, 3]]
    assert divide([1], halve=True) == [[1]]
    assert divide([], halve=True) == []
