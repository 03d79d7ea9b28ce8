"""The pages: their policies, their caching, and what is found."""

import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from shared import pages
from shared.api.routes import Response, Route
from shared.model.manifest import APP
from shared.model.manifest_file import ManifestFile
from shared.pages import Pages
from shared.pages.files import FOLDER, Files
from shared.problems import NotFound
from shared.settings import DEMO_HASH, Settings
from shared.threads import Threads
from tests.loop import run

INSIGHTS = "InstrumentationKey=10ca1000-0000-4000-8000-000000000000;IngestionEndpoint="
HOSTILE = '"><script>alert(1)</script>'

ASSETS = FOLDER / "assets"
VERSION = Files().version
NO_HEADERS: Mapping[str, str] = {}

type Build = Callable[..., Pages]
type Get = Callable[..., Response]


@pytest.fixture
def build(threads: Threads) -> Build:
    """Build the pages of a service with these app settings."""

    def built(**values: str) -> Pages:
        settings = Settings.read(values)
        return Pages(settings, ManifestFile(settings), threads.general)

    return built


@pytest.fixture
def home(build: Build) -> Get:
    """Return the home page."""
    own = build()
    return lambda headers=NO_HEADERS: run(own.home([Route("GET", "x", response_model=str)], headers))


@pytest.fixture
def docs(build: Build) -> Get:
    """Return the docs page."""
    own = build()
    return lambda headers=NO_HEADERS: run(own.docs("/docs", headers))


@pytest.fixture
def asset(build: Build) -> Get:
    """Return an asset."""
    own = build()
    return lambda path, headers=NO_HEADERS: run(own.asset(path, headers))


@pytest.fixture(params=["home", "docs"])
def page(request: pytest.FixtureRequest) -> Get:
    """Return one of the two pages."""
    get: Get = request.getfixturevalue(request.param)
    return get


def versioned(name: str) -> str:
    return f"{VERSION}/{name}"


def header(body: bytes) -> str:
    """Return the bar at the top of a page."""
    return body.decode().partition("<header")[2].partition("</header>")[0]


def attribute(own: Pages, name: str) -> str:
    """Return the value of one of the body's data attributes."""
    match = re.search(rf'data-{name}="([^"]*)"', run(own.home([], {})).body.decode())
    assert match
    return match[1]


def test_the_home_page_may_load_from_its_own_origin_only_and_make_no_markup_from_text(home: Get) -> None:
    assert home().headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_the_docs_page_may_also_write_styles_with_icons(docs: Get) -> None:
    assert docs().headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_pages_are_revalidated_and_reveal_nothing_to_other_origins(page: Get) -> None:
    headers = page().headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_have_no_inline_scripts_styles_or_handlers(page: Get) -> None:
    text = page().body.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)


def test_everything_that_a_page_loads_exists(page: Get, asset: Get) -> None:
    loaded = re.findall(r'(?:href|src)="assets/([^"]+)"', page().body.decode())
    assert len(loaded) >= 5
    for path in loaded:
        assert asset(path).status == 200, path


def test_the_home_page_preloads_every_module_of_its_script(home: Get) -> None:
    def needed(name: str, known: set[str]) -> set[str]:
        for module in re.findall(r'from "\./([\w.]+)"', (ASSETS / name).read_text()):
            if module not in known:
                known.add(module)
                needed(module, known)
        return known

    preloaded = re.findall(r'"modulepreload" href="assets/\w+/([\w.]+)"', home().body.decode())
    assert sorted(preloaded) == sorted(needed("home.js", set()))


def test_no_page_leaves_the_prefix_of_a_gateway(page: Get) -> None:
    links = re.findall(r'(?:href|src)="([^"]*)"', page().body.decode())
    assert [link for link in links if link.startswith("/")] == []


def test_the_docs_page_with_a_slash_at_its_end_is_redirected(build: Build) -> None:
    response = run(build().docs("/docs/", {}))
    assert (response.status, response.headers["Location"]) == (308, "../docs")


def test_an_asset_of_this_version_is_cached_for_good(asset: Get) -> None:
    response = asset(versioned("home.js"))
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.media_type == "text/javascript"
    assert response.body == (ASSETS / "home.js").read_bytes()


def test_an_asset_of_another_version_is_sent_and_not_cached(asset: Get) -> None:
    response = asset("0123456789ab/home.js")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.body == (ASSETS / "home.js").read_bytes()


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip, br"])
def test_a_client_that_accepts_gzip_receives_it(asset: Get, accepted: str) -> None:
    response = asset(versioned("home.js"), {"accept-encoding": accepted})
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(response.body) == (ASSETS / "home.js").read_bytes()


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0, *", "identity", "*;q=0"])
def test_any_other_client_receives_plain_content(asset: Get, accepted: str) -> None:
    response = asset(versioned("swagger-ui/swagger-ui.css"), {"accept-encoding": accepted})
    assert "Content-Encoding" not in response.headers
    assert b".swagger-ui" in response.body


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_client_that_has_the_asset_receives_no_body(asset: Get, form: str) -> None:
    tag = asset(versioned("home.js")).headers["ETag"]
    response = asset(versioned("home.js"), {"if-none-match": form.format(tag)})
    assert (response.status, response.body, response.headers["ETag"]) == (304, b"", tag)
    assert response.headers["Cache-Control"] == pages.KEEP_FOREVER


