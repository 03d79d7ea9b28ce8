"""HTTP/1.1 as the real host's server speaks it, where uvicorn's own protocol differs.

Java's HttpClient and `curl --http2` offer an upgrade to HTTP/2 with their first request. uvicorn's parser stops after
the headers of such a request, and its body is lost; Kestrel, the real host's server, declines and reads on.
"""

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """One connection. It declines every offer to upgrade."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.declined = b""
        """The head of a request without its offer, between the two times that it is parsed."""
        self.parser = Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does, for pipelined requests

    def on_headers_complete(self) -> None:
        """Start the request, unless it has an offer: then it is parsed again without it."""
        self.declined = self.head_without_offer() if self.parser.should_upgrade() else b""
        if self.declined:
            return
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's body, unless its headers are parsed again first."""
        if not self.declined:
            super().on_message_complete()

    def head_without_offer(self) -> bytes:
        """Return the first line and the other headers of a request with an Upgrade header; empty for a CONNECT."""
        kept = [(name, value) for name, value in self.headers if name != b"upgrade"]
        if len(kept) == len(self.headers):
            return b""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in kept]
        return b"\r\n".join([*lines, b"", b""])


class Parser(httptools.HttpRequestParser):
    """A parser that reads a request with an offer to its end."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__(protocol)
        self.protocol = protocol

    def feed_data(self, data: Any) -> None:
        """Parse bytes. Raises HttpParserUpgrade for a CONNECT, and HttpParserError."""
        while True:
            try:
                super().feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                if not self.protocol.declined:
                    raise
                (end,) = offer.args
            super().feed_data(self.protocol.declined)
            data = memoryview(data)[end:]
