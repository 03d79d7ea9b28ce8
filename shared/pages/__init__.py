"""The pages for people: home page, docs page, and their assets.

Nothing is read before somebody opens a page, and then off the event loop: predictions are not slowed down. All links
are relative, so that the pages also work behind a gateway that adds a prefix to every path.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from urllib.parse import urlsplit

from shared import validators
from shared.api.routes import HTML, Response, Route
from shared.model.manifest_file import ManifestFile
from shared.pages import facts
from shared.pages.files import File, Files, picture
from shared.problems import NotFound
from shared.settings import DEMO_HASH, Settings
from shared.threads import Pool

PICTURE = "picture.json"
KEEP_FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self'{images}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HOME_POLICY = _STRICT.format(styles="", images="") + "; require-trusted-types-for 'script'; trusted-types 'none'"
DOCS_POLICY = _STRICT.format(styles=" 'unsafe-inline'", images=" data:")
"""Swagger UI writes styles into its elements, and its style sheet contains its icons."""


class Pages:
    """The pages of one service."""

    def __init__(self, settings: Settings, manifest_file: ManifestFile, pool: Pool) -> None:
        self._settings = settings
        self._manifest_file = manifest_file
        self._pool = pool
        self._files = Files()
        self._home: File | None = None

    async def home(self, routes: Iterable[Route], headers: Mapping[str, str]) -> Response:
        """Return the home page; it lists `routes`."""
        return await self._page(await self._pool.run(self._home_file, routes), HOME_POLICY, headers)

    async def docs(self, path: str, headers: Mapping[str, str]) -> Response:
        """Return the page of Swagger UI. With a slash at its end the path is redirected: links would lead elsewhere."""
        if path.endswith("/"):
            return Response(b"", 308, HTML, {"Location": "../docs", "Cache-Control": REVALIDATE})
        return await self._page(await self._pool.run(lambda: self._docs), DOCS_POLICY, headers)

    async def asset(self, path: str, headers: Mapping[str, str]) -> Response:
        """Return the asset at `path`, which starts with the assets' version. Raises NotFound.

        Another version's URL gets today's file, not to be kept: during a deployment clients request both.
        """
        if path == PICTURE:
            return await self._file(await self._pool.run(lambda: self._picture), headers)
        version, _, name = path.partition("/")
        file = (await self._pool.run(lambda: self._files.assets)).get(name)
        if file is None:
            raise NotFound("There is no such asset")
        return await self._file(file, headers, KEEP_FOREVER if version == self._files.version else REVALIDATE)

    @cached_property
    def _docs(self) -> File:
        dashboards = facts.dashboards_link(dashboard(self._settings))
        return self._files.page("docs.html", dashboards=dashboards, demo=escape(demo_user(self._settings)))

    @cached_property
    def _picture(self) -> File:
        return picture(self._manifest_file.path.with_suffix(f".{PICTURE}"))

    def _home_file(self, routes: Iterable[Route]) -> File:
        """Make the home page; once, unless the model's manifest cannot be read now."""
        if self._home is not None:
            return self._home
        settings = {
            "dashboard": dashboard(self._settings),
            "demo": demo_user(self._settings),
            "login": "password" if self._settings.local_tokens else "token",
            "store": "true" if self._settings.has_feature_store else "false",
        }
        pieces = {name: escape(text) for name, text in settings.items()}
        pieces["dashboards"] = facts.dashboards_link(settings["dashboard"])
        model = facts.model_facts(self._manifest_file)
        page = self._files.page("home.html", **pieces, **model, endpoints=facts.route_list(routes))
        if model["facts"]:
            self._home = page
        return page

    async def _page(self, file: File, policy: str, headers: Mapping[str, str]) -> Response:
        guards = {
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
        }
        return await self._file(file, headers, guards=guards)

    async def _file(
        self,
        file: File,
        headers: Mapping[str, str],
        cache: str = REVALIDATE,
        *,
        guards: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the file in a form that this client accepts, or 304 when the client has it (RFC 9110 §13.1.2)."""
        gzipped = _accepts_gzip(headers.get("accept-encoding", ""))
        tag = f'"{file.digest}-gzip"' if gzipped else f'"{file.digest}"'
        own = {"Cache-Control": cache, "ETag": tag, "Vary": "Accept-Encoding", **(guards or {})}
        if _matches(headers.get("if-none-match", ""), tag):
            return Response(b"", 304, file.media_type, own)
        if not gzipped:
            return Response(await self._pool.run(file.plain), 200, file.media_type, own)
        return Response(file.gzipped, 200, file.media_type, {**own, "Content-Encoding": "gzip"})


def dashboard(settings: Settings) -> str:
    """Return the local dashboards' URL, where telemetry goes to a program on this machine; else an empty text."""
    if not settings.development or not settings.applicationinsights_connection_string:
        return ""
    endpoint = validators.ingestion(settings.applicationinsights_connection_string).endpoint
    return endpoint if urlsplit(endpoint).hostname in THIS_MACHINE else ""


def demo_user(settings: Settings) -> str:
    """Return the user with the password of the docs, where there is one: on a laptop only."""
    names = (name for name, user in settings.users.items() if user["password_hash"] == DEMO_HASH)
    return next(names, "") if settings.development else ""


def _accepts_gzip(accepted: str) -> bool:
    """Return True when Accept-Encoding allows gzip: by name or `*`, and not with a weight of 0 (RFC 9110 §12.5.3)."""
    weights: dict[str, bool] = {}
    for item in accepted.lower().split(","):
        coding, _, parameter = item.partition(";")
        weights[coding.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameter)
    return weights.get("gzip", weights.get("*", False))


def _matches(tags: str, tag: str) -> bool:
    """Return True when If-None-Match names the tag; weak comparison."""
    return tags.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in tags.split(","))
