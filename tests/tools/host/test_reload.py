"""With `--reload` the host serves the app as it is on disk."""

import signal
import time

from tests.tools.host.process import Start, source


def test_a_changed_app_is_served_and_a_broken_one_is_reported(start: Start) -> None:
    host = start(source("plain"), "--reload").ready()
    app = host.folder / "function_app.py"
    app.write_text("import broken")
    assert host.line() == "Changed: function_app.py. Starting again.\n"
    while "No module named 'broken'" not in host.errors():
        time.sleep(0.05)
    app.write_text(source("plain").replace("setting/{name}", "changed/{name}"))
    assert host.ready().get("/api/changed/X").text == "missing"
    assert host.end(signal.SIGINT) == 0
