"""What all tests share: settings that are put back, and models made for the tests."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from shared import manifest, schemas, settings

KEY = "a-key-for-tests-of-more-than-32-bytes"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., settings.Settings]]:
    """Make the process read other settings: `told(TOKEN_KEY="…")`; nothing of the real environment is left in."""

    def tell(**values: str) -> settings.Settings:
        read = settings.Settings.read(values)
        monkeypatch.setattr(settings, "current", lambda: read)
        _forget()
        return read

    yield tell
    _forget()


@pytest.fixture
def environ() -> Mapping[str, str]:
    """Settings with which everything works, demo user included."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": f'{{"abi": "{settings.DEMO_HASH}"}}',
    }


def _forget() -> None:
    for remembered in (manifest.content, manifest.current, schemas.current):
        remembered.cache_clear()
