"""The entry's card: what Airflow shows as a DAG's documentation. Text of an entry is escaped, never markup."""

from __future__ import annotations

import re

from shuyuan.catalog import Resource
from shuyuan.entry import Entry
from shuyuan.language import say
from shuyuan.orchestration.schedule import Timing, timing_words

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:@])")


def write_card(resource: Resource) -> str:
    """Markdown: title, summary, who answers for it, when it comes, who may use it, and its fields."""
    entry = resource.entry
    notice = {"suspended": say("card.suspended"), "confirmed": say("card.trial")}.get(entry.status)
    lines = [f"### {escape(entry.title)}", escape(entry.summary)]
    if notice:
        lines.append(f"> {escape(notice)}")
    lines.append(_table([("", ""), *_facts(resource)]))
    lines.append(f"#### {say('card.fields')}")
    header = (say("card.field"), say("card.fields"), say("card.type"), say("card.required"))
    lines.append(_table([header, *_fields(entry)]))
    return "\n\n".join(lines)


def escape(text: str) -> str:
    """Make any text plain inside Markdown and HTML, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _facts(resource: Resource) -> list[tuple[str, str]]:
    entry, department = resource.entry, resource.department
    contact = " ".join(part for part in (department.contact.name, department.contact.phone) if part)
    owner = " ".join(part for part in (department.title, entry.owner.office, entry.owner.steward) if part)
    facts = [
        ("card.owner", owner),
        ("card.contact", contact),
        ("card.update", timing_words(Timing.of(entry.update))),
        ("card.sharing", " ".join((say(f"card.{entry.sharing.type}"), entry.sharing.condition or "")).strip()),
        ("card.level", entry.level),
        ("card.source", f"{entry.source.type} {entry.source.connection}"),
        ("card.table", f"share.{entry.table}"),
        ("card.version", f"{entry.version} {resource.digest[:12]}"),
    ]
    return [(say(key), text) for key, text in facts if text]


def _fields(entry: Entry) -> list[tuple[str, ...]]:
    return [(field.name, field.title, field.type or "string", "✓" if field.required else "") for field in entry.fields]


def _table(rows: list[tuple[str, ...]]) -> str:
    header, *body = rows
    lines = [header, tuple("---" for _ in header)]
    text = ["| " + " | ".join(map(escape, lines[0])) + " |", "| " + " | ".join(lines[1]) + " |"]
    return "\n".join(text + ["| " + " | ".join(map(escape, row)) + " |" for row in body])
