"""Servers to send to, in threads of the test: a real FTP server, and one that speaks as much WebDAV as is wanted."""

import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

with warnings.catch_warnings():
    # It is built on asyncore, which Python 3.11 deprecates, and from 3.12 on brings its own.
    warnings.simplefilter("ignore")
    from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.servers import ThreadedFTPServer  # type: ignore[import-untyped]

USER, PASSWORD = "solar", "correct horse battery"


class FtpServer:
    """`folder` holds what arrived, `commands` what was said; `refusals` are answers to commands, in place of the deed.

    Where it `keeps` only so many bytes of a file, that is because the connection ended there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[str] = []
        self.refusals: dict[str, str] = {}
        self.keeps: int | None = None
        self.port = 0
        self._once: set[str] = set()

    def refuse_once(self, command: str, answer: str) -> None:
        """Answer the command so the next time only."""
        self.refusals[command] = answer
        self._once.add(command)

    def refusal(self, command: str) -> str | None:
        """What the command is answered with, if it is not to be done."""
        answer = self.refusals.get(command)
        if command in self._once:
            self._once.discard(command)
            del self.refusals[command]
        return answer


@contextmanager
def ftp_server(folder: Path, certificate: Path | None = None) -> Iterator[FtpServer]:
    """A server on a free port; with `certificate` it wants TLS before the password."""
    known = FtpServer(folder)
    base: Any = FTPHandler if certificate is None else TLS_FTPHandler

    class Handler(base):  # type: ignore[misc]
        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            known.commands.append(f"{cmd} {arg}".strip() if cmd != "PASS" else "PASS")
            if answer := known.refusal(cmd):
                self.respond(answer)
            else:
                super().pre_process_command(line, cmd, arg)

        def on_file_received(self, file: str) -> None:
            if known.keeps is not None:
                Path(file).write_bytes(Path(file).read_bytes()[: known.keeps])

    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")
    Handler.authorizer = users
    Handler.auth_failed_timeout = 0
    if certificate is not None:
        Handler.certfile = str(certificate)
        Handler.tls_control_required = Handler.tls_data_required = True
    server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    known.port = server.address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.05, "handle_exit": False})
    thread.start()
    try:
        yield known
    finally:
        server.close_all()
        thread.join(20)


class DavServer:
    """`files` holds what arrived, `requests` methods, paths and headers; `answers` are statuses in place of deeds."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.answers: dict[str, int] = {}
        self.port = 0


@contextmanager
def dav_server(certificate: Path | None = None) -> Iterator[DavServer]:
    """A server on a free port that knows PUT and MOVE, by TLS where it has a certificate."""
    known = DavServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._do(lambda: known.files.update({self.path: body}))

        def do_MOVE(self) -> None:
            to = urlsplit(self.headers["Destination"]).path
            self._do(lambda: known.files.update({to: known.files.pop(self.path)}))

        def _do(self, deed: Callable[[], None]) -> None:
            """Note the request, do what it says unless it is to be refused, and only then answer."""
            known.requests.append((self.command, self.path, dict(self.headers)))
            status = known.answers.get(self.command, 201)
            if status == 201:
                deed()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    known.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
