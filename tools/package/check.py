"""Start a package as in Azure: unpacked, read-only, isolated.

Isolated means a process without the project's environment: `python -I -S` has only the standard library. It gets the
package's own site-packages, and a folder of links to the packages of the local host, as Azure's worker has its own. A
dependency that the package lacks is missing there as it would be in Azure.
"""

import json
import os
import platform
import secrets
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import smoke
from tools.errors import PackageError
from tools.package.dependencies import SITE_PACKAGES
from tools.smoke.client import Client, SmokeError

HOST = ("azure_functions_runtime", "azurefunctions", "click", "h11", "httptools", "tools", "uvicorn", "uvloop")
"""Imports of the local host besides the standard library. `azure.functions` is the package's own, as in Azure."""
START = "import sys; sys.path += sys.argv[1:3]; from tools.host import main; sys.exit(main(sys.argv[3:]))"
CHALLENGER = "model/challenger/slr.json"
START_SECONDS = 60.0
USER = "check"
READ_ONLY = 0o555


def check(archive: Path) -> float:
    """Start the package, request the golden examples, and start it again. Returns that cold start in seconds.

    A challenger in the package is served too, in the champion's place: it must load there and predict right. The first
    start loads the files into memory, so that the figure is about the package and not about this machine's disk. Raises
    PackageError when the package does not start, returns wrong results or writes into its folder.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise PackageError("The package is made but not checked: only Linux on x86_64 can start it.")
    with TemporaryDirectory() as name:
        app, password = unpack(archive, Path(name) / "wwwroot"), secrets.token_urlsafe()
        before, environ = paths(app), settings(password)
        token = check_model(app, environ, password)
        if (app / CHALLENGER).exists():
            check_model(app, {**environ, "MODEL_MANIFEST": CHALLENGER}, password, "with the challenger served, ")
        seconds = cold_start(app, environ, token)
        if written := paths(app) - before:
            raise PackageError(f"The package is not complete: it wrote {sorted(written)[0]} into its folder.")
    return seconds


def check_model(app: Path, environ: Mapping[str, str], password: str, subject: str = "") -> str:
    """Serve a model of the package and request its golden examples. Returns a token. Raises PackageError."""
    try:
        with serving(app, environ) as url:
            list(smoke.run_checks(Client(url), USER, password))
            return smoke.login(Client(url), USER, password)
    except SmokeError as error:
        raise PackageError(f"The package starts, but {subject}{error}.") from None


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the package into a read-only folder. Root can still write there, which `check` notices."""
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(READ_ONLY)
    return folder


def paths(folder: Path) -> set[str]:
    """Return all paths in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def settings(password: str) -> Mapping[str, str]:
    """Return app settings as in production, with one user."""
    from shared.auth import passwords

    users = json.dumps({USER: passwords.hash_password(password)})
    return {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "TOKEN_KEY": secrets.token_urlsafe(48), "USERS": users}


def cold_start(app: Path, environ: Mapping[str, str], token: str) -> float:
    """Return the seconds from the start of a process to its first prediction. Raises PackageError."""
    example = json.loads((app / "model/slr.json").read_text(encoding="utf-8"))["examples"][0]
    body = json.dumps({"instances": [example["instance"]]}).encode()
    started = time.perf_counter()
    try:
        with serving(app, environ) as url:
            Client(url, token).require_ok("/predict", body)
            return time.perf_counter() - started
    except SmokeError as error:
        raise PackageError(f"The package started, but the second time {error}.") from None


@contextmanager
def serving(app: Path, environ: Mapping[str, str], options: Sequence[str] = ()) -> Iterator[str]:
    """Serve an unpacked package in a separate process, started with Python's `options`, and yield its URL.

    Raises PackageError, with the output of the process, when it does not start.
    """
    with TemporaryDirectory() as name, (Path(name) / "stderr").open("w+") as stderr:
        links = str(link_host(Path(name)))
        command = [sys.executable, "-I", "-S", *options, "-c", START, str(app / SITE_PACKAGES), links]
        process = subprocess.Popen(
            [*command, "--app", str(app), "--port", "0"],
            cwd=name,
            env={"PATH": os.defpath, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
        )
        timeout = threading.Timer(START_SECONDS, process.kill)
        timeout.start()
        with process:
            try:
                lines = iter(process.stdout or ())
                url = next((line.split()[-1] for line in lines if line.startswith("Serving on")), None)
                timeout.cancel()
                if url is None:
                    stderr.seek(0)
                    raise PackageError(f"The package does not start.\n{stderr.read().rstrip()}")
                yield url
            finally:
                process.terminate()


def link_host(folder: Path) -> Path:
    """Create a folder with links to the packages of the local host. Raises PackageError when one is missing."""
    links = folder / "host"
    links.mkdir()
    for name in HOST:
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise PackageError(f"The local host needs {name}, which is not installed.")
        (links / name).symlink_to(spec.submodule_search_locations[0])
    return links
