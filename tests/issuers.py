"""A small OpenID Connect issuer on a free port: real keys, a discovery document, and simulated failures."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.listening import listening

AUDIENCE = "api://egl-ml"
DISCOVERY = "/tenant/.well-known/openid-configuration"

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the key of this name. It is generated once, which takes a tenth of a second."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the key of this name."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: PrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    """Return the public key as the issuer publishes it."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    jwk: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)  # type: ignore[arg-type]
    return {**jwk, "kid": kid, "use": "sig", **members}


@dataclass
class Issuer:
    """The issuer's documents and behaviour. A changed member applies to the next request."""

    server: ThreadingHTTPServer
    keys: list[dict[str, Any]]
    status: int = 200
    delay: float = 0.0
    """Seconds before a response."""
    dribble: float = 0.0
    """Seconds between two bytes of a response."""
    keys_body: bytes | None = None
    """Replaces the keys."""
    document: dict[str, Any] = field(default_factory=dict)
    """Replaces members of the discovery document."""
    requested: list[str] = field(default_factory=list)
    """Paths of the requests so far."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/tenant"

    def token(self, key: PrivateKey | None = None, kid: str = "first", header: Any = None, **changed: Any) -> str:
        """Return a token of this issuer, signed with `key` (by default the first); None removes a claim or member."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "subject-1",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            "scp": "openid predict",
            **changed,
        }
        signing = key or rsa_key("first")
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            signing,
            "RS256" if isinstance(signing, rsa.RSAPrivateKey) else "ES256",
            headers={"kid": kid, "typ": "JWT", **(header or {})},
        )

    def body(self, path: str) -> bytes | None:
        """Return the body of a response, or None for an unknown path."""
        if path == DISCOVERY:
            return json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.document}).encode()
        if path == "/tenant/keys":
            return self.keys_body if self.keys_body is not None else json.dumps({"keys": self.keys}).encode()
        return None


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an issuer with one RSA key, `first`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.requested.append(self.path)
            time.sleep(issuer.delay)
            body = issuer.body(self.path)
            self.send_response(404 if body is None else issuer.status)
            self.send_header("Location", f"{issuer.url}/elsewhere")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            pieces = [bytes([byte]) for byte in body or b""] if issuer.dribble else [body or b""]
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(issuer.dribble)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore clients that disconnect, which is part of the tests."""

    issuer = Issuer(Server(("127.0.0.1", 0), Handler), [public_jwk(rsa_key("first"), "first")])
    with listening(issuer.server):
        try:
            yield issuer
        finally:
            issuer.dribble = 0.0  # a client may still read
