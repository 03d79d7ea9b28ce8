"""function_app.py as the runtime imports it, with settings of the test's own."""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from shared.api.endpoint import Routes
from shared.model.manifest import APP
from shared.service import Service


class App:
    """The names in function_app.py."""

    def __init__(self, module: Any) -> None:
        self.service: Service = module.service
        self.routes: Routes = module.routes
        self.app = module.app
        self.handlers = vars(module)


@contextmanager
def load_app(environ: Mapping[str, str]) -> Iterator[App]:
    """Import function_app.py with exactly this environment. Several may be loaded at the same time."""
    spec = importlib.util.spec_from_file_location("loaded_function_app", APP / "function_app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(os.environ, environ, clear=True):
        spec.loader.exec_module(module)
    try:
        yield App(module)
    finally:
        module.service.close()
