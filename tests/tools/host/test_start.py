"""The host starts or reports why it cannot, and stops without an error."""

import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.tools.host.process import Host, Start, source, startup_errors
from tools import host
from tools.errors import HostError
from tools.host.runtime import import_app


def test_a_taken_port_is_one_line_with_the_command_for_another(plain: Host) -> None:
    port = httpx.URL(plain.url).port or 0
    with pytest.raises(HostError) as caught:
        host.listen("127.0.0.1", port)
    message, _, number = str(caught.value).rpartition("=")
    assert message == f"Port {port} is taken. This one is free: make run PORT"
    host.listen("127.0.0.1", int(number)).close()


def test_a_taken_port_is_also_reported_with_reload(plain: Host, capsys: pytest.CaptureFixture[str]) -> None:
    port = str(httpx.URL(plain.url).port)
    assert host.main(["--reload", "--port", port]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"Port {port} is taken.")
    assert errors.count("\n") == 1


def test_an_error_at_import_shows_the_traceback_of_the_apps_code_alone(start: Start) -> None:
    errors = startup_errors(start("import helper", files={"helper.py": "import no_such_package"}))
    assert errors.startswith("function_app.py cannot be imported")
    assert errors.endswith("ModuleNotFoundError: No module named 'no_such_package'\n")
    assert re.findall(r'File ".*?([^/\\]+)", line', errors) == ["function_app.py", "helper.py"]


def test_a_folder_without_an_app_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=rf"^There is no function_app\.py in {re.escape(str(tmp_path))}\.$"):
        import_app(tmp_path)


def test_an_app_that_the_runtime_refuses_is_one_line(start: Start) -> None:
    app = source("plain") + '\n@app.route("x")\nasync def x(request: func.HttpRequest): ...'
    errors = startup_errors(start(app))
    assert errors.startswith("The functions cannot be loaded. FunctionLoadError: ")
    assert errors.count("\n") == 1


def test_a_route_that_is_not_supported_is_one_line(start: Start) -> None:
    app = source("plain") + '\n@app.route("x/{y:odd}")\nasync def x(req: func.HttpRequest): ...'
    assert startup_errors(start(app)) == "Function x: the route constraint ':odd' is unknown.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_cleanly_after_the_request_under_way(start: Start, number: int) -> None:
    running = start(source("plain")).ready()
    url = httpx.URL(running.url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection, httpx.Client() as idle:
        connection.sendall(b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.get(f"{running.url}/api/setting/X").text == "missing"
        assert running.end(number) == 0
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert running.errors() == ""


def test_a_signal_while_the_app_is_imported_ends_the_host_cleanly(start: Start) -> None:
    running = start('import time; print("importing", flush=True); time.sleep(20)')
    assert running.line() == "importing\n"
    assert running.end(signal.SIGINT) == 0
    assert running.errors() == ""
