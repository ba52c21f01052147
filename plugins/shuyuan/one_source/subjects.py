"""Golden views: one view in ``share`` a subject (人、企业、不动产), each attribute from its own authority.

``share.<subject>`` has a row for each key that the key element's authority publishes, the key, and for each element
``<e>``, ``<e>__source`` (the entry it comes from), ``<e>__data_date`` (of what that entry publishes now) and
``<e>__disputed`` (whether a copy says something else; null where no copy was compared). An element whose authority
has published nothing is null in all four.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shuyuan import ledger
from shuyuan.catalog.links import key_elements
from shuyuan.catalog.subjects import TABLE_MARK, read_subjects
from shuyuan.entry import Element, Entry, Subject
from shuyuan.ledger import Comparison
from shuyuan.one_source.columns import literal, quoted
from shuyuan.project import Project
from shuyuan.warehouses import Session

TEXTS = ("varchar", "text", "mediumtext")
"""What the warehouses call text: compared as it is."""

__all__ = ["Views", "copy_views", "define_views", "read_subjects"]


@dataclass(frozen=True)
class Views:
    """What golden views are made from: the subjects, elements, entries by id, and the comparisons as they are now."""

    subjects: Mapping[str, Subject]
    elements: Mapping[str, Element]
    entries: Mapping[str, Entry]
    comparisons: Collection[Comparison]

    def are_known(self, subject: Subject) -> bool:
        """Whether all authorities of a subject can be read; else its view stays as it is."""
        elements = (self.elements.get(name) for name in (subject.key, *subject.elements))
        return all(
            element is not None and (not element.source or element.source in self.entries) for element in elements
        )


def define_views(session: Session, views: Views, kept: Collection[str] = ()) -> dict[str, str]:
    """Define the views that are not there as they should be and drop those of former subjects, inside the caller's
    transaction; those in ``kept`` stay. Returns view → version: what its rows are made from."""
    there, versions = session.describe_views(), {}
    for name, subject in views.subjects.items():
        if name in there and not views.are_known(subject):
            continue
        golden = _Golden(session, views, subject)
        sql = golden.select()
        digest = hashlib.sha256(sql.encode()).hexdigest()
        about = f"{subject.title} · {digest[:16]}"
        if there.get(name) != about:
            session.define_view(name, sql, about)
        versions[name] = hashlib.sha256(repr((digest, golden.state())).encode()).hexdigest()
    for name in there.keys() - versions.keys() - set(kept):
        if TABLE_MARK not in name:
            session.drop_view(name)
    return versions


def copy_views(session: Session, versions: Mapping[str, str], project: Project, kept: Collection[str] = ()) -> None:
    """Write ``share/<subject>.parquet`` where it is not of its version; remove those of former subjects.

    Consumers of a server read the views themselves: nothing is written there.
    """
    if not session.embedded:
        return
    for name, version in versions.items():
        session.copy_view(name, version, project.shared)
    for path in project.shared.glob("*.parquet"):
        if TABLE_MARK not in path.stem and path.stem not in versions and path.stem not in kept:
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Authority:
    """Where an element comes from: the entry, its column, and the column of the subject's key there."""

    entry: Entry
    column: str
    key: str
    kind: str
    version: str

    @property
    def keys(self) -> str:
        """The query of all keys there are, as ``key``."""
        table, key = f"share.{quoted(self.entry.table)}", quoted(self.key)
        return f'SELECT {key} AS "key" FROM {table} WHERE {key} IS NOT NULL'


