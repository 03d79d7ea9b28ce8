"""The host starts or says why not, and stops without a word."""

import re
import signal
import socket

import httpx
import pytest

from tests.tools.host.process import Host, Start, failed, source


def test_a_taken_port_is_one_line_that_says_how_to_choose_another(start: Start, plain: Host) -> None:
    port = str(httpx.URL(plain.url).port)
    errors = failed(start(source("plain"), "--port", port))
    assert errors == f"Port {port} is taken. Choose another: PORT={int(port) + 1} make run\n"


def test_a_taken_port_is_told_with_reload_too(start: Start, plain: Host) -> None:
    errors = failed(start(source("plain"), "--reload", "--port", str(httpx.URL(plain.url).port)))
    assert errors.startswith("Port ")
    assert errors.count("\n") == 1


def test_an_error_at_import_shows_the_traceback_of_the_apps_code_alone(start: Start) -> None:
    host = start("import helper", files={"helper.py": "import no_such_package"})
    errors = failed(host)
    assert errors.startswith("function_app.py cannot be imported")
    assert errors.endswith("ModuleNotFoundError: No module named 'no_such_package'\n")
    assert re.findall(r'File ".*?([^/\\]+)", line', errors) == ["function_app.py", "helper.py"]


def test_a_folder_without_an_app_is_one_line(start: Start) -> None:
    errors = failed(start(None))
    assert errors.startswith("There is no function_app.py in ")
    assert errors.count("\n") == 1


def test_an_app_that_the_runtime_refuses_is_one_line(start: Start) -> None:
    errors = failed(start(source("plain") + '\n@app.route("x")\nasync def x(request: func.HttpRequest): ...'))
    assert errors.startswith("The functions cannot be loaded. FunctionLoadError: ")
    assert errors.count("\n") == 1


def test_a_route_that_is_not_understood_is_one_line(start: Start) -> None:
    errors = failed(start(source("plain") + '\n@app.route("x/{y:odd}")\nasync def x(req: func.HttpRequest): ...'))
    assert errors == "Function x: the route constraint ':odd' is not known.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_cleanly(start: Start, number: int) -> None:
    host = start(source("plain")).ready()
    with httpx.Client() as kept_open:
        assert kept_open.get(f"{host.url}/api/setting/X").text == "missing"
        assert host.end(number) == 0
    assert host.errors() == ""


def test_a_signal_while_the_app_is_imported_ends_the_host_cleanly(start: Start) -> None:
    host = start('import time; print("importing", flush=True); time.sleep(20)')
    assert host.line() == "importing\n"
    assert host.end(signal.SIGINT) == 0
    assert host.errors() == ""


def test_a_request_under_way_is_answered_before_the_host_ends(start: Start) -> None:
    host = start(source("plain")).ready()
    url = httpx.URL(host.url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        httpx.get(f"{host.url}/api/setting/X")
        assert host.end(signal.SIGINT) == 0
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_the_apps_telemetry_is_flushed_before_the_end(start: Start) -> None:
    telemetry = "def flush(timeout):\n    print(f'flushed within {timeout} s')\n"
    app = source("plain") + "import shared.telemetry\n"
    host = start(app, files={"shared/__init__.py": "", "shared/telemetry.py": telemetry}).ready()
    host.process.send_signal(signal.SIGINT)
    assert host.line() == "flushed within 5.0 s\n"
