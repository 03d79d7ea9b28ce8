"""local.settings.json and host.json are read as `func start` reads them."""

import pytest

from tests.tools.host.process import Host, Start, failed, source

SECRET = "not-to-be-printed"


def test_local_settings_are_read_and_the_environment_wins(plain: Host) -> None:
    assert plain.get("/api/setting/FROM_FILE").text == "file"
    assert plain.get("/api/setting/FROM_BOTH").text == "environment"


def test_numbers_and_booleans_become_text_as_in_dotnet(plain: Host) -> None:
    assert plain.get("/api/setting/NUMBER").text == "5"
    assert plain.get("/api/setting/SWITCH").text == "True"


def test_an_app_runs_in_development_unless_told_otherwise(plain: Host) -> None:
    assert plain.get("/api/setting/AZURE_FUNCTIONS_ENVIRONMENT").text == "Development"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'{{"Values": {{"KEY": "{SECRET}" "B": 1}}}}', "local.settings.json is not valid JSON: "),
        (f'["{SECRET}"]', "local.settings.json must hold one JSON object."),
        (f'{{"Values": ["{SECRET}"]}}', "local.settings.json: Values must be "),
        (f'{{"Values": {{"KEY": ["{SECRET}"]}}}}', "local.settings.json: the value of 'KEY' must be a text."),
        (f'{{"Values": {{"KEY": "{SECRET}\\u0000"}}}}', "local.settings.json: 'KEY' cannot be "),
        (f'{{"IsEncrypted": true, "Values": {{"KEY": "{SECRET}"}}}}', "local.settings.json is encrypted."),
    ],
)
def test_a_broken_settings_file_is_one_line_without_a_value(start: Start, content: str, said: str) -> None:
    errors = failed(start(source("plain"), files={"local.settings.json": content}))
    assert errors.startswith(said)
    assert errors.count("\n") == 1
    assert SECRET not in errors


def test_a_broken_host_json_is_one_line(start: Start) -> None:
    errors = failed(start(source("plain"), files={"host.json": "{"}))
    assert errors.startswith("host.json is not valid JSON: ")
    assert errors.count("\n") == 1
