"""The password grant, as a form and as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth import grants
from shared.auth.grants import PasswordGrant
from shared.problems import GrantRefused, TooLarge, UnsupportedGrantType

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def test_a_form_is_read() -> None:
    body = b"grant_type=password&username=a%26b&password=p+%C3%BC"
    assert grants.parse(body, FORM) == PasswordGrant("a&b", "p ü")


def test_json_is_read() -> None:
    body = json.dumps({"grant_type": "password", "username": "abi", "password": "ü"}).encode()
    assert grants.parse(body, JSON) == PasswordGrant("abi", "ü")


def test_other_parameters_are_ignored_as_rfc_6749_requires() -> None:
    assert grants.parse(b"grant_type=password&username=a&password=b&scope=x&client_id=", FORM).username == "a"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", FORM),
        (b"grant_type=password&username=a", FORM),
        (b"grant_type=password&password=a", FORM),
        (b"grant_type=password&username=&password=b", FORM),
        (b"grant_type=password&username=a&password=", FORM),
        (b"grant_type=password&username=a&username=b&password=c", FORM),
        (b"grant_type=password&grant_type=password&username=a&password=c", FORM),
        (b"grant_type=password&username=%FF&password=c", FORM),
        (b"\xff", FORM),
        (b"&".join(b"p%d=1" % i for i in range(50)), FORM),
        (b"grant_type=password&password=b&username=" + b"a" * 257, FORM),
        (b"grant_type=password&password=b&username=%ED%A0%80", FORM),
        (b'{"grant_type":"password","username":"\\ud800","password":"b"}', JSON),
        (b'{"grant_type":"password","username":1' + b"0" * 5000 + b',"password":"b"}', JSON),
        (b'{"grant_type":"password","username":NaN,"password":"b"}', JSON),
        (b"", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b"{", JSON),
        (b'{"a":' * 3_000, JSON),
        (b'{"grant_type":"password","username":1,"password":"b"}', JSON),
        (b'{"grant_type":"password","username":["a"],"password":"b"}', JSON),
        (b'{"grant_type":"password","username":"a","password":{}}', JSON),
        (b'{"grant_type":"password","username":"a","username":"b","password":"c"}', JSON),
    ],
)
def test_a_malformed_grant_is_an_invalid_request(body: bytes, media_type: str) -> None:
    with pytest.raises(GrantRefused) as caught:
        grants.parse(body, media_type)
    assert (caught.value.status, caught.value.oauth_error) == (400, "invalid_request")


@pytest.mark.parametrize("grant_type", ["client_credentials", "refresh_token", "PASSWORD", ""])
def test_another_grant_is_unsupported(grant_type: str) -> None:
    with pytest.raises(UnsupportedGrantType) as caught:
        grants.parse(f"grant_type={grant_type}&username=a&password=b".encode(), FORM)
    assert caught.value.oauth_error == "unsupported_grant_type"


@pytest.mark.parametrize("media_type", [FORM, JSON])
def test_a_request_longer_than_any_login_is_refused_unread(media_type: str) -> None:
    with pytest.raises(TooLarge):
        grants.parse(b'{"a":' * 100_000, media_type)
    longest = {"grant_type": "password", "username": "\0" * 256, "password": "\U0001f600" * 72}
    assert grants.parse(json.dumps(longest).encode(), JSON).username == "\0" * 256


@given(st.binary(), st.sampled_from([FORM, JSON]))
def test_any_bytes_lead_to_a_grant_or_a_refusal(body: bytes, media_type: str) -> None:
    try:
        result: PasswordGrant | GrantRefused = grants.parse(body, media_type)
    except GrantRefused as refusal:
        result = refusal
    assert isinstance(result, PasswordGrant) or result.status == 400


def test_a_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(PasswordGrant("abi", "secret"))


@pytest.mark.parametrize(
    ("body", "password"),
    [
        (b"username=abi&password=b", "b"),
        (b"grant_type=password&username=abi&password=b&", "b"),
        (b"&username=abi&&password=b", "b"),
        (b"username=a%62i&password=%70%20+q", "p  q"),
        (b"username=abi&password=a%2Bb%26c%3Dd", "a+b&c=d"),
        (b"username=abi&password=a=b", "a=b"),
    ],
    ids=["no grant_type", "a last &", "empty parts", "percent-encoding", "encoded signs", "a plain ="],
)
def test_forms_of_any_client_are_read(body: bytes, password: str) -> None:
    assert grants.parse(body, FORM) == PasswordGrant("abi", password)


@pytest.mark.parametrize("media_type", [FORM, JSON])
def test_an_empty_body_is_named_and_not_its_missing_members(media_type: str) -> None:
    with pytest.raises(GrantRefused, match="The body is empty") as caught:
        grants.parse(b"", media_type)
    assert "Content-Length" in caught.value.detail
    assert "grant_type" not in caught.value.detail