def test_a_304_of_a_page_has_its_policy(home: Get) -> None:
    response = home({"if-none-match": home().headers["ETag"]})
    assert response.status == 304
    assert response.headers["Content-Security-Policy"] == pages.HOME_POLICY


def test_plain_and_gzip_have_different_tags(asset: Get) -> None:
    gzipped = asset(versioned("home.js"), {"accept-encoding": "gzip"}).headers["ETag"]
    assert asset(versioned("home.js")).headers["ETag"] != gzipped
    assert asset(versioned("home.js"), {"if-none-match": gzipped}).status == 200


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
def test_nothing_else_is_found(asset: Get, path: str) -> None:
    with pytest.raises(NotFound):
        asset(path)


def test_the_picture_s_data_is_beside_the_manifest(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.picture.json").write_text('{"version":"1"}')
    response = run(build(MODEL_MANIFEST=str(tmp_path / "mine.json")).asset("picture.json", {}))
    assert (response.body, response.media_type) == (b'{"version":"1"}', "application/json")
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_model_without_a_picture_has_an_empty_one(build: Build, tmp_path: Path) -> None:
    assert run(build(MODEL_MANIFEST=str(tmp_path / "slr.json")).asset("picture.json", {})).body == b"{}"


def test_a_home_page_without_a_model_is_made_anew_until_there_is_one(build: Build, tmp_path: Path) -> None:
    own = build(MODEL_MANIFEST=str(tmp_path / "slr.json"))
    assert b"cannot be served" in run(own.home([], {})).body
    (tmp_path / "slr.json").write_bytes((APP / "model/slr.json").read_bytes())
    assert b"cannot be served" not in run(own.home([], {})).body


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_page_links_to_dashboards_on_this_machine(build: Build, host: str) -> None:
    insights = f"{INSIGHTS}http://{host}:7072/"
    own = build(AZURE_FUNCTIONS_ENVIRONMENT="Development", APPLICATIONINSIGHTS_CONNECTION_STRING=insights)
    assert attribute(own, "dashboard") == f"http://{host}:7072"
    for response in (run(own.home([], {})), run(own.docs("/docs", {}))):
        assert f'<a href="http://{host}:7072/">Dashboards</a>' in header(response.body)


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ("Production", "http://localhost:7072/"),
        ("Development", "https://westeurope-5.in.applicationinsights.azure.com/"),
        ("Development", "http://localhost.example:7072/"),
    ],
)
def test_elsewhere_there_is_no_link(build: Build, environment: str, endpoint: str) -> None:
    insights = INSIGHTS + endpoint
    own = build(AZURE_FUNCTIONS_ENVIRONMENT=environment, APPLICATIONINSIGHTS_CONNECTION_STRING=insights)
    assert attribute(own, "dashboard") == ""
    for response in (run(own.home([], {})), run(own.docs("/docs", {}))):
        assert "Dashboards" not in header(response.body)


@pytest.mark.parametrize(("environment", "name"), [("Development", "abi"), ("Production", "")])
def test_the_demo_user_is_named_in_development_only(build: Build, environment: str, name: str) -> None:
    users = f'{{"eve": "{DEMO_HASH[:-1]}x", "abi": "{DEMO_HASH}"}}'
    own = build(AZURE_FUNCTIONS_ENVIRONMENT=environment, USERS=users)
    assert attribute(own, "demo") == name
    assert f'data-demo="{name}"' in run(own.docs("/docs", {})).body.decode()


def test_a_user_s_name_is_escaped(build: Build) -> None:
    name = HOSTILE.replace('"', '\\"')
    own = build(AZURE_FUNCTIONS_ENVIRONMENT="Development", USERS=f'{{"{name}": "{DEMO_HASH}"}}')
    assert b"<script>alert" not in run(own.home([], {})).body + run(own.docs("/docs", {})).body
    assert attribute(own, "demo") == "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"


def test_the_page_shows_the_right_login(build: Build) -> None:
    assert attribute(build(), "login") == "password"
    issuer = {
        "LOCAL_TOKENS": "false",
        "OIDC_ISSUER": "https://issuer.example",
        "OIDC_AUDIENCE": "a",
        "OIDC_REQUIRED_SCOPE": "p",
    }
    assert attribute(build(**issuer), "login") == "token"


def test_the_page_offers_an_entity_only_with_a_feature_store(build: Build) -> None:
    assert attribute(build(), "store") == "false"
    assert attribute(build(FEATURES_SOURCE="table"), "store") == "true"
