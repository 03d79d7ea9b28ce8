"""The columns that are sent, and messages for those that are missing or doubled."""

import pytest

from shared.model.manifest import Category, Number
from tests.tools.score.test_model import described
from tools.errors import ScoreError
from tools.score.columns import ENTITY, check_added, did_you_mean, quoted, select

MODEL = described(
    features=[
        Number(name="body mass", range=(0, 1)),
        Category(name="sex", values=("f", "m"), optional=True),
        Number(name="own", range=(0, 1), stored=False),
    ]
)


def test_columns_with_a_feature_s_name_are_sent_wherever_they_are() -> None:
    fields = select(MODEL, ["id", "own", "body mass"])
    assert [(each.position, each.feature.name) for each in fields] == [(2, "body mass"), (1, "own")]


def test_with_an_entity_only_features_that_no_store_has_must_be_there() -> None:
    fields = select(MODEL, ["patient", "own"], "patient")
    assert [(each.position, each.feature.name) for each in fields] == [(1, "own"), (0, "entity_id")]
    assert fields[-1].feature is ENTITY
    with pytest.raises(ScoreError, match='no column "own"'):
        select(MODEL, ["patient"], "patient")


def test_every_missing_column_is_named_with_the_most_similar_one() -> None:
    with pytest.raises(ScoreError) as refused:
        select(MODEL, ["Body_Mass", "zzz"])
    assert str(refused.value) == (
        'The input has no column "body mass" (did you mean "Body_Mass"?), "own". Its columns: "Body_Mass", "zzz".'
    )


@pytest.mark.parametrize("column", ["BMI", " bmi", "bmi ", "b-m-i", "bmii", "\ufeffbmi"])
def test_what_people_write_differently_is_recognised(column: str) -> None:
    assert did_you_mean("bmi", ["age", column]) == f' (did you mean "{column}"?)'


def test_an_entity_id_in_the_file_is_mentioned() -> None:
    with pytest.raises(ScoreError, match="If a feature store has the features: --entity entity_id"):
        select(MODEL, ["entity_id"])


def test_a_doubled_column_is_refused_only_if_it_is_sent() -> None:
    assert select(MODEL, ["a", "a", "own", "body mass"])
    with pytest.raises(ScoreError, match='"own" twice'):
        select(MODEL, ["own", "own", "body mass"])


def test_a_new_column_must_not_exist() -> None:
    check_added(["y", "y_warnings"], ["x"])
    with pytest.raises(ScoreError, match=r'a column "y_warnings" already: .* --name predicted_y'):
        check_added(["y", "y_warnings"], ["y_warnings"])


def test_long_lists_of_names_are_cut_off() -> None:
    assert quoted(map(str, range(23))).endswith('"19" and 3 more')
