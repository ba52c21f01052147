"""A verified SSH line to a front-end machine: the host key is always checked, every wait has an end.

The connection's extras: ``host_key`` (required; one or several lines ``ssh-ed25519 AAAA…``, as in
``known_hosts`` without the host), ``private_key`` (text) or ``key_file``, ``private_key_passphrase``,
``compress`` (off unless ``true``), and the limits of ``Limits``. A key is preferred to the password, and only one of
them is tried once, so that a wrong one cannot lock the account.
"""

from __future__ import annotations

import io
import socket
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paramiko

from shuyuan.problems import PassingError, PlatformError
from shuyuan.sources.connections import Connection

_FORBIDDEN = ("no_host_key_check", "allow_host_key_change")
_FAST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
_LINE_LOST = ("timeout", "transport shut down", "EOF", "banner")


@dataclass(frozen=True)
class Limits:
    """How long the line may take; seconds, and bytes per second for ``min_rate``.

    ``reply_timeout`` bounds each answer of the server; a download must bring ``min_rate`` on average over
    every ``rate_window``; ``total_timeout`` bounds the whole session.
    """

    conn_timeout: float = 15
    banner_timeout: float = 15
    auth_timeout: float = 30
    reply_timeout: float = 60
    rate_window: float = 300
    min_rate: float = 10_000
    total_timeout: float = 6 * 3600

    @classmethod
    def of(cls, connection: Connection) -> Limits:
        """Read the limits from the connection's extras. Raises ``PlatformError`` (P109)."""
        return cls(**{name: connection.number(name, default) for name, default in vars(cls()).items()})


@contextmanager
def verified_line(connection: Connection, limits: Limits) -> Iterator[paramiko.Transport]:
    """Open an authenticated transport to the pinned host and close it afterwards.

    Raises:
        PlatformError: P101 no host key is configured, P103 its check is switched off, P102 the host shows
            another key, P104 it refuses our login, P107 no common algorithm, P109 our key cannot be read.
            None of these is to be retried.
        PassingError: P105 the host cannot be reached or the line broke, P106 it did not answer in time.
    """
    pinned = _pinned_keys(connection)
    key = _login_key(connection)
    where = f"{connection.host}:{connection.port or 22}"
    try:
        wire = socket.create_connection((connection.host or "", connection.port or 22), limits.conn_timeout)
    except TimeoutError:
        raise PassingError("P106", connection=connection.conn_id, host=where) from None
    except (OSError, UnicodeError):
        raise PassingError("P105", connection=connection.conn_id, host=where) from None
    transport: paramiko.Transport | None = None
    try:
        try:
            transport = paramiko.Transport(wire)
            _greet(transport, pinned, connection, limits, where)
            _log_in(transport, key, connection, where)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _line_problem(error, connection.conn_id, where) from None
        yield transport
    finally:
        if transport is not None:
            transport.close()
        wire.close()


def _greet(
    transport: paramiko.Transport, pinned: dict[str, set[bytes]], connection: Connection, limits: Limits, where: str
) -> None:
    transport.banner_timeout = limits.banner_timeout
    transport.handshake_timeout = limits.conn_timeout
    transport.auth_timeout = limits.auth_timeout
    transport.channel_timeout = limits.reply_timeout
    transport.use_compression(str(connection.extra.get("compress", "")).lower() == "true")
    options = transport.get_security_options()
    options.ciphers = (*_FAST_CIPHERS, *(name for name in options.ciphers if name not in _FAST_CIPHERS))
    # The host is asked for a key of a kind that is pinned; RSA keys are pinned as ssh-rsa and shown as rsa-sha2-*.
    options.key_types = sorted(options.key_types, key=lambda kind: _key_family(kind) not in pinned)
    transport.start_client(timeout=limits.conn_timeout + limits.banner_timeout)
    if not transport.initial_kex_done:
        raise TimeoutError
    shown = transport.get_remote_server_key()
    if shown.asbytes() not in pinned.get(shown.get_name(), set()):
        raise PlatformError("P102", connection=connection.conn_id, host=where, shown=shown.fingerprint)


def _log_in(transport: paramiko.Transport, key: paramiko.PKey | None, connection: Connection, where: str) -> None:
    login = connection.login or ""
    try:
        if key is not None:
            left = transport.auth_publickey(login, key)
        else:
            left = transport.auth_password(login, connection.password or "", fallback=False)
    except paramiko.AuthenticationException as error:
        # paramiko reports a line lost during the login as a failed login; only a refusal is one.
        if not isinstance(error, paramiko.BadAuthenticationType) and any(sign in str(error) for sign in _LINE_LOST):
            raise paramiko.SSHException(str(error)) from None
        raise PlatformError("P104", connection=connection.conn_id, host=where) from None
    if left:
        raise PlatformError("P104", connection=connection.conn_id, host=where)


def _line_problem(error: Exception, conn_id: str, where: str) -> PlatformError:
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return PlatformError("P107", connection=conn_id, host=where)
    late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError) or "imeout" in str(error)
    return PassingError("P106" if late else "P105", connection=conn_id, host=where)


def _key_family(kind: str) -> str:
    return "ssh-rsa" if kind.startswith("rsa-sha2-") else kind


def _pinned_keys(connection: Connection) -> dict[str, set[bytes]]:
    switched_off = [name for name in _FORBIDDEN if name in connection.extra]
    if switched_off:
        raise PlatformError("P103", connection=connection.conn_id, setting=switched_off[0])
    pinned: dict[str, set[bytes]] = {}
    told = connection.extra.get("host_key") or ""
    for line in (told if isinstance(told, str) else "\n".join(map(str, told))).splitlines():
        words = line.split()
        if not words:
            continue
        try:
            pinned.setdefault(words[0], set()).add(b64decode(words[1], validate=True))
        except (IndexError, ValueError):
            raise PlatformError("P109", connection=connection.conn_id, what="extra.host_key") from None
    if not pinned:
        raise PlatformError("P101", connection=connection.conn_id)
    return pinned


def _login_key(connection: Connection) -> paramiko.PKey | None:
    text, path = connection.extra.get("private_key"), connection.extra.get("key_file")
    if not text and not path:
        return None
    passphrase = connection.extra.get("private_key_passphrase")
    secret = passphrase.encode() if passphrase else None
    try:
        if not text:
            with open(str(path), encoding="ascii") as file:
                text = file.read()
        return _read_key(str(text), secret)
    except (OSError, ValueError, TypeError, paramiko.SSHException):
        raise PlatformError("P109", connection=connection.conn_id, what="private_key") from None


def _read_key(text: str, secret: bytes | None) -> paramiko.PKey:
    password = secret.decode() if secret else None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password)
        except paramiko.PasswordRequiredException:
            raise
        except paramiko.SSHException:
            continue
    raise ValueError("not a private key")
