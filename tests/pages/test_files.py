"""The pages' files: read when they are needed, versioned together, and the vendored ones as published."""

import gzip
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from shared.pages.files import FOLDER, Files

PROJECT = Path(__file__).parents[2]
ASSETS = FOLDER / "assets"
VENDORED = ASSETS / "swagger-ui"
READING = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import function_app
print([path for path in opened if "/assets/" in path or path.endswith((".html", ".gz", ".picture.json"))])
"""


def test_importing_the_app_reads_none_of_them() -> None:
    done = subprocess.run([sys.executable, "-c", READING], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_changed_asset_is_a_new_version(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    versions = []
    for text in ("one", "two", "one"):
        (tmp_path / "assets" / "a.js").write_text(text)
        versions.append(Files(tmp_path).version)
    assert versions[0] == versions[2] != versions[1]


def test_swagger_ui_is_unchanged() -> None:
    readme = (VENDORED / "README.md").read_text(encoding="utf-8")
    hashes = dict(re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    assert set(hashes) == {path.name.removesuffix(".gz") for path in VENDORED.iterdir()} - {"README.md"}
    for name, expected in hashes.items():
        path = VENDORED / name
        content = path.read_bytes() if path.exists() else gzip.decompress((VENDORED / f"{name}.gz").read_bytes())
        assert hashlib.sha256(content).hexdigest() == expected, name


def test_swagger_ui_supports_openapi_31() -> None:
    version = re.search(r"swagger-ui-dist (\d+)\.(\d+)", (VENDORED / "README.md").read_text(encoding="utf-8"))
    assert version
    assert (int(version[1]), int(version[2])) >= (5, 31)


def test_its_licences_come_with_it() -> None:
    assert {"swagger-ui/LICENSE", "swagger-ui/NOTICE", "swagger-ui/swagger-ui-bundle.js.LICENSE.txt"} <= set(
        Files().assets
    )


def test_scripts_are_short_enough_to_read() -> None:
    lengths = {path.name: path.read_text().count("\n") for path in ASSETS.glob("*.js")}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_no_script_makes_markup_from_text() -> None:
    texts = {path.name: path.read_text() for path in ASSETS.glob("*.js")}
    uses = {
        name: re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
        for name, text in texts.items()
    }
    assert {name: found for name, found in uses.items() if found} == {}
