"""The error tree: each problem has its own status and slug, and the drawing shows all of them."""

import re
from collections.abc import Iterator

import pytest

from shared import problems
from shared.problems import (
    BadField,
    InvalidInstances,
    InvalidToken,
    Problem,
    Reason,
    Unauthorized,
    Unavailable,
    pointer,
)


def tree(root: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("kind", list(tree()), ids=lambda kind: kind.__name__)
def test_every_problem_is_in_the_drawing_once_with_its_status_and_slug(kind: type[Problem]) -> None:
    drawing = problems.__doc__ or ""
    assert len(re.findall(rf"\b{kind.__name__} +{kind.status}  {kind.slug}\b", drawing)) == 1


def test_no_two_problems_have_the_same_slug() -> None:
    slugs = [kind.slug for kind in tree()]
    assert sorted(set(slugs)) == sorted(slugs)


def test_a_problem_without_detail_has_its_title() -> None:
    assert InvalidInstances().detail == "The instances do not fit the model"


def test_at_most_twenty_bad_fields_are_listed() -> None:
    problem = InvalidInstances(bad_fields=[BadField(f"/instances/{i}", "is bad", Reason.REFUSED) for i in range(30)])
    assert len(problem.bad_fields) == 20


def test_missing_credentials_get_a_challenge_without_an_error_code() -> None:
    assert Unauthorized().headers == {"WWW-Authenticate": 'Bearer realm="egl-ml"'}


def test_a_bad_token_gets_the_error_code_of_rfc_6750() -> None:
    assert InvalidToken().headers == {"WWW-Authenticate": 'Bearer realm="egl-ml", error="invalid_token"'}


def test_unavailable_has_retry_after() -> None:
    assert Unavailable(retry_after=7).headers == {"Retry-After": "7"}


def test_the_reason_is_no_part_of_the_detail() -> None:
    problem = Problem("for all", reason="for telemetry")
    assert (problem.detail, problem.reason) == ("for all", "for telemetry")
    assert "telemetry" not in str(problem)


def test_a_pointer_repeats_no_long_name() -> None:
    assert pointer("instances", 0, "~/" * 10_000) == "/instances/0/" + "~0~1" * 100 + "…"
