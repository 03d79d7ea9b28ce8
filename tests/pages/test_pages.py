"""The pages over HTTP's head: what they may do, how they are kept, what is found and what is not."""

import asyncio
import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import function_app
from shared import pages
from shared.endpoint import Answer, declared
from shared.pages import files
from shared.problems import NotFound
from shared.settings import DEMO_HASH

INSIGHTS = "InstrumentationKey=10ca1000-0000-4000-8000-000000000000;IngestionEndpoint="
HOSTILE = '"><script>alert(1)</script>'

type Tell = Callable[..., object]


def home(headers: Mapping[str, str] = {}) -> Answer:
    return asyncio.run(pages.home(declared(function_app.app), headers))


def docs(headers: Mapping[str, str] = {}) -> Answer:
    return asyncio.run(pages.docs(headers))


def asset(path: str, headers: Mapping[str, str] = {}) -> Answer:
    return asyncio.run(pages.asset(path, headers))


def versioned(name: str) -> str:
    return f"{files.version()}/{name}"


def said(name: str) -> str:
    """The value of one of the body's data attributes."""
    found = re.search(rf'data-{name}="([^"]*)"', home().body.decode())
    assert found
    return found[1]


def test_the_front_page_may_load_from_here_only_and_make_no_markup_from_text() -> None:
    assert home().headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_the_docs_page_may_also_write_styles_and_hold_icons_in_them() -> None:
    assert docs().headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@pytest.mark.parametrize("page", [home, docs])
def test_pages_are_asked_for_again_and_tell_others_nothing(page: Callable[[], Answer]) -> None:
    headers = page().headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("page", [home, docs])
def test_pages_have_no_inline_scripts_styles_or_handlers(page: Callable[[], Answer]) -> None:
    text = page().body.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("page", [home, docs])
def test_everything_a_page_loads_is_there(page: Callable[[], Answer]) -> None:
    loaded = re.findall(r'(?:href|src)="/assets/([^"]+)"', page().body.decode())
    assert len(loaded) >= 5
    for path in loaded:
        assert asset(path).status == 200, path


def test_the_front_page_announces_every_module_that_its_script_needs_at_once() -> None:
    def needed(name: str, known: set[str]) -> set[str]:
        for each in re.findall(r'from "\./([\w.]+)"', (files.ASSETS / name).read_text()):
            if each not in known:
                known.add(each)
                needed(each, known)
        return known

    announced = re.findall(r'"modulepreload" href="/assets/\w+/([\w.]+)"', home().body.decode())
    assert sorted(announced) == sorted(needed("home.js", set()))


def test_an_asset_of_this_version_is_kept_for_good() -> None:
    answer = asset(versioned("home.js"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.media_type == "text/javascript"
    assert answer.body == (files.ASSETS / "home.js").read_bytes()


def test_an_asset_of_another_version_is_answered_and_not_kept() -> None:
    answer = asset("0123456789ab/home.js")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.body == (files.ASSETS / "home.js").read_bytes()


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip, br"])
def test_whoever_takes_gzip_gets_it(accepted: str) -> None:
    answer = asset(versioned("home.js"), {"accept-encoding": accepted})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body) == (files.ASSETS / "home.js").read_bytes()


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0, *", "identity", "*;q=0"])
def test_whoever_does_not_gets_it_plain(accepted: str) -> None:
    answer = asset(versioned("swagger-ui/swagger-ui.css"), {"accept-encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert b".swagger-ui" in answer.body


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_whoever_has_it_is_told_so_without_a_body(form: str) -> None:
    tag = asset(versioned("home.js")).headers["ETag"]
    answer = asset(versioned("home.js"), {"if-none-match": form.format(tag)})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == pages.FOREVER


def test_a_304_of_a_page_carries_its_policy() -> None:
    answer = home({"if-none-match": home().headers["ETag"]})
    assert answer.status == 304
    assert answer.headers["Content-Security-Policy"] == pages.HOME_POLICY


def test_plain_and_gzip_have_tags_of_their_own() -> None:
    zipped = asset(versioned("home.js"), {"accept-encoding": "gzip"}).headers["ETag"]
    assert asset(versioned("home.js")).headers["ETag"] != zipped
    assert asset(versioned("home.js"), {"if-none-match": zipped}).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "x/",
        "x/none.js",
        "x/../home.html",
        "x/../../settings.py",
        "../function_app.py",
        "x//etc/passwd",
        "x/swagger-ui/README.md",
        "x/swagger-ui/swagger-ui.css.gz",
        "x/home.js\0",
        "x/HOME.JS",
    ],
)
def test_there_is_nothing_else(path: str) -> None:
    with pytest.raises(NotFound):
        asset(path)


def test_the_picture_s_data_lies_beside_the_manifest(told: Tell, tmp_path: Path) -> None:
    told(MODEL_MANIFEST=str(tmp_path / "mine.json"))
    (tmp_path / "mine.picture.json").write_text('{"version":"1"}')
    answer = asset("picture.json")
    assert (answer.body, answer.media_type) == (b'{"version":"1"}', "application/json")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_model_without_a_picture_has_an_empty_one(told: Tell, tmp_path: Path) -> None:
    told(MODEL_MANIFEST=str(tmp_path / "slr.json"))
    assert asset("picture.json").body == b"{}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_page_knows_a_dashboard_on_this_machine(told: Tell, host: str) -> None:
    told(
        AZURE_FUNCTIONS_ENVIRONMENT="Development",
        APPLICATIONINSIGHTS_CONNECTION_STRING=f"{INSIGHTS}http://{host}:7072/",
    )
    assert said("dashboard") == f"http://{host}:7072"


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ("Production", "http://localhost:7072/"),
        ("Development", "https://westeurope-5.in.applicationinsights.azure.com/"),
        ("Development", "http://localhost.example:7072/"),
    ],
)
def test_elsewhere_there_is_none(told: Tell, environment: str, endpoint: str) -> None:
    told(AZURE_FUNCTIONS_ENVIRONMENT=environment, APPLICATIONINSIGHTS_CONNECTION_STRING=INSIGHTS + endpoint)
    assert said("dashboard") == ""


def test_the_demo_user_is_named_on_a_laptop_only(told: Tell) -> None:
    users = f'{{"eve": "{DEMO_HASH[:-1]}x", "abi": "{DEMO_HASH}"}}'
    told(AZURE_FUNCTIONS_ENVIRONMENT="Development", USERS=users)
    assert said("demo") == "abi"
    told(AZURE_FUNCTIONS_ENVIRONMENT="Production", USERS=users)
    assert said("demo") == ""


def test_a_user_s_name_is_no_markup(told: Tell) -> None:
    name = HOSTILE.replace('"', '\\"')
    told(AZURE_FUNCTIONS_ENVIRONMENT="Development", USERS=f'{{"{name}": "{DEMO_HASH}"}}')
    assert "<script>alert" not in home().body.decode()
    assert said("demo") == "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"


def test_the_page_knows_how_people_log_in(told: Tell) -> None:
    told()
    assert said("login") == "password"
    told(LOCAL_TOKENS="false", OIDC_ISSUER="https://issuer.example", OIDC_AUDIENCE="a")
    assert said("login") == "token"


def test_the_page_knows_whether_features_come_from_a_store(told: Tell) -> None:
    told()
    assert said("store") == "false"
    told(FEATURES_SOURCE="table")
    assert said("store") == "true"
