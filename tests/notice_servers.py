"""Servers of our own for the tests of notices: a mail server and the vendors' robots, over TLS with our authority.

They are threads on the loopback address. What they do wrong is said by ``fault``; what they took is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST, TOKEN, SECRET = "127.0.0.1", "693a-token-of-the-robot", "SEC-of-the-robot"
ACCOUNT, PASSWORD = "center@example.gov.cn", "word-of-the-mailbox"


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """Write an authority's certificate and a server's key with its certificate; return both paths."""
    now, key, server = (
        datetime.now(UTC),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])

    def certificate(subject, of, extension):
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(authority).public_key(of.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        built = built.not_valid_after(now + timedelta(days=1)).add_extension(extension, critical=True)
        return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    (folder / "ca.pem").write_bytes(certificate(authority, key, x509.BasicConstraints(ca=True, path_length=None)))
    named = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pair = server.private_bytes(*form) + certificate(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]), server, named
    )
    (folder / "server.pem").write_bytes(pair)
    return folder / "ca.pem", folder / "server.pem"


class MailServer:
    """Enough of RFC 5321 with STARTTLS and AUTH PLAIN. ``letters`` are (sender, recipients, text).

    ``fault``: ``no_tls`` ``no_login`` ``no_recipient`` ``busy`` ``refuses_text`` ``cut_before_text`` ``cut_after_text``
    ``silent`` ``drips``; ``tls_first`` is none, but the other way to encrypt.
    """

    def __init__(self, pair: Path) -> None:
        self.fault, self.letters, self.logins = "", list[tuple[str, list[str], bytes]](), 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pair)
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError):
            if self.fault == "silent":
                time.sleep(5)
                return
            if self.fault == "drips":
                for _ in range(50):
                    line.send(b"2")
                    time.sleep(0.1)
            self._converse(line)

    def _converse(self, line: socket.socket) -> None:
        secured = self.fault == "tls_first"
        line = self.context.wrap_socket(line, server_side=True) if secured else line
        file = line.makefile("rwb", buffering=0)

        def say(text: str) -> None:
            file.write(text.encode() + b"\r\n")

        say("421 busy" if self.fault == "busy" else "220 ready")
        sender, to = "", []
        while command := file.readline().decode(errors="replace").strip():
            word = command.upper()
            if word.startswith(("EHLO", "HELO")):
                tls = "" if secured or self.fault == "no_tls" else "250-STARTTLS\r\n"
                say(f"250-us\r\n{tls}250-SIZE 1000000\r\n250 AUTH PLAIN")
            elif word == "STARTTLS":
                say("220 go")
                line = self.context.wrap_socket(line, server_side=True)
                file, secured = line.makefile("rwb", buffering=0), True
            elif word.startswith("AUTH PLAIN"):
                right = base64.b64decode(command.split()[2]).decode() == f"\0{ACCOUNT}\0{PASSWORD}"
                self.logins += right and secured
                say("235 ok" if right and self.fault != "no_login" else f"535 wrong password {PASSWORD}")
            elif word.startswith("MAIL"):
                sender, to = command.split("<")[1].split(">")[0], []
                say("250 ok")
            elif word.startswith("RCPT"):
                to.append(command.split("<")[1].split(">")[0])
                say("550 no such user" if self.fault == "no_recipient" else "250 ok")
            elif word == "DATA":
                if self.fault == "cut_before_text":
                    line.close()
                    return
                say("354 go")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += file.readline()
                if self.fault != "refuses_text":
                    self.letters.append((sender, to, text[:-5].replace(b"\r\n..", b"\r\n.")))
                if self.fault == "cut_after_text":
                    line.shutdown(socket.SHUT_RDWR)
                    return
                say("554 no" if self.fault == "refuses_text" else "250 taken")
            else:
                say("250 ok")


class Robots:
    """The vendors' addresses. ``bodies`` are the messages taken, by vendor; ``answer`` replaces (status, body)."""

    def __init__(self, pair: Path) -> None:
        self.answer: tuple[int, str] | None = None
        self.delay, self.cut, self.headers = 0.0, False, dict[str, str]()
        self.bodies, self.asked = list[tuple[str, dict]](), 0
        robots = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                robots.asked += 1
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if robots.cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                time.sleep(robots.delay)
                status, text = robots.answer or (200, robots.judge(self.path, json.loads(content)))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text.encode())), **robots.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *facts: object) -> None:
                return

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *facts: None  # a client that hangs up is what some tests are about
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def judge(self, address: str, body: dict) -> str:
        """Answer as the vendor of the path documents it."""
        parts, asked = urlsplit(address), {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        if parts.path == "/cgi-bin/webhook/send":
            return self._wecom(asked, body)
        if parts.path == "/robot/send":
            return self._dingtalk(asked, body)
        if parts.path == f"/open-apis/bot/v2/hook/{TOKEN}":
            return self._feishu(body)
        return '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}'

    def _wecom(self, asked: dict, body: dict) -> str:
        if asked != {"key": TOKEN}:
            return '{"errcode":93000,"errmsg":"invalid webhook url, hint: [1], from ip: 127.0.0.1"}'
        if len(body["text"]["content"].encode()) > 2048:
            return '{"errcode":40058,"errmsg":"text.content exceed max length 2048"}'
        self.bodies.append(("wecom", body))
        return '{"errcode":0,"errmsg":"ok"}'

    def _dingtalk(self, asked: dict, body: dict) -> str:
        if asked.get("access_token") != TOKEN:
            return '{"errcode":300001,"errmsg":"token is not exist"}'
        moment = asked.get("timestamp", "0")
        right = hmac.new(SECRET.encode(), f"{moment}\n{SECRET}".encode(), hashlib.sha256).digest()
        if asked.get("sign") != base64.b64encode(right).decode() or abs(int(moment) / 1000 - time.time()) > 3600:
            return '{"errcode":310000,"errmsg":"sign not match"}'
        self.bodies.append(("dingtalk", body))
        return '{"errcode":0,"errmsg":"ok"}'

    def _feishu(self, body: dict) -> str:
        moment = body.get("timestamp", "0")
        right = hmac.new(f"{moment}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
        if body.get("sign") != base64.b64encode(right).decode() or abs(int(moment) - time.time()) > 3600:
            return (
                '{"code":19021,"data":{},"msg":"sign match fail or timestamp is not within one hour from current time"}'
            )
        self.bodies.append(("feishu", body))
        return '{"code":0,"data":{},"msg":"success"}'


@contextmanager
def running(folder: Path):
    """A mail server, the robots, and the authority that both are trusted by."""
    authority, pair = make_certificates(folder)
    mail, robots = MailServer(pair), Robots(pair)
    try:
        yield mail, robots, authority
    finally:
        mail.listener.close()
        robots.server.shutdown()
        robots.server.server_close()
