"""The service as a whole: built from settings alone, and several side by side in one process."""

import ast
import json
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from shared.problems import InvalidToken, ModelUnavailable, SettingInvalid
from shared.service import Service
from shared.settings import Settings
from shared.telemetry import ROOT
from tests.app import App, load_app
from tests.loop import run
from tests.models import Doubling, dump
from tests.recording import context

SHARED = Path(__file__).parent.parent / "shared"
STATEFUL = {"dict", "list", "set", "deque", "Counter", "count", "defaultdict", "OrderedDict", "LRUCache", "TTLCache"}
PROCESS_WIDE = {"_next_sequence = count(1).__next__"}
"""The order in which the process's telemetry items began."""


class Halving(Doubling):
    """An estimator that predicts half of the first column."""

    def predict(self, rows: Any) -> Any:
        return super().predict(rows) / 4


def send(app: App, name: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
    """Send a request to a function as the runtime does, and return its response."""
    route = next(route for route in app.routes if route.name == name)
    given = {"content-type": "application/json", **headers}
    request = func.HttpRequest(route.method, f"http://localhost{route.path}", headers=given, body=body)
    response = run(app.routes.wrap(route, app.handlers[name])(request, context()))
    decoded: dict[str, Any] = json.loads(response.get_body())
    return decoded


def login(app: App) -> str:
    grant = {"grant_type": "password", "username": "abi", "password": "password"}
    return f"Bearer {send(app, 'token', json.dumps(grant).encode())['access_token']}"


def test_two_services_with_different_settings_work_side_by_side(environ: Mapping[str, str], tmp_path: Path) -> None:
    manifests = []
    for name, estimator in (("double", Doubling()), ("halve", Halving())):
        (tmp_path / name).mkdir()
        manifests.append(str(dump(estimator, tmp_path / name)))
    first = {**environ, "MODEL_MANIFEST": manifests[0]}
    second = {**environ, "MODEL_MANIFEST": manifests[1], "TOKEN_KEY": "k" * 40, "TOKEN_LIFETIME_SECONDS": "60"}
    body = b'{"instances":[{"x":0.5}]}'
    with load_app(first) as doubling, load_app(second) as halving:
        tokens = login(doubling), login(halving)
        for _ in range(2):
            assert send(doubling, "predict", body, authorization=tokens[0])["predictions"] == [1.0]
            assert send(halving, "predict", body, authorization=tokens[1])["predictions"] == [0.25]
        assert send(doubling, "predict", body, authorization=tokens[1])["type"] == "/problems/invalid-token"
        assert send(halving, "predict", body, authorization=tokens[0])["type"] == "/problems/invalid-token"
        assert [send(app, "health_ready")["status"] for app in (doubling, halving)] == ["ready", "ready"]


def test_a_closed_service_leaves_the_other_working(environ: Mapping[str, str]) -> None:
    first, second = (Service.from_settings(Settings.read(environ)) for _ in range(2))
    first.close()
    bearer = f"Bearer {second.auth.tokens.issue('abi')}"
    assert run(second.auth.authorize(bearer)) == "abi"
    second.close()


def test_building_and_closing_leaves_no_thread_and_no_log_handler(environ: Mapping[str, str]) -> None:
    before = set(threading.enumerate()), list(logging.getLogger(ROOT).handlers)
    service = Service.from_settings(Settings.read(environ))
    assert set(threading.enumerate()) == before[0]
    service.close()
    assert (set(threading.enumerate()), list(logging.getLogger(ROOT).handlers)) == before


def test_a_service_without_settings_is_built_and_each_part_reports_what_it_lacks() -> None:
    service = Service.from_settings(Settings.read({"MODEL_MANIFEST": "/nowhere/m.json"}))
    try:
        with pytest.raises(SettingInvalid):
            run(service.auth.authorize("Bearer a.b.c"))
        with pytest.raises(ModelUnavailable):
            run(service.predictor.predict(b"{}", "r"))
        assert run(service.health.ready()).status == 503
        assert run(service.pages.home([], {})).status == 200
    finally:
        service.close()


def test_another_service_s_token_is_refused(environ: Mapping[str, str]) -> None:
    first = Service.from_settings(Settings.read(environ))
    second = Service.from_settings(Settings.read({**environ, "TOKEN_KEY": "k" * 40}))
    with pytest.raises(InvalidToken):
        run(second.auth.authorize(f"Bearer {first.auth.tokens.issue('abi')}"))
    first.close()
    second.close()


def stateful(node: ast.stmt) -> bool:
    """Return True for a module-level assignment of something that changes, and for a cached function."""
    if isinstance(node, ast.FunctionDef):
        return bool(node.decorator_list) and not node.args.args and "cache" in ast.unparse(node.decorator_list[0])
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).startswith(("Mapping", "Sequence")):
        return False
    calls = [call.func for call in ast.walk(node.value) if isinstance(call, ast.Call)]
    return any(isinstance(called, ast.Name) and called.id in STATEFUL for called in calls)


@pytest.mark.parametrize("path", sorted(SHARED.rglob("*.py")), ids=lambda path: str(path.relative_to(SHARED)))
def test_no_module_keeps_state(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [ast.unparse(node) for node in tree.body if stateful(node)]
    assert [text for text in found if text not in PROCESS_WIDE] == []
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
