"""Where deliveries come from. A new kind of source is one module and one line of ``SOURCES``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from shuyuan.catalog import Resource
from shuyuan.sources import database, sftp
from shuyuan.sources.connections import Connection, connection_from_environment
from shuyuan.sources.sftp import put_receipt
from shuyuan.stages import Delivery

Fetch = Callable[[Resource, date, Path, Connection, datetime, str | None, bool], Delivery]


def _fetch_files(
    resource: Resource,
    data_date: date,
    workdir: Path,
    connection: Connection,
    now: datetime,
    since: str | None,
    keys: bool,
) -> Delivery:
    """Files come whole: there is no ``since``, and no key that did not come."""
    return sftp.fetch(resource, data_date, workdir, connection, now)


SOURCES: dict[str, Fetch] = {
    "sftp": _fetch_files,
    "database": database.fetch,
}


def fetch(
    resource: Resource,
    data_date: date,
    workdir: Path,
    connection: Connection,
    now: datetime,
    since: str | None = None,
    keys: bool = False,
) -> Delivery:
    """Bring what the entry's department delivered for ``data_date`` into ``workdir/raw``.

    ``now`` is the time of reception, ``since`` the watermark of the last published delivery (``Delivery.watermark``),
    for a source that is read by increments; ``keys``: read all keys of the source, too (``Delivery.keys``). The
    department's files and tables are never changed.

    Raises:
        NotYetDelivered: nothing has arrived, or not all of it; the fact ``retry_after`` says when to look again.
        DeliveryError: what arrived is wrong.
        PlatformError: our side is wrong; ``PassingError`` when trying again can help.
    """
    return SOURCES[resource.entry.source.type](resource, data_date, workdir, connection, now, since, keys)


KEYS = database.KEYS

__all__ = ["KEYS", "SOURCES", "Connection", "connection_from_environment", "fetch", "put_receipt"]
