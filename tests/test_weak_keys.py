"""Token keys that can be guessed, and those that cannot."""

import base64
import random
import string

import pytest

from shared.settings import Settings


@pytest.mark.parametrize(
    "weak",
    [
        " " * 32,
        "changeme" * 4,
        "0" * 64,
        "0123456789abcdef" * 2,
        string.ascii_lowercase + "123456",
        "my-super-secret-token-key-for-production",
        "a-key-for-tests-of-more-than-32-bytes-" * 2,
        "please-change-this-secret-key-before-use-1234567890",
    ],
)
def test_a_key_that_can_be_guessed_works_in_development_only(weak: str) -> None:
    assert Settings.read({"TOKEN_KEY": weak, "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}).errors == {}
    assert list(Settings.read({"TOKEN_KEY": weak}).errors) == ["TOKEN_KEY"]


def test_keys_of_openssl_and_of_the_tool_are_never_weak() -> None:
    chance = random.Random(0)  # noqa: S311 - the same keys in every run
    for _ in range(2_000):
        content = chance.randbytes(32)
        for key in (content.hex(), base64.b64encode(content).decode(), base64.urlsafe_b64encode(content).decode()[:43]):
            assert Settings.read({"TOKEN_KEY": key}).errors == {}
