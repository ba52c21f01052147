"""A front-end machine that misbehaves on purpose, and a line that breaks where a test wants it to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import asyncssh

from shuyuan.catalog import Resource
from shuyuan.entry import Department, Entry
from shuyuan.project import Project
from shuyuan.sources.connections import Connection

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
LOGIN_KEY = asyncssh.generate_private_key("ssh-ed25519")
QUICK = {"conn_timeout": 3, "banner_timeout": 3, "auth_timeout": 5, "reply_timeout": 1, "rate_window": 1}


@dataclass
class Plan:
    """What the machine does wrong; the defaults are a well-behaved one."""

    names: list[bytes] = field(default_factory=list)
    size: Callable[[bytes, int], int] = lambda path, size: size
    before_read: Callable[[int], None] = lambda offset: None
    endless: bool = False
    shortest: int | None = None
    logins: list[str] = field(default_factory=list)


def hostile_server(plan: Plan, folder: Path) -> type[asyncssh.SFTPServer]:
    class Hostile(asyncssh.SFTPServer):
        def __init__(self, channel):
            super().__init__(channel, chroot=str(folder).encode())

        async def scandir(self, path):
            async for name in super().scandir(path):
                yield name
            for raw in plan.names:
                yield asyncssh.SFTPName(raw, attrs=asyncssh.SFTPAttrs(size=3, permissions=0o100644, mtime=1))

        def lstat(self, path):
            return self._lie(path, super().lstat(path))

        def fstat(self, file_obj):
            return self._lie(b"", super().fstat(file_obj))

        def _lie(self, path, told):
            attrs = asyncssh.SFTPAttrs.from_local(told)
            attrs.size = plan.size(path, attrs.size)
            return attrs

        async def read(self, file_obj, offset, size):
            await asyncio.get_running_loop().run_in_executor(None, plan.before_read, offset)
            if plan.endless:
                return b"x" * size
            if plan.shortest:
                size = min(size, plan.shortest)
            return super().read(file_obj, offset, size)

    return Hostile


class _Door(asyncssh.SSHServer):
    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username, key) -> bool:
        self._plan.logins.append("key")
        return key == LOGIN_KEY.convert_to_public()

    def kbdint_auth_supported(self) -> bool:
        return True

    def get_kbdint_challenge(self, username, lang, submethods):
        self._plan.logins.append("keyboard")
        return True

    def validate_password(self, username, password) -> bool:
        self._plan.logins.append("password")
        return password == "right"


async def _end(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextlib.contextmanager
def serving(plan: Plan, folder: Path, host_key: asyncssh.SSHKey = HOST_KEY) -> Iterator[int]:
    """Serve ``folder`` as ``plan`` says and yield the port."""
    loop, ports = asyncio.new_event_loop(), []
    ready = threading.Event()

    async def start():
        acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            server_factory=lambda: _Door(plan),
            sftp_factory=hostile_server(plan, folder),
            encryption_algs=["aes128-gcm@openssh.com"],
        )
        ports.append(acceptor.get_port())
        ready.set()

    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ports[0]
    finally:
        asyncio.run_coroutine_threadsafe(_end(loop), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


class Proxy:
    """A TCP line to ``port`` that, after ``after`` bytes from the server, is cut, stalls or drips."""

    def __init__(self, port: int, after: int | None = None, mode: str = "cut", pause: float = 0.05) -> None:
        self.target, self.after, self.mode, self.pause = port, after, mode, pause
        self.passed = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                left = len(data) if self.after is None else max(0, self.after - passed)
                client.sendall(data[:left])
                passed += len(data[:left])
                self.passed = max(self.passed, passed)
                if left < len(data):
                    if self.mode == "cut":
                        break
                    for byte in data[left:]:
                        time.sleep(self.pause if self.mode == "drip" else 30)
                        client.sendall(bytes([byte]))
            for wire in (client, server):
                wire.shutdown(socket.SHUT_RDWR)


def connection_to(port: int, **extra) -> Connection:
    """The connection of a careful engineer, with quick limits; ``None`` removes an extra."""
    told = {
        **QUICK,
        "host_key": HOST_KEY.export_public_key().decode().strip(),
        "private_key": LOGIN_KEY.export_private_key().decode(),
        **extra,
    }
    return Connection(
        "front", "sftp", "127.0.0.1", port, "dept", None, None, {k: v for k, v in told.items() if v is not None}
    )


def resource_of(path: str = "/out/persons.csv", **source) -> Resource:
    """An entry that reads ``path``, settled at once unless told otherwise."""
    told = {
        "kind": "CatalogEntry",
        "id": "civil.persons",
        "code": "306001/000001",
        "title": "测试资源",
        "summary": "测试",
        "sharing": {"type": "unconditional"},
        "source": {
            "type": "sftp",
            "connection": "front",
            "path": path,
            "settle": timedelta(seconds=60),
            "format": {"type": "csv"},
            **source,
        },
        "update": {"cycle": "daily"},
        "load": {"mode": "replace", "key": ["id"]},
        "fields": [{"name": "id", "title": "编号"}, {"name": "name", "from": "姓名", "title": "姓名"}],
    }
    department = Department(title="民政局", credit_code="11150624MA0N00016E")
    return Resource(
        Entry.model_validate(told), Path("persons.yaml"), "0" * 64, department, MappingProxyType({}), Project(Path("/"))
    )


def manifest_of(*files: tuple[str, bytes], rows: int | None = None) -> str:
    """A department's manifest of these files."""
    listed = [{"name": n, "bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files]
    return json.dumps({"files": listed, "rows": rows})
