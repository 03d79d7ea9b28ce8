"""The pictures of docs/: there, of the size that is taken, and by name."""

import struct

import pytest

from tools import screenshots
from tools.screenshots import DOCS, PICTURES, SHARPNESS, WIDTH

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", PICTURES)
def test_docs_has_every_picture_in_its_size(name: str) -> None:
    content = (DOCS / f"{name}.png").read_bytes()
    assert content.startswith(PNG)
    assert struct.unpack(">II", content[16:24]) == (WIDTH * SHARPNESS, PICTURES[name][0] * SHARPNESS)


def test_an_unknown_picture_is_refused_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        screenshots.main(["portrait"])
    assert "there is no picture portrait" in capsys.readouterr().err
