"""Every bad field of a refused body is listed, whatever else is wrong with it."""

import pytest

from shared.model import validation
from shared.model.manifest import Boolean, Category, Feature, Number, Text
from shared.problems import InvalidInstances, MalformedJson, Reason, TooLarge, TooManyInstances

FEATURES: tuple[Feature, ...] = (
    Number(name="bmi", range=(-1.0, 1.0)),
    Number(name="a/b~c", range=(0.0, 1.0), optional=True),
    Category(name="sex", values=("f", "m")),
)
BOOLEANS: tuple[Feature, ...] = (Boolean(name="smokes"), Boolean(name="drinks", optional=True))


def bad_fields(body: str, max_instances: int = 100, features: tuple[Feature, ...] = FEATURES) -> dict[str, str]:
    with pytest.raises(InvalidInstances) as caught:
        validation.raise_invalid(body.encode(), features, max_instances)
    return {bad.pointer: bad.detail for bad in caught.value.bad_fields}


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ('"1"', "must be a number"),
        ("true", "must be a number"),
        ("[1]", "must be a number"),
        ("{}", "must be a number"),
        ("null", "must not be null"),
        ("1e999", "is too large for a number"),
        ("9" * 400, "is too large for a number"),
    ],
)
def test_a_value_that_is_no_number_is_listed(value: str, detail: str) -> None:
    assert bad_fields(f'{{"instances":[{{"bmi":{value},"sex":"f"}}]}}') == {"/instances/0/bmi": detail}


def test_a_value_that_is_no_boolean_is_listed() -> None:
    body = '{"instances":[{"smokes":2,"drinks":"no"},{"smokes":true,"drinks":null},{"smokes":0,"drinks":1},{}]}'
    assert bad_fields(body, features=BOOLEANS) == {
        "/instances/0/smokes": "must be true or false",
        "/instances/0/drinks": "must be true, false or null",
        "/instances/3/smokes": "is missing",
    }


def test_an_unknown_category_is_listed_with_the_known_ones() -> None:
    assert bad_fields('{"instances":[{"bmi":1,"sex":"x"}]}') == {"/instances/0/sex": 'must be one of "f", "m"'}


def test_an_open_category_is_listed_without_its_values() -> None:
    features = (Category(name="sex", values=("f", "m"), open=True),)
    body = '{"instances":[{"sex":1},{"sex":"new"},{"sex":"' + "x" * 1001 + '"}]}'
    detail = "must be a text of at most 1000 characters"
    assert bad_fields(body, features=features) == {"/instances/0/sex": detail, "/instances/2/sex": detail}


def test_a_text_that_is_too_long_is_listed_with_its_limit() -> None:
    features = (Text(name="note", max_length=5),)
    assert bad_fields('{"instances":[{"note":"longer"},{"note":"short"}]}', features=features) == {
        "/instances/0/note": "must be a text of at most 5 characters"
    }


def test_a_number_for_a_category_is_listed() -> None:
    assert list(bad_fields('{"instances":[{"bmi":1,"sex":1}]}')) == ["/instances/0/sex"]


def test_a_long_list_of_categories_is_cut() -> None:
    features = (Category(name="city", values=tuple(f"c{i}" for i in range(50))),)
    with pytest.raises(InvalidInstances) as caught:
        validation.raise_invalid(b'{"instances":[{"city":"?"}]}', features, 10)
    assert caught.value.bad_fields[0].detail.endswith('"c11" …')


def test_a_missing_feature_and_an_unknown_one_are_both_listed() -> None:
    body = '{"instances":[{"bmx":1,"sex":"f"}]}'
    assert bad_fields(body) == {
        "/instances/0/bmx": "is not a feature of this model",
        "/instances/0/bmi": "is missing",
    }


def test_bad_fields_of_all_instances_are_listed() -> None:
    body = '{"instances":[{"bmi":"a","sex":"f"},{"bmi":1,"sex":"f"},{"bmi":1,"sex":null}]}'
    assert list(bad_fields(body)) == ["/instances/0/bmi", "/instances/2/sex"]


