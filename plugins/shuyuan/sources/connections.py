"""Connections: where a department's machine is and how we log in to it.

They come from Airflow (or, without Airflow, from the same ``AIRFLOW_CONN_<ID>`` environment variables),
never from the repository. A connection never shows its password or its extras in a representation.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy import URL

from shuyuan.problems import PlatformError

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
}


@dataclass(frozen=True)
class Connection:
    """One connection, in Airflow's words. ``extra`` is the connection's JSON object."""

    conn_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def uri(self) -> str:
        """The SQLAlchemy URL of a database connection, password included: never log it.

        For ``sqlite`` the file is the host (as in Airflow) or the schema.
        """
        driver = _DRIVERS.get(self.conn_type, self.conn_type)
        if driver == "sqlite":
            return URL.create(driver, database=self.host or self.schema).render_as_string(hide_password=False)
        url = URL.create(driver, self.login, self.password, self.host, self.port, self.schema)
        return url.render_as_string(hide_password=False)

    def number(self, key: str, default: float) -> float:
        """Return the positive number ``extra[key]``. Raises ``PlatformError`` (P109) when it is none."""
        value = self.extra.get(key, default)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = 0.0
        if not 0 < number < float("inf"):
            raise PlatformError("P109", connection=self.conn_id, what=f"extra.{key}")
        return number


def connection_from_environment(conn_id: str) -> Connection:
    """Read ``AIRFLOW_CONN_<ID>``, either Airflow's JSON object or its URI.

    Raises:
        PlatformError: P108 the variable is not set; P109 it cannot be read.
    """
    text = os.environ.get(f"AIRFLOW_CONN_{conn_id.upper()}", "").strip()
    if not text:
        raise PlatformError("P108", connection=conn_id)
    try:
        return _from_json(conn_id, text) if text.startswith("{") else _from_uri(conn_id, text)
    except (ValueError, TypeError, AttributeError):
        raise PlatformError("P109", connection=conn_id, what=f"AIRFLOW_CONN_{conn_id.upper()}") from None


def _from_json(conn_id: str, text: str) -> Connection:
    told = json.loads(text)
    extra = told.get("extra") or {}
    if isinstance(extra, str):
        extra = json.loads(extra)
    return Connection(
        conn_id,
        _kind(told.get("conn_type", "")),
        told.get("host"),
        int(told["port"]) if told.get("port") else None,
        told.get("login"),
        told.get("password"),
        told.get("schema"),
        dict(extra),
    )


def _from_uri(conn_id: str, text: str) -> Connection:
    parts = urlsplit(text)
    extra: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "__extra__" in extra:
        extra = dict(json.loads(extra["__extra__"]))
    return Connection(
        conn_id,
        _kind(parts.scheme),
        unquote(parts.hostname) if parts.hostname else None,
        parts.port,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        unquote(parts.path[1:]) or None,
        extra,
    )


def _kind(conn_type: str) -> str:
    if not conn_type:
        raise ValueError("no connection type")
    return conn_type.lower().replace("-", "_")
