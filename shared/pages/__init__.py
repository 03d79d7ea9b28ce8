"""The pages for people: the front page, the docs page, and what they load.

Nothing is read before somebody opens a page, and then off the event loop: predictions pay nothing for it.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlsplit

from shared import manifest, offload, rules, settings
from shared.endpoint import Answer, Declaration
from shared.pages import about, files
from shared.pages.files import File
from shared.problems import NotFound

PICTURE = "picture.json"
FOREVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self'{images}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HOME_POLICY = _STRICT.format(styles="", images="") + "; require-trusted-types-for 'script'; trusted-types 'none'"
DOCS_POLICY = _STRICT.format(styles=" 'unsafe-inline'", images=" data:")
"""Swagger UI writes styles into its elements, and its style sheet holds its icons."""


async def home(declared: Iterable[Declaration], headers: Mapping[str, str]) -> Answer:
    """The front page; `declared` is what the service answers."""
    return await _page(await offload.run(_home, declared), HOME_POLICY, headers)


async def docs(headers: Mapping[str, str]) -> Answer:
    """The page of Swagger UI."""
    return await _page(await offload.run(files.page, "docs.html"), DOCS_POLICY, headers)


async def asset(path: str, headers: Mapping[str, str]) -> Answer:
    """What lies at `path`, which starts with the assets' version. Raises NotFound.

    Another version's address gets today's file, not to be kept: while a deployment rolls out, both are asked for.
    """
    if path == PICTURE:
        return await _answer(await offload.run(files.picture, manifest.path().with_suffix(f".{PICTURE}")), headers)
    version, _, name = path.partition("/")
    found = (await offload.run(files.assets)).get(name)
    if found is None:
        raise NotFound("There is no such asset")
    return await _answer(found, headers, FOREVER if version == files.version() else ALWAYS_ASK)


def _home(declared: Iterable[Declaration]) -> File:
    told = {"dashboard": dashboard(), "demo": demo_user(), "login": login(), "store": store()}
    pieces = {name: escape(text) for name, text in told.items()}
    return files.page("home.html", **pieces, **about.about(), endpoints=about.endpoints(declared))


def dashboard() -> str:
    """The local dashboard's address, where telemetry goes to one on this machine; else empty."""
    told = settings.current()
    if told.environment != "Development" or not told.applicationinsights_connection_string:
        return ""
    endpoint = rules.ingestion(told.applicationinsights_connection_string).endpoint
    return endpoint if urlsplit(endpoint).hostname in THIS_MACHINE else ""


def login() -> str:
    """How people log in here: with a `password`, or with a `token` that another issuer gave them."""
    return "password" if settings.current().local_tokens else "token"


def store() -> str:
    """`true` where features may come from a store."""
    return "true" if settings.current().features_source != "none" else "false"


def demo_user() -> str:
    """The user whose password is in the docs, where there is one: on a laptop only."""
    told = settings.current()
    names = (name for name, user in told.users.items() if user["password_hash"] == settings.DEMO_HASH)
    return next(names, "") if told.environment == "Development" else ""


async def _page(file: File, policy: str, headers: Mapping[str, str]) -> Answer:
    guards = {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
    }
    return await _answer(file, headers, more=guards)


async def _answer(
    file: File, headers: Mapping[str, str], keep: str = ALWAYS_ASK, *, more: Mapping[str, str] | None = None
) -> Answer:
    """The file as this client takes it, or 304 when the client has it (RFC 9110 §13.1.2)."""
    zipped = _takes_gzip(headers.get("accept-encoding", ""))
    tag = f'"{file.digest}-gzip"' if zipped else f'"{file.digest}"'
    said = {"Cache-Control": keep, "ETag": tag, "Vary": "Accept-Encoding", **(more or {})}
    if _has(headers.get("if-none-match", ""), tag):
        return Answer(b"", 304, file.media_type, said)
    if not zipped:
        return Answer(await offload.run(file.plain), 200, file.media_type, said)
    return Answer(file.gzipped, 200, file.media_type, {**said, "Content-Encoding": "gzip"})


def _takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding allows gzip: named, or meant by `*`, and not with a weight of 0 (RFC 9110 §12.5.3)."""
    weights: dict[str, bool] = {}
    for each in accepted.lower().split(","):
        coding, _, parameter = each.partition(";")
        weights[coding.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameter)
    return weights.get("gzip", weights.get("*", False))


def _has(tags: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; weak comparison."""
    return tags.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in tags.split(","))