def test_an_optional_feature_may_be_absent_or_null_but_not_a_text() -> None:
    body = '{"instances":[{"bmi":1,"sex":"f"},{"bmi":1,"sex":"f","a/b~c":null},{"bmi":1,"sex":"f","a/b~c":""}]}'
    assert bad_fields(body) == {"/instances/2/a~1b~0c": "must be a number or null"}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ("[]", "", 'must be an object like {"instances": [{…}]}'),
        ("1", "", 'must be an object like {"instances": [{…}]}'),
        ("{}", "/instances", "is missing"),
        ('{"instances":{}}', "/instances", "must be a list of instances"),
        ('{"instances":null}', "/instances", "must be a list of instances"),
        ('{"instances":[]}', "/instances", "must hold at least one instance"),
        ('{"instances":[1]}', "/instances/0", "must be an object, feature → value"),
    ],
)
def test_a_body_of_another_shape_is_described(body: str, pointer: str, detail: str) -> None:
    assert bad_fields(body) == {pointer: detail}


def test_an_unknown_member_of_the_request_is_listed() -> None:
    assert bad_fields('{"instances":[{"bmi":1,"sex":"f"}],"data":1}') == {"/data": "is not a member of the request"}


def test_at_most_twenty_are_listed_and_the_detail_mentions_more() -> None:
    body = '{"instances":[' + ",".join(['{"bmi":null,"sex":"f"}'] * 30) + "]}"
    with pytest.raises(InvalidInstances) as caught:
        validation.raise_invalid(body.encode(), FEATURES, 100)
    assert len(caught.value.bad_fields) == 20
    assert caught.value.detail == "20 or more fields are not as the model needs"


def test_one_bad_field_is_described_in_the_singular() -> None:
    with pytest.raises(InvalidInstances, match="One field is not as the model needs"):
        validation.raise_invalid(b"{}", FEATURES, 100)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,",
        b"NaN",
        b'{"instances":[{"bmi":NaN}]}',
        b'{"instances":["',
        b"\xff",
        b'{"\xff":1}',
        b'{"instances":[{"bmi":"\xff"}]}',
        b"[" * 100_000,
    ],
    ids=[
        "empty",
        "cut",
        "cut list",
        "NaN",
        "NaN inside",
        "cut inside",
        "not UTF-8",
        "a key that is not UTF-8",
        "a text that is not UTF-8",
        "deep",
    ],
)
def test_a_body_that_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises((MalformedJson, InvalidInstances)) as caught:
        validation.raise_invalid(body, FEATURES, 100)
    assert caught.type is MalformedJson


def test_too_many_instances_are_not_examined() -> None:
    with pytest.raises(TooManyInstances):
        validation.raise_invalid(b'{"instances":[1,2,3]}', FEATURES, 2)


@pytest.mark.parametrize("body", ['{"instances":[%s0]}' % ("0," * 100), '{%s"a":1}' % ('"a":1,' * 100)])
def test_a_body_with_more_values_than_instances_can_have_is_not_examined(body: str) -> None:
    with pytest.raises(TooLarge):
        validation.raise_invalid(body.encode(), FEATURES, 10)


ALL_KINDS: tuple[Feature, ...] = (*FEATURES, *BOOLEANS, Text(name="note", max_length=3, optional=True))
WHOLE = '"bmi":1,"sex":"f","smokes":true'


@pytest.mark.parametrize(
    ("instance", "reason", "feature"),
    [
        ('{"sex":"f","smokes":true}', Reason.MISSING, "bmi"),
        ('{"bmi":null,"sex":"f","smokes":true}', Reason.NULL, "bmi"),
        ('{"bmi":"1","sex":"f","smokes":true}', Reason.NOT_A_NUMBER, "bmi"),
        ('{"bmi":1e999,"sex":"f","smokes":true}', Reason.OUT_OF_BOUNDS, "bmi"),
        ('{"bmi":1,"sex":"secret","smokes":true}', Reason.UNKNOWN_CATEGORY, "sex"),
        ('{"bmi":1,"sex":3,"smokes":true}', Reason.NOT_A_TEXT, "sex"),
        ('{"bmi":1,"sex":"f","smokes":"secret"}', Reason.NOT_A_BOOLEAN, "smokes"),
        (f'{{{WHOLE},"note":"secret"}}', Reason.TOO_LONG, "note"),
        (f'{{{WHOLE},"secret":1}}', Reason.UNKNOWN_FIELD, ""),
        ("[]", Reason.WRONG_SHAPE, ""),
    ],
)
def test_a_fault_has_a_code_and_the_model_s_name_of_the_feature(instance: str, reason: Reason, feature: str) -> None:
    with pytest.raises(InvalidInstances) as caught:
        validation.raise_invalid(f'{{"instances":[{instance}]}}'.encode(), ALL_KINDS, 100)
    (bad,) = caught.value.bad_fields
    assert (bad.reason, bad.feature) == (reason, feature)
