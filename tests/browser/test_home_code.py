"""The card with the request in code: what its tabs show runs as it is, and gets the prediction of the page."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from shared.model.manifest import Boolean, Category, Example, Number, Output
from tests.browser.conftest import service_settings
from tests.browser.pages import PASSWORD, USER, isolated_page, log_in, open_home
from tests.models import Labelled, dump
from tests.services import Service, serving

COMMANDS = {
    "curl": ("sh", "-s"),
    "Python": (sys.executable, "-"),
    "JavaScript": ("node", "--input-type=module", "-"),
}
"""Programs that read a program from the standard input, as somebody who pastes it."""
PARSERS: Mapping[str, Any] = {"curl": json.loads, "Python": ast.literal_eval, "JavaScript": json.loads}
LABELS = ("l'été", "high")
ODD = 'it\'s "$HOME" `id` \\n: true, null'
"""A text that a shell, Python and JavaScript would each read in a way of its own."""
ODD_NAME = "it's $HOME `id`: true, null"
"""The same for a name, which may not have a double quote or a backslash."""
INSTANCE: Mapping[str, Any] = {"x": 0.5, ODD_NAME: ODD, "__proto__": 1.5, "flag": True, "città": None}

# The names are those of the tabs. Node is not on every machine; the others are.
languages = pytest.mark.parametrize(
    "language",
    [
        "curl",
        "Python",
        pytest.param("JavaScript", marks=pytest.mark.skipif(not shutil.which("node"), reason="needs Node")),
    ],
)


@pytest.fixture(scope="module")
def odd(users: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose model has names and values that no language may take as code."""
    features = [
        Number(name="x", range=(-1.0, 1.0)),
        Category(name=ODD_NAME, values=(ODD, "n")),
        Number(name="__proto__", range=(0.0, 2.0)),
        Boolean(name="flag"),
        Category(name="città", values=("Łódź", "Roma"), optional=True),
    ]
    path = dump(
        Labelled(*LABELS),
        tmp_path_factory.mktemp("odd"),
        kind="classifier",
        features=features,
        output=Output(name="y", classes=LABELS, probabilities=True),
        examples=(Example(instance=dict(INSTANCE), prediction="high"),),
    )
    with serving({**service_settings(users, path.parent), "MODEL_MANIFEST": str(path)}) as running:
        yield running


@pytest.fixture(scope="module")
def odd_page(chromium: Browser, odd: Service) -> Iterator[Page]:
    """That model's home page, without a login: the code needs none."""
    with isolated_page(chromium, odd.url) as page:
        yield open_home(page)


def show(page: Page, language: str) -> str:
    """Open a tab and return its code."""
    page.get_by_role("tab", name=language, exact=True).click()
    return page.get_by_role("region", name=f"Code for {language}").inner_text()


def run(language: str, code: str, **variables: str) -> Any:
    """Run the code with the variables and return the response that it prints."""
    environ = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(COMMANDS[language], input=code.encode(), env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return PARSERS[language](done.stdout.decode())


def predict(service: Service, path: str, instance: Mapping[str, Any]) -> Any:
    with service.client(service.login()) as client:
        return without_id(client.post(path, json={"instances": [instance]}).raise_for_status().json())


def without_id(response: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "request_id"}


@languages
def test_the_code_gets_the_prediction_of_the_current_values(page: Page, service: Service, language: str) -> None:
    open_home(page).get_by_label("Body mass index", exact=True).fill("0.05")
    printed = run(language, show(page, language), EGL_ML_USER=USER, EGL_ML_PASSWORD=PASSWORD)
    assert without_id(printed) == predict(service, "/predict_class", {"x": 0.05})


@languages
def test_the_code_stops_where_the_login_fails(page: Page, language: str) -> None:
    code = show(open_home(page), language)
    environ = {"PATH": os.environ["PATH"], "EGL_ML_USER": USER, "EGL_ML_PASSWORD": "wrong"}
    done = subprocess.run(COMMANDS[language], input=code.encode(), env=environ, capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"401" in done.stderr


@languages
def test_names_and_values_of_any_text_arrive_as_they_are(odd_page: Page, odd: Service, language: str) -> None:
    printed = run(language, show(odd_page, language), EGL_ML_USER=USER, EGL_ML_PASSWORD=PASSWORD)
    sent = {name: value for name, value in INSTANCE.items() if value is not None}
    assert without_id(printed) == predict(odd, "/predict_class", sent)


@languages
def test_where_another_issuer_gives_the_tokens_the_code_reads_one(page: Page, service: Service, language: str) -> None:
    page.goto("/model")  # a page without scripts
    code = page.evaluate(
        "async ([name]) => (await import('/assets/x/code_samples.js'))[name]('predict', { x: 0.1 }, 'token')",
        [f"{language.lower()}Sample"],
    )
    printed = run(language, code, EGL_ML_TOKEN=service.login())
    assert without_id(printed) == predict(service, "/predict", {"x": 0.1})


def test_no_secret_is_in_the_code_after_the_login(page: Page) -> None:
    with page.expect_response("**/token") as login:
        log_in(open_home(page))
    token = login.value.json()["access_token"]
    for language in COMMANDS:
        code = show(page, language)
        assert token not in code
        assert f'"{PASSWORD}"' not in code.replace('{"username": user, "password": password}', "")


def test_the_tabs_can_be_used_with_the_keyboard_and_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_home(page).get_by_role("tab", name="curl", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Python", exact=True)).to_be_focused()
    code = page.get_by_role("region", name="Code for Python")
    page.locator("#code").get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == code.text_content()


def test_a_wrong_value_keeps_the_last_code(page: Page) -> None:
    before = show(open_home(page), "curl")
    field = page.get_by_label("Body mass index", exact=True)
    field.fill("many")
    expect(page.get_by_text("The code has the last valid input.")).to_be_visible()
    assert show(page, "curl") == before
    field.fill("0.02")
    expect(page.locator("#code-curl")).to_contain_text('{"x":0.02}')
    expect(page.get_by_text("The code has the last valid input.")).to_have_count(0)


def test_a_wrong_password_is_reported_by_the_python_code(page: Page) -> None:
    code = show(open_home(page), "Python")
    environ = {"PATH": os.environ["PATH"], "EGL_ML_USER": USER, "EGL_ML_PASSWORD": "wrong"}
    done = subprocess.run(COMMANDS["Python"], input=code, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(httpx.codes.UNAUTHORIZED.value) in done.stderr
