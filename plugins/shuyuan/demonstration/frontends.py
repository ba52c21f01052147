"""Demonstration front-end machines (前置机): real SFTP over SSH on loopback, one address a department.

``start_frontends`` starts one process (``python -m shuyuan.demonstration.frontends``) that serves each
department's folder at a port of its own, with a host key and a login key of its own. A client sees only that
folder, may read it, and may write only below ``receipts/``. It needs no system package and no root.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import posixpath
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_RECEIPTS = "receipts"
_STATE = "frontends.json"


@dataclass(frozen=True)
class Frontends:
    """Running front-end machines. ``connections`` holds the JSON of each department's Airflow connection."""

    connections: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the process and wait for it. Stopping twice does nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> Frontends:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_frontends(root: Path, departments: Mapping[str, Path], seconds: float = 30) -> Frontends:
    """Serve each department's folder and return when all addresses accept connections.

    ``root`` keeps the keys (made once, so that host keys stay pinned over restarts) and the log. The JSON of
    ``connections[department]`` is ready to be an ``AIRFLOW_CONN_<ID>`` value: host, port, login, private key
    and host key.

    Raises:
        RuntimeError: the process ended, or was not ready after ``seconds``; ``root/frontends.log`` says why.
    """
    root.mkdir(parents=True, exist_ok=True)
    state = root / _STATE
    state.unlink(missing_ok=True)
    keys = {name: (_key(root, f"{name}.host"), _key(root, f"{name}.login")) for name in departments}
    folders = [f"{name}={Path(folder).resolve()}" for name, folder in departments.items()]
    command = [sys.executable, "-m", "shuyuan.demonstration.frontends", "--root", str(root), *folders]
    with (root / "frontends.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    end = time.monotonic() + seconds
    while not state.exists():
        if process.poll() is not None or time.monotonic() > end:
            Frontends({}, process).stop()
            raise RuntimeError(f"the front-end machines did not start, see {root / 'frontends.log'}")
        time.sleep(0.02)
    ports = json.loads(state.read_text(encoding="ascii"))
    connections = {name: _connection(name, ports[name], *keys[name]) for name in departments}
    return Frontends(connections, process)


def _connection(department: str, port: int, host_key: asyncssh.SSHKey, login_key: asyncssh.SSHKey) -> str:
    extra = {
        "host_key": host_key.export_public_key().decode("ascii").strip(),
        "private_key": login_key.export_private_key().decode("ascii"),
    }
    told = {"conn_type": "sftp", "host": "127.0.0.1", "port": port, "login": department, "extra": extra}
    return json.dumps(told)


def _key(root: Path, name: str) -> asyncssh.SSHKey:
    """Return the Ed25519 key kept under ``name``, made when there is none."""
    folder = root / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        part = path.with_suffix(path.suffix + ".part")
        part.touch(mode=0o600)
        part.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
        part.replace(path)
    return asyncssh.read_private_key(path)


class DepartmentFolder(asyncssh.SFTPServer):
    """One department's folder: readable, and writable only below ``receipts/``."""

    def map_path(self, path: bytes) -> bytes:
        """Map a client's path into the folder; a link that leads out of it is refused."""
        local = super().map_path(path)
        inside = os.path.realpath(self._root)
        if os.path.commonpath([os.path.realpath(local), inside]) != inside:
            raise asyncssh.SFTPPermissionDenied("outside of the folder")
        return local

    @property
    def _root(self) -> bytes:
        return super().map_path(b"/")

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open for reading anywhere, for writing below ``receipts/``."""
        if pflags & ~asyncssh.FXF_READ:
            self._require_receipts(path)
        return super().open(path, pflags, attrs)

    def remove(self, path: bytes) -> Any:
        """Remove a receipt."""
        self._require_receipts(path)
        return super().remove(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        """Rename a receipt; it stays below ``receipts/``."""
        self._require_receipts(oldpath)
        self._require_receipts(newpath)
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        """Rename a receipt over an older one."""
        self._require_receipts(oldpath)
        self._require_receipts(newpath)
        return super().posix_rename(oldpath, newpath)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise asyncssh.SFTPPermissionDenied("read only")

    mkdir = rmdir = setstat = lsetstat = symlink = link = _refuse

    def _require_receipts(self, path: bytes) -> None:
        if not posixpath.normpath(posixpath.join(b"/", path)).startswith(f"/{_RECEIPTS}/".encode()):
            raise asyncssh.SFTPPermissionDenied("read only")


class _Door(asyncssh.SSHServer):
    """Lets in one login with one key."""

    def __init__(self, login: str, key: asyncssh.SSHKey) -> None:
        self._login, self._key = login, key.convert_to_public()

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._login and key == self._key


async def _serve(root: Path, departments: Mapping[str, Path]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    async with contextlib.AsyncExitStack() as stack:
        ports = {}
        for name, folder in departments.items():
            listener = await stack.enter_async_context(await _listen(root, name, folder))
            ports[name] = listener.get_port()
        part = root / (_STATE + ".part")
        part.write_text(json.dumps(ports), encoding="ascii")
        part.replace(root / _STATE)
        await stopped.wait()


async def _listen(root: Path, name: str, folder: Path) -> asyncssh.SSHAcceptor:
    login_key = _key(root, f"{name}.login")
    (folder / _RECEIPTS).mkdir(parents=True, exist_ok=True)
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[_key(root, f"{name}.host")],
        server_factory=lambda: _Door(name, login_key),
        sftp_factory=lambda channel: DepartmentFolder(channel, chroot=os.fsencode(folder)),
        encryption_algs=_CIPHERS,
        compression_algs=None,
        allow_scp=False,
        process_factory=None,
        password_auth=False,
    )


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM: ``--root FOLDER department=folder …``."""
    parser = argparse.ArgumentParser(prog="shuyuan.demonstration.frontends", description=main.__doc__)
    parser.add_argument("--root", type=Path, required=True, help="keys, log and the ports in use")
    parser.add_argument("departments", nargs="+", help="department=folder")
    told = parser.parse_args(arguments)
    folders = dict(item.split("=", 1) for item in told.departments)
    asyncio.run(_serve(told.root, {name: Path(folder) for name, folder in folders.items()}))


if __name__ == "__main__":
    main()