class _Golden:
    """One subject's view."""

    def __init__(self, session: Session, views: Views, subject: Subject) -> None:
        self.session, self.views, self.subject = session, views, subject
        self.names = [name for name in dict.fromkeys(subject.elements) if name != subject.key]
        self.authorities = {name: self._find(name) for name in (subject.key, *self.names)}

    def select(self) -> str:
        """Return the query."""
        base = self.authorities[self.subject.key]
        rows = base.keys if base else f'SELECT CAST(NULL AS {self.session.text_type}) AS "key" WHERE 1 = 0'
        columns, joins, aliases = [f'base."key" AS {quoted(self.subject.key)}'], [], dict[str, str]()
        for name in self.names:
            authority = self.authorities[name]
            if authority is not None and authority.entry.id not in aliases:
                aliases[authority.entry.id] = alias = f"s{len(aliases)}"
                joins.append(self._join(authority, alias, base))
            columns += self._columns(name, authority, aliases)
        keys = f'SELECT DISTINCT "key" FROM ({rows}) found'
        return f"SELECT {', '.join(columns)} FROM ({keys}) base{''.join(joins)}"

    def state(self) -> list[tuple[object, ...]]:
        """What the rows are made from: the loads of the authorities, and the comparisons that tell disputes."""
        loads = {(one.entry.id, one.version) for one in self.authorities.values() if one}
        lines = [
            (*line.copy, line.copy_load_no, line.source_load_no, line.link_digest)
            for name in self.names
            for line in self._compared(name)
        ]
        return [*sorted(loads), *sorted(lines, key=repr)]

    def _find(self, name: str) -> _Authority | None:
        """The authority of an element as it publishes now; ``None`` where it has published no such column."""
        element = self.views.elements.get(name)
        entry = self.views.entries.get(str(element.source)) if element else None
        if entry is None or key_elements(entry) != (self.subject.key,):
            return None
        published = ledger.current_publication(self.session, entry.id)
        column = next((one.name for one in entry.fields if one.element == name and one.authoritative), None)
        kinds = self._kinds(entry.table)
        if published is None or column not in kinds or entry.load.key[0] not in kinds:
            return None
        return _Authority(entry, column, entry.load.key[0], kinds[entry.load.key[0]], published.version)

    def _kinds(self, table: str) -> dict[str, str]:
        sql = (
            "SELECT column_name AS column_name, data_type AS data_type FROM information_schema.columns"
            " WHERE table_schema = ? AND table_name = ?"
        )
        return {row["column_name"]: row["data_type"] for row in self.session.query(sql, ["share", table])}

    def _text(self, sql: str, kind: str = "") -> str:
        if kind.lower() in TEXTS:
            return sql
        return f"CAST({sql} AS {self.session.text_type})"

    def _join(self, authority: _Authority, alias: str, base: _Authority | None) -> str:
        """Join the rows of an authority, without those whose key it has more than once: none of them is the truth."""
        table, key = f"share.{quoted(authority.entry.table)}", quoted(authority.key)
        twice = f'SELECT "key" FROM ({authority.keys}) counted GROUP BY "key" HAVING count(*) > 1'
        same = f'{alias}.{key} = base."key"'
        if base is None or base.kind != authority.kind:
            same = self._text(f"{alias}.{key}", authority.kind) + " = " + self._text('base."key"')
        return f" LEFT JOIN (SELECT * FROM {table} WHERE {key} NOT IN ({twice})) {alias} ON {same}"

    def _columns(self, name: str, authority: _Authority | None, aliases: Mapping[str, str]) -> list[str]:
        value, source, day, disputed = "NULL", self._text("NULL"), "CAST(NULL AS DATE)", "(NULL = 0)"  # null, a boolean
        if authority is not None:
            alias, entry_id = aliases[authority.entry.id], literal(authority.entry.id)
            value, source = f"{alias}.{quoted(authority.column)}", entry_id
            day = (
                f"(SELECT data_date FROM ledger.publications WHERE entry_id = {entry_id} AND superseded_at IS NULL"
                " ORDER BY load_no DESC LIMIT 1)"
            )
            lines = self._compared(name)
            if lines:
                copies = ", ".join(f"({literal(line.entry_id)}, {literal(line.field)})" for line in lines)
                key = self._text(f"{alias}.{quoted(authority.key)}", authority.kind)
                disputed = (
                    f'coalesce({key} IN (SELECT "key" FROM store.disputes'
                    f" WHERE kind = 'differing' AND source_id = {entry_id} AND (entry_id, field) IN ({copies})), false)"
                )
        parts = {name: value, f"{name}__source": source, f"{name}__data_date": day, f"{name}__disputed": disputed}
        return [f"{sql} AS {quoted(column)}" for column, sql in parts.items()]

    def _compared(self, name: str) -> list[Comparison]:
        """The copies of an element that are compared with its authority."""
        authority = self.authorities[name]
        return [
            line
            for line in self.views.comparisons
            if authority is not None
            and (line.state, line.kind, line.element, line.source_id)
            == ("compared", "attribute", name, authority.entry.id)
        ]
