"""Files from a department's front-end machine (前置机) over SFTP. We only read there, but for receipts."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import paramiko

from shuyuan.catalog import Resource
from shuyuan.entry import SftpSource
from shuyuan.problems import DeliveryError, NotYetDelivered, PassingError, PlatformError
from shuyuan.sources.connections import Connection
from shuyuan.sources.names import RemotePattern
from shuyuan.sources.readiness import MANIFEST_LIMIT, Declaration, look_again, read_declaration
from shuyuan.sources.sftp_session import (
    NO_SUCH_FILE,
    ProtocolError,
    Refused,
    SftpSession,
    TooManyNames,
)
from shuyuan.sources.ssh import Limits, verified_line
from shuyuan.sources.staging import publish, raw_folder, require_room
from shuyuan.sources.transfer import ChangedWhileRead, Remote, discard, download
from shuyuan.stages import DeliveredFile, Delivery

_log = logging.getLogger(__name__)
_FILES_LIMIT = 1000


def fetch(resource: Resource, data_date: date, workdir: Path, connection: Connection, now: datetime) -> Delivery:
    """Bring the files of one data date into ``workdir/raw`` and say how we know that they are whole.

    Raises:
        NotYetDelivered: D101 nothing is there, D102 it is still arriving; ``retry_after`` in seconds.
        DeliveryError: D103 not an ordinary file, D104 not as declared, D105 changed while we read,
            D106 too large, D107 the manifest cannot be read, D110 too many names.
        PlatformError: P101 to P104, P107, P109, P110 the line and our rights; P201, P202 our disk.
        PassingError: P105, P106 the line is down or too slow; what has arrived is kept and continued.
    """
    return _Fetch(resource, data_date, workdir, connection, now).run()


def put_receipt(resource: Resource, connection: Connection, delivery: Delivery, receipt: dict[str, Any]) -> bool:
    """Put ``<delivery name>.receipt.json`` into the department's receipt folder, if it has one.

    Returns whether a receipt was put. A failure harms nothing but the receipt, so callers may ignore it.

    Raises:
        PassingError: P114 the receipt could not be put.
        PlatformError: P101 to P104, the line itself is refused.
    """
    source = resource.entry.source
    if not isinstance(source, SftpSource) or source.receipts is None:
        return False
    whole = f"{resource.entry.resource}_{delivery.data_date:%Y%m%d}"
    name = delivery.files[0].name if len(delivery.files) == 1 else whole
    encoding = _encoding(connection)
    folder = RemotePattern.of(source.receipts.rstrip("/") + "/*", delivery.data_date, encoding)
    content = json.dumps(receipt, ensure_ascii=False, indent=1, default=str).encode()
    try:
        with _session(connection, source.receipts) as session:
            session.write_small(folder.raw_path(f"{name}.receipt.json"), content)
    except (PassingError, DeliveryError) as error:
        raise PassingError("P114", connection=connection.conn_id, why=error.problem.code) from None
    except PlatformError as error:
        if error.problem.code != "P110":
            raise
        raise PassingError("P114", connection=connection.conn_id, why="P110") from None
    return True


class _Fetch:
    """One look at the front-end machine."""

    def __init__(
        self, resource: Resource, data_date: date, workdir: Path, connection: Connection, now: datetime
    ) -> None:
        source = resource.entry.source
        if not isinstance(source, SftpSource):
            raise TypeError("not an SFTP source")
        self.resource, self.source, self.connection = resource, source, connection
        self.data_date, self.workdir, self.now = data_date, workdir, now
        self.encoding = _encoding(connection)
        self.pattern = RemotePattern.of(source.path, data_date, self.encoding)

    def run(self) -> Delivery:
        with _session(self.connection, self.pattern.path()) as session:
            marker = self._marker(session)
            declared = self._manifest(session) or marker
            remotes = self._remotes(session, declared)
            self._check_sizes(remotes, declared)
            evidence = "marker" if self.source.ready_when or self.source.manifest else "stable"
            if declared is not None and declared.files:
                evidence = "manifest"
            if evidence == "stable":
                self._settle({remote.name: [remote.size, remote.mtime] for remote in remotes})
            files = self._download(session, remotes, declared, trusted=evidence != "stable")
        return Delivery(
            entry_id=self.resource.entry.id,
            spec_digest=self.resource.digest,
            data_date=self.data_date,
            received_at=self.now,
            sha256=_identity(files),
            evidence=evidence,
            files=files,
            rows_declared=declared.rows if declared else None,
        )

    def _marker(self, session: SftpSession) -> Declaration | None:
        """Raise unless the ready marker is there; a marker may carry a manifest."""
        if self.source.ready_when is None:
            return None
        pattern = RemotePattern.of(self.source.ready_when, self.data_date, self.encoding)
        there = session.describe(pattern.raw_path())
        if there is None:
            raise self._missing(pattern.path())
        if not there.regular:
            raise DeliveryError("D103", path=pattern.path())
        if not 0 < (there.size or 0) <= MANIFEST_LIMIT:
            return None
        try:
            return read_declaration(session.read_small(pattern.raw_path(), MANIFEST_LIMIT) or b"")
        except ValueError:
            return None

    def _manifest(self, session: SftpSession) -> Declaration | None:
        if self.source.manifest is None:
            return None
        pattern = RemotePattern.of(self.source.manifest, self.data_date, self.encoding)
        there = session.describe(pattern.raw_path())
        if there is None:
            raise self._missing(pattern.path())
        if not there.regular or (there.size or 0) > MANIFEST_LIMIT:
            raise DeliveryError("D107", path=pattern.path())
        try:
            return read_declaration(session.read_small(pattern.raw_path(), MANIFEST_LIMIT) or b"")
        except ValueError:
            # It may itself still be arriving: only one that stays unreadable is wrong.
            self._settle({pattern.name: [there.size or 0, there.mtime or 0]})
            raise DeliveryError("D107", path=pattern.path()) from None

    def _remotes(self, session: SftpSession, declared: Declaration | None) -> list[Remote]:
        """Find the files of the delivery. Links, folders and devices are never among them."""
        if declared is not None and declared.files:
            names = [file.name for file in declared.files]
            if not all(self.pattern.allows(name) for name in names):
                raise DeliveryError("D107", path=self.source.manifest or self.source.ready_when)
            certain = True
        elif self.pattern.single:
            names, certain = [self.pattern.name], True
        else:
            names, certain = self._listed(session), False
        if len(names) > _FILES_LIMIT:
            raise DeliveryError("D110", path=self.pattern.path(), limit=_FILES_LIMIT)
        remotes = []
        for name in names:
            there = session.describe(self.pattern.raw_path(name))
            if there is None and certain:
                raise self._missing(self.pattern.path(name))
            if there is not None and there.regular:
                if there.size is None or there.mtime is None:
                    raise PlatformError("P107", connection=self.connection.conn_id, host=self.connection.host)
                remotes.append(Remote(name, self.pattern.raw_path(name), there.size, there.mtime))
            elif there is not None and certain:
                raise DeliveryError("D103", path=self.pattern.path(name))
        if not remotes:
            raise self._missing(self.pattern.path())
        return remotes

    def _listed(self, session: SftpSession) -> list[str]:
        try:
            raw = [name for name, _ in session.list(self.pattern.folder.encode(self.encoding))]
        except Refused as refusal:
            if refusal.status == NO_SUCH_FILE:
                raise self._missing(self.pattern.folder) from None
            raise
        names = self.pattern.choose(raw)
        _log.info("%d of %d names in the folder belong to %s", len(names), len(raw), self.resource.entry.id)
        return names

    def _check_sizes(self, remotes: list[Remote], declared: Declaration | None) -> None:
        total = sum(remote.size for remote in remotes)
        if total > self.source.max_bytes:
            raise DeliveryError("D106", path=self.pattern.path(), size=total, limit=self.source.max_bytes)
        expected = {file.name: file.size for file in declared.files} if declared else {}
        for remote in remotes:
            size = expected.get(remote.name)
            if size is not None and remote.size < size:
                raise self._arriving(self.pattern.path(remote.name), remote.size)
            if size is not None and remote.size > size:
                raise DeliveryError(
                    "D104", path=self.pattern.path(remote.name), what="bytes", declared=size, found=remote.size
                )

    def _settle(self, seen: dict[str, list[int]]) -> None:
        """Raise ``NotYetDelivered`` until two looks, far enough apart, saw the same."""
        left = look_again(self.workdir, seen, self.now, self.source.settle)
        if left:
            raise self._arriving(self.pattern.path(), sum(size for size, _ in seen.values()), left.total_seconds())

    def _download(
        self, session: SftpSession, remotes: list[Remote], declared: Declaration | None, trusted: bool
    ) -> tuple[DeliveredFile, ...]:
        folder = raw_folder(self.workdir)
        parts = [folder / f"{number:04d}.part" for number in range(len(remotes))]
        there = sum(part.stat().st_size for part in parts if part.exists())
        require_room(folder, max(0, sum(remote.size for remote in remotes) - there))
        expected = {file.name: file.sha256 for file in declared.files} if declared else {}
        files = []
        for remote, part in zip(remotes, parts, strict=True):
            path = self.pattern.path(remote.name)
            try:
                sha256 = download(session, remote, part)
            except Refused as refusal:
                if refusal.status != NO_SUCH_FILE:
                    raise
                raise self._changed(path, remote, trusted) from None
            except ChangedWhileRead:
                raise self._changed(path, remote, trusted) from None
            if (promised := expected.get(remote.name)) and promised != sha256:
                discard(part)
                raise DeliveryError("D104", path=path, what="SHA-256", declared=promised, found=sha256)
            files.append(
                DeliveredFile(
                    name=remote.name,
                    path=f"raw/{part.stem}.data",
                    size=remote.size,
                    sha256=sha256,
                    modified_at=self._time(remote.mtime),
                )
            )
        for part in parts:
            publish(part, part.with_suffix(".data"))
            discard(part)
        return tuple(files)

    def _time(self, mtime: int) -> datetime:
        aware = datetime.fromtimestamp(mtime, UTC)
        return aware if self.now.tzinfo else aware.replace(tzinfo=None)

    def _missing(self, path: str) -> NotYetDelivered:
        return NotYetDelivered("D101", path=path, retry_after=self._pause())

    def _arriving(self, path: str, size: int, seconds: float | None = None) -> NotYetDelivered:
        return NotYetDelivered("D102", path=path, size=size, retry_after=seconds or self._pause())

    def _changed(self, path: str, remote: Remote, trusted: bool) -> DeliveryError:
        """The department called it ready: its fault. Nobody did: then it was still arriving."""
        if trusted:
            return DeliveryError("D105", path=path)
        return self._arriving(path, remote.size)

    def _pause(self) -> float:
        return max(self.source.settle.total_seconds(), 1.0)


@contextmanager
def _session(connection: Connection, path: str) -> Iterator[SftpSession]:
    """Open a session and turn what goes wrong on the line into our problems."""
    limits = Limits.of(connection)
    facts: dict[str, Any] = {"connection": connection.conn_id, "host": f"{connection.host}:{connection.port or 22}"}
    with verified_line(connection, limits) as line:
        try:
            session = SftpSession(line, limits)
            try:
                yield session
            finally:
                session.close()
        except Refused as refusal:
            raise PlatformError("P110", path=path, status=refusal.status, **facts) from None
        except TooManyNames:
            raise DeliveryError("D110", path=path, limit=_FILES_LIMIT) from None
        except ProtocolError:
            raise PlatformError("P107", **facts) from None
        except TimeoutError:
            raise PassingError("P106", **facts) from None
        except (paramiko.SSHException, OSError, EOFError):
            raise PassingError("P105", **facts) from None


def _encoding(connection: Connection) -> str:
    """How this machine writes names: UTF-8, or GB18030 where the connection says so."""
    encoding = str(connection.extra.get("name_encoding", "utf-8")).lower()
    if encoding not in ("utf-8", "gb18030"):
        raise PlatformError("P109", connection=connection.conn_id, what="extra.name_encoding")
    return encoding


def _identity(files: tuple[DeliveredFile, ...]) -> str:
    """The content's identity: the file's hash, or the hash of all names and hashes in order."""
    if len(files) == 1:
        return files[0].sha256
    listing = "".join(f"{file.sha256}  {file.name}\n" for file in files)
    return hashlib.sha256(listing.encode()).hexdigest()
