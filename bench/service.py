"""The service's own functions, for a function app here that serves them with one thing changed."""

from importlib.util import module_from_spec, spec_from_file_location

import azure.functions as func
from shared.manifest import APP


def service() -> func.FunctionApp:
    """What the service's function_app.py declares, loaded under another name than the file's that changes it."""
    spec = spec_from_file_location("service", APP / "function_app.py")
    if spec is None or spec.loader is None:
        raise ImportError("there is no service")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    app: func.FunctionApp = module.app
    return app
