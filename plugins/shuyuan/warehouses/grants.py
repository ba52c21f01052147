"""Separate accounts for a warehouse on a server, each with exactly what its work needs.

``load`` publishes (its views read for everybody); ``extract`` fetches and checks: it reads what is published and notes
deliveries; ``report`` reads the ledger and what is shared, and freezes months; ``read`` is for consumers: shared tables
and histories. To the audit ``load`` may add, and nobody may change or remove what is in it.
Statements can be run again at any time; they need an account that may create accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shuyuan import ledger
from shuyuan.ledger import Connection

ROLES = ("load", "extract", "report", "read")
INSERT_ONLY = ("audit",)
"""Tables of the ledger that only grow."""

_MYSQL = {
    "load": {
        "share.*": "SELECT, CREATE VIEW, SHOW VIEW, DROP",
        "history.*": "SELECT, CREATE VIEW, SHOW VIEW, DROP",
        "store.*": "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, CREATE TEMPORARY TABLES",
        "rejected.*": "SELECT, INSERT, CREATE",
        "ledger.*": "SELECT, INSERT",
    },
    "extract": {"share.*": "SELECT", "ledger.*": "SELECT", "ledger.deliveries": "INSERT, UPDATE"},
    "report": {
        "share.*": "SELECT",
        "ledger.*": "SELECT",
        "ledger.months": "INSERT",
        "ledger.month_parts": "INSERT",
    },
    "read": {"share.*": "SELECT", "history.*": "SELECT"},
}
_POSTGRESQL = {
    "load": {
        "USAGE, CREATE": "SCHEMA share, history, store, rejected",
        "USAGE": "SCHEMA ledger",
        "SELECT, INSERT, UPDATE, DELETE": "ALL TABLES IN SCHEMA ledger",
    },
    "extract": {
        "USAGE": "SCHEMA share, ledger",
        "SELECT": "ALL TABLES IN SCHEMA share, ledger",
        "INSERT, UPDATE": "ledger.deliveries",
    },
    "report": {
        "USAGE": "SCHEMA share, ledger",
        "SELECT": "ALL TABLES IN SCHEMA share, ledger",
        "INSERT": "ledger.months, ledger.month_parts",
    },
    "read": {"USAGE": "SCHEMA share, history", "SELECT": "ALL TABLES IN SCHEMA share, history"},
}
_FUTURE = {"share": ("extract", "report", "read"), "history": ("read",)}
"""Who may read the views that ``load`` will make."""
_FUTURE_LEDGER = {"SELECT, INSERT, UPDATE, DELETE": ("load",), "SELECT": ("extract", "report")}
"""Who may do what with the tables of the ledger that a later version brings; the administrator makes them."""


def mysql_statements(prefix: str, passwords: Mapping[str, str]) -> list[str]:
    """The statements for MariaDB and MySQL; accounts are ``<prefix>_<role>``, from any host."""
    made = []
    for role, grants in _MYSQL.items():
        account = f"'{prefix}_{role}'@'%'"
        made.append(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{passwords[role]}'")
        made.append(f"ALTER USER {account} IDENTIFIED BY '{passwords[role]}'")
        made += [f"GRANT {privileges} ON {place} TO {account}" for place, privileges in grants.items()]
    # Nothing can be taken from a grant on a whole database, so changing is granted table by table; an earlier version
    # granted it on all.
    load = f"'{prefix}_load'@'%'"
    made.append(f"REVOKE UPDATE, DELETE ON ledger.* FROM {load}")
    changing = [table for table in (*ledger.TABLES, "counters") if table not in INSERT_ONLY]
    made += [f"GRANT UPDATE, DELETE ON ledger.{table} TO {load}" for table in changing]
    return made


def postgresql_statements(prefix: str, passwords: Mapping[str, str], there: list[str]) -> list[str]:
    """The statements for PostgreSQL; ``there`` are the tables and views that ``load`` takes over from whoever made
    them."""
    made = []
    for role in _POSTGRESQL:
        name = f"{prefix}_{role}"
        made.append(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
            f" THEN CREATE ROLE {name}; END IF; END $$"
        )
        made.append(f"ALTER ROLE {name} LOGIN PASSWORD '{passwords[role]}'")
    load = f"{prefix}_load"
    made.append(f"GRANT {load} TO CURRENT_USER")
    for role, grants in _POSTGRESQL.items():
        made += [f"GRANT {privileges} ON {place} TO {prefix}_{role}" for privileges, place in grants.items()]
    made += [f"REVOKE UPDATE, DELETE ON ledger.{table} FROM {load}" for table in INSERT_ONLY]
    made += [f"ALTER TABLE {name} OWNER TO {load}" for name in there]
    for schema, roles in _FUTURE.items():
        readers = ", ".join(f"{prefix}_{role}" for role in roles)
        made.append(f"ALTER DEFAULT PRIVILEGES FOR ROLE {load} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {readers}")
    for privileges, roles in _FUTURE_LEDGER.items():
        names = ", ".join(f"{prefix}_{role}" for role in roles)
        made.append(f"ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT {privileges} ON TABLES TO {names}")
    return made


def grant_statements(session: Connection, scheme: str, prefix: str, passwords: Mapping[str, str]) -> list[str]:
    """The statements for the server that a session is open on; ``passwords`` by role."""
    if scheme != "postgresql":
        return mysql_statements(prefix, passwords)
    rows: list[dict[str, Any]] = session.query(
        "SELECT n.nspname AS place, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname IN ('share', 'history', 'store', 'rejected') AND c.relkind IN ('r', 'v') ORDER BY 1, 2"
    )
    there = [f'{row["place"]}."{row["name"]}"' for row in rows]
    return postgresql_statements(prefix, passwords, there)
