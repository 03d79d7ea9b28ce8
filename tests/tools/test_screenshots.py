"""The screenshots in docs/ exist, in the size that the tool takes."""

import struct

import pytest

from tools import screenshots
from tools.screenshots import DOCS, SCALE, SCREENSHOTS, WIDTH

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_docs_has_every_screenshot_in_its_size(name: str) -> None:
    content = (DOCS / f"{name}.png").read_bytes()
    assert content.startswith(PNG)
    assert struct.unpack(">II", content[16:24]) == (WIDTH * SCALE, SCREENSHOTS[name].height * SCALE)


def test_an_unknown_screenshot_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        screenshots.main(["portrait"])
    assert "there is no screenshot portrait" in capsys.readouterr().err
