"""Starts a package as Azure would find it: unpacked, read-only, alone.

Alone means a process that has no environment of the project: `python -I -S` knows the standard library only. To that
come the package's own site-packages, and a folder of links to what the local host itself is made of, as Azure's worker
brings its own. What the package lacks is missing there as it would be in Azure.
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
from tools.package.dependencies import SITE_PACKAGES
from tools.package.errors import PackageError

HOST = ("azure_functions_runtime", "azurefunctions", "click", "h11", "httptools", "tools", "uvicorn", "uvloop")
"""What the local host imports beside the standard library. `azure.functions` is the package's own, as in Azure."""
START = "import sys; sys.path += sys.argv[1:3]; from tools.host import main; sys.exit(main(sys.argv[3:]))"
START_SECONDS = 60.0
USER = "check"
READ_ONLY = 0o555


def checked(archive: Path) -> float:
    """Start the package, ask it for the golden examples, and start it again; returns that cold start in seconds.

    The first start brings the files into memory, so that the figure is about the package and not about this machine's
    disk. Raises PackageError when the package does not start, answers wrongly or writes into its folder.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise PackageError("The package is made, but not checked: only Linux on x86_64 can start it.")
    with TemporaryDirectory() as name:
        app, password = unpacked(archive, Path(name) / "wwwroot"), secrets.token_urlsafe()
        before, environ = listing(app), settings(password)
        try:
            with started(app, environ) as url:
                list(smoke.smoke(smoke.Service(url), USER, password))
                token = smoke.login(smoke.Service(url), USER, password)
            seconds = cold_start(app, environ, token)
        except smoke.SmokeError as error:
            raise PackageError(f"The package starts, but {error}.") from None
        if written := listing(app) - before:
            raise PackageError(f"The package is not complete: it wrote {sorted(written)[0]} into its folder.")
    return seconds


def unpacked(archive: Path, folder: Path) -> Path:
    """The package in a folder that nobody may write to. (Root may; what it wrote is found afterwards.)"""
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(READ_ONLY)
    return folder


def listing(folder: Path) -> set[str]:
    """All paths in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def settings(password: str) -> Mapping[str, str]:
    """App settings as in production, with one user."""
    from shared.auth import passwords

    users = json.dumps({USER: passwords.hashed(password)})
    return {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "TOKEN_KEY": secrets.token_urlsafe(48), "USERS": users}


def cold_start(app: Path, environ: Mapping[str, str], token: str, options: Sequence[str] = ()) -> float:
    """The seconds from the start of a process to its first prediction. Raises PackageError, SmokeError."""
    example = json.loads((app / "model/slr.json").read_text(encoding="utf-8"))["examples"][0]
    body = json.dumps({"instances": [example["instance"]]}).encode()
    begun = time.perf_counter()
    with started(app, environ, options) as url:
        smoke.Service(url, token).succeed("/predict", body)
        return time.perf_counter() - begun


@contextmanager
def started(app: Path, environ: Mapping[str, str], options: Sequence[str] = ()) -> Iterator[str]:
    """Serve an unpacked package in a process of its own, started with Python's `options`; gives its URL.

    Raises PackageError, with what it said, when it does not start.
    """
    with TemporaryDirectory() as name, (Path(name) / "stderr").open("w+") as said:
        command = [sys.executable, "-I", "-S", *options, "-c", START, str(app / SITE_PACKAGES), str(links(Path(name)))]
        process = subprocess.Popen(
            [*command, "--app", str(app), "--port", "0"],
            cwd=name,
            env={"PATH": os.defpath, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
        )
        impatience = threading.Timer(START_SECONDS, process.kill)
        impatience.start()
        with process:
            try:
                lines = iter(process.stdout or ())
                url = next((line.split()[-1] for line in lines if line.startswith("Serving on")), None)
                impatience.cancel()
                if url is None:
                    said.seek(0)
                    raise PackageError(f"The package does not start.\n{said.read().rstrip()}")
                yield url
            finally:
                process.terminate()


def links(folder: Path) -> Path:
    """A folder with nothing but links to what the host is made of."""
    made = folder / "host"
    made.mkdir()
    for name in HOST:
        spec = find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise PackageError(f"The local host needs {name}, which is not installed.")
        (made / name).symlink_to(spec.submodule_search_locations[0])
    return made
