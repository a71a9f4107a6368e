"""The server of the explorer: local address, token, host check, and one page."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from accountability.errors import ParameterError
from accountability.publish.templating import TEMPLATES

_HERE: Final = "127.0.0.1"
_MOST: Final = 100_000  # bytes of a question

Answers = Mapping[str, Callable[[Mapping[str, Any]], Any]]


@dataclass(frozen=True, slots=True)
class Served:
    """A running server.

    Attributes
    ----------
    address : str
        Address with the token.
    thread : Thread
        Thread of the server.
    server : ThreadingHTTPServer
        The server.
    """

    address: str
    thread: threading.Thread
    server: ThreadingHTTPServer

    def close(self) -> None:
        """Stop it and free its port."""
        self.server.shutdown()
        self.server.server_close()


def serve(answers: Answers, port: int = 0) -> Served:
    """Serve the explorer's page and answers to this machine only."""
    token = secrets.token_urlsafe(24)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path != "/" or not self._allowed("".join(parse_qs(asked.query).get("token", []))):
                self._refuse()
                return
            nonce = secrets.token_urlsafe(12)
            page = (TEMPLATES / "explorer.html").read_text(encoding="utf-8").replace("NONCE", nonce)
            self._send(200, page.encode(), "text/html; charset=utf-8", nonce)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            name = self.path.strip("/")
            # A page of another site cannot send this header without being asked first, and nothing answers that.
            allowed = self._allowed(self.headers.get("X-Token", ""))
            if not allowed or name not in answers or length > _MOST:
                self._refuse()
                return
            try:
                said = json.loads(self.rfile.read(length) or b"{}")
            except ValueError:
                self._refuse(400)
                return
            try:
                found = answers[name](said)
            except Exception as error:  # the page must say that it stopped, whatever it was
                found = {"refused": f"It stopped: {type(error).__name__}: {error}"}
            self._send(200, json.dumps(found, default=str).encode(), "application/json")

        def _allowed(self, given: str) -> bool:
            host = self.headers.get("Host", "")
            own = {f"{name}:{server.server_port}" for name in (_HERE, "localhost")}
            return host in own and hmac.compare_digest(given.encode(), token.encode())

        def _refuse(self, status: int = 403) -> None:
            self._send(status, b"Open the address that was printed, whole.", "text/plain; charset=utf-8")

        def _send(self, status: int, body: bytes, kind: str, nonce: str = "") -> None:
            local = "http://127.0.0.1:* http://localhost:*"
            policy = (
                f"default-src 'none'; img-src data:; connect-src 'self'; style-src 'nonce-{nonce}'; "
                f"script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors {local}"
            )
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", policy),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-store"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of single requests."""

    try:
        server = ThreadingHTTPServer((_HERE, port), Handler)
    except OSError as error:
        raise ParameterError(f"port {port} cannot be used ({error.strerror}); --port 0 takes a free one") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    return Served(f"http://{_HERE}:{server.server_port}/?token={token}", thread, server)
