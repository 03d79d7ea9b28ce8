"""local.settings.json and host.json are read as `func start` reads them."""

from pathlib import Path

import pytest

from tests.tools.host.process import Host, Start, source, startup_errors
from tools.errors import HostError
from tools.host.settings import load_local_settings, route_prefix

SECRET = "not-to-be-printed"


def test_local_settings_are_read_and_the_environment_wins(plain: Host) -> None:
    assert plain.get("/api/setting/FROM_FILE").text == "file"
    assert plain.get("/api/setting/FROM_BOTH").text == "environment"


def test_numbers_and_booleans_become_text_as_in_dotnet(plain: Host) -> None:
    assert plain.get("/api/setting/NUMBER").text == "5"
    assert plain.get("/api/setting/SWITCH").text == "True"


def test_an_app_runs_in_development_by_default(plain: Host) -> None:
    assert plain.get("/api/setting/AZURE_FUNCTIONS_ENVIRONMENT").text == "Development"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f'["{SECRET}"]', "local.settings.json must contain one JSON object."),
        (f'{{"Values": ["{SECRET}"]}}', "local.settings.json: Values must be "),
        (f'{{"Values": {{"KEY": ["{SECRET}"]}}}}', "local.settings.json: the value of 'KEY' must be a string."),
        (f'{{"Values": {{"KEY": "{SECRET}\\u0000"}}}}', "local.settings.json: 'KEY' cannot be "),
        (f'{{"IsEncrypted": true, "Values": {{"KEY": "{SECRET}"}}}}', "local.settings.json is encrypted."),
    ],
)
def test_the_error_of_a_broken_settings_file_has_no_value(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(HostError) as caught:
        load_local_settings(tmp_path)
    assert str(caught.value).startswith(message)
    assert SECRET not in str(caught.value)


def test_a_broken_settings_file_is_one_line_on_the_console(start: Start) -> None:
    files = {"local.settings.json": f'{{"Values": {{"KEY": "{SECRET}" "B": 1}}}}'}
    errors = startup_errors(start(source("plain"), files=files))
    assert errors.startswith("local.settings.json is not valid JSON: ")
    assert errors.count("\n") == 1
    assert SECRET not in errors


def test_the_error_of_a_broken_host_json_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{")
    with pytest.raises(HostError, match=r"^host\.json is not valid JSON: [^\n]+$"):
        route_prefix(tmp_path)
