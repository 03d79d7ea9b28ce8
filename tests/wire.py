"""Requests that no HTTP client would send, byte by byte."""

import socket
from contextlib import suppress

from tests.services import Service


def connected(service: Service) -> socket.socket:
    """Open a connection to the service."""
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def raw(service: Service, request: bytes) -> tuple[int, bytes]:
    """Send some bytes. Returns status and body of the response; 0 when there is none within a second."""
    response = b""
    with connected(service) as connection, suppress(TimeoutError, ConnectionError):
        connection.sendall(request)
        connection.settimeout(1)
        while chunk := connection.recv(65_536):
            response += chunk
    head, _, body = response.partition(b"\r\n\r\n")
    return (int(head.split()[1]), body) if head else (0, b"")


def request_bytes(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """Return a request with a first line and headers; the connection is closed after the response."""
    return b"\r\n".join([line, b"Host: localhost", b"Connection: close", *headers, b"", body])
