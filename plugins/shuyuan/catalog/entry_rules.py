"""What one entry must hold to beyond its schema: E2xx, and E9xx for what is only worth a look.

Each rule names the top-level keys that it reads. Where one of them is already broken the rule is not asked,
so that a slip in ``update`` does not hide a missing sharing condition, and nothing is reported twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from shuyuan.catalog.bounds import is_date_pattern
from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.field_rules import check_fields, check_row_rules, is_unsure
from shuyuan.catalog.originals import check_originals
from shuyuan.entry import DatabaseSource, Element, Entry
from shuyuan.entry.model import DATE_PLACEHOLDER
from shuyuan.project import Project

TABLE_NAME_LENGTH = 56
"""PostgreSQL cuts names at 63 bytes, MySQL at 64; the rest is for prefixes of ours."""


@dataclass(frozen=True)
class Scene:
    """What a rule looks at: the entry as written, as resolved, and what surrounds it."""

    written: Entry
    entry: Entry
    id: str
    elements: Mapping[str, Element]
    project: Project


def check_entry(scene: Scene, broken: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yield what the rules find, leaving out those that read a ``broken`` top-level key."""
    for rule, keys in RULES.items():
        if not broken & keys:
            yield from rule(scene)


def _identity(scene: Scene) -> Iterator[Finding]:
    if scene.entry.id != scene.id:
        yield Finding("E201", ("id",), {"key": "id", "expected": scene.id})
    elif len(scene.entry.table) > TABLE_NAME_LENGTH:
        facts = {"key": "id", "length": len(scene.entry.table), "limit": TABLE_NAME_LENGTH}
        yield Finding("E234", ("id",), facts)


def _sharing(scene: Scene) -> Iterator[Finding]:
    sharing, opening = scene.entry.sharing, scene.entry.opening
    if sharing.type == "conditional" and not sharing.condition:
        yield Finding("E202", ("sharing", "type"), {"key": "sharing.condition"})
    if sharing.type == "none" and not sharing.basis:
        yield Finding("E203", ("sharing", "type"), {"key": "sharing.basis"})
    if sharing.type == "none" and opening.type != "none":
        yield Finding("E204", ("opening", "type"), {"key": "opening.type"})
    if opening.type == "conditional" and not opening.condition:
        yield Finding("E202", ("opening", "type"), {"key": "opening.condition"})


def _sharing_method(scene: Scene) -> Iterator[Finding]:
    sharing = scene.entry.sharing
    if isinstance(scene.entry.source, DatabaseSource) and set(sharing.method) == {"file"}:
        yield Finding("E901", ("sharing", "method"), {"key": "sharing.method"})
    if sharing.channel != "platform" and set(sharing.method) != {"file"}:
        yield Finding("E902", ("sharing", "channel"), {"key": "sharing.channel"})


def _classified(scene: Scene) -> Iterator[Finding]:
    if scene.entry.classified:
        yield Finding("E205", ("classified",), {"key": "classified"})


def _title(scene: Scene) -> Iterator[Finding]:
    system = scene.entry.source_system
    if system and system.name == scene.entry.title:
        yield Finding("E903", ("title",), {"key": "title"})


def _key(scene: Scene) -> Iterator[Finding]:
    fields = {field.name: field for field in scene.entry.fields}
    for at, name in enumerate(scene.entry.load.key):
        facts = {"key": f"load.key[{at + 1}]", "field": name}
        if name not in fields:
            yield Finding("E206", ("load", "key", at), facts, allowed=tuple(fields))
        elif not fields[name].required:
            yield Finding("E207", ("load", "key", at), facts)
        if name in scene.entry.load.key[:at]:
            yield Finding("E227", ("load", "key", at), {**facts, "value": name})


def _deletions(scene: Scene) -> Iterator[Finding]:
    load, fields = scene.entry.load, {field.name: field for field in scene.entry.fields}
    if load.absent == "close" and load.mode != "history":
        yield Finding("E260", ("load", "absent"), {"key": "load.absent", "mode": load.mode})
    flag = load.deleted_when
    if flag is None:
        return
    if load.mode not in ("merge", "history"):
        yield Finding("E261", ("load", "deleted_when"), {"key": "load.deleted_when", "mode": load.mode})
    facts = {"key": "load.deleted_when.field", "field": flag.field}
    if flag.field not in fields:
        yield Finding("E206", ("load", "deleted_when", "field"), facts, allowed=tuple(fields))
    elif flag.field in load.key or fields[flag.field].kind not in ("string", "integer") or fields[flag.field].decimal:
        yield Finding("E262", ("load", "deleted_when", "field"), facts)


def _period_names(scene: Scene) -> Iterator[Finding]:
    for at, field in enumerate(scene.entry.fields):
        if scene.entry.load.mode == "history" and field.name in ("valid_from", "valid_to"):
            yield Finding("E263", ("fields", at, "name"), {"key": f"fields[{at + 1}].name", "field": field.name})


def _update(scene: Scene) -> Iterator[Finding]:
    update = scene.entry.update
    if update.cycle == "other" and not update.note:
        yield Finding("E214", ("update", "cycle"), {"key": "update.note"})
    if update.cycle == "weekly" and update.day > 7:
        yield Finding("E222", ("update", "day"), {"key": "update.day"})
    if update.grace > update.wait:
        yield Finding("E223", ("update", "grace"), {"key": "update.grace"})


def _source(scene: Scene) -> Iterator[Finding]:
    source = scene.entry.source
    if isinstance(source, DatabaseSource):
        return
    for name in ("path", "ready_when", "manifest", "receipts"):
        text = getattr(source, name) or ""
        wrong = [part for part in DATE_PLACEHOLDER.findall(text) if not is_date_pattern(part)]
        rest = DATE_PLACEHOLDER.sub("", text)
        if wrong or "{" in rest or "}" in rest:
            yield Finding("E213", ("source", name), {"key": f"source.{name}"})


def _increments(scene: Scene) -> Iterator[Finding]:
    source, load = scene.entry.source, scene.entry.load
    if not isinstance(source, DatabaseSource):
        return
    if source.sync == "full":
        if source.watermark:
            yield Finding("E251", ("source", "watermark"), {"key": "source.watermark"})
        if source.compare_keys:
            yield Finding("E251", ("source", "compare_keys"), {"key": "source.compare_keys"})
        return
    kinds = {field.name: field.type for field in scene.entry.fields}
    moving = tuple(name for name, kind in kinds.items() if kind in ("date", "datetime", "integer"))
    if not source.watermark:
        yield Finding("E248", ("source", "sync"), {"key": "source.watermark"})
    elif source.watermark not in moving:
        yield Finding("E249", ("source", "watermark"), {"field": source.watermark}, allowed=moving)
    if load.mode != "merge" and (load.mode, load.absent) != ("history", "keep"):
        yield Finding("E250", ("load", "mode"), {"key": "load.mode"})


def _publication(scene: Scene) -> Iterator[Finding]:
    entry = scene.entry
    if entry.status != "published":
        return
    needed = {
        "legal_basis": entry.legal_basis,
        "owner.office": entry.owner.office,
        "published_on": entry.published_on,
    }
    for key, value in needed.items():
        if not value:
            yield Finding("E215", ("status",), {"key": key})


def _gate(scene: Scene) -> Iterator[Finding]:
    gate = scene.entry.quality.gate
    if gate.warn_below < gate.block_below:
        yield Finding("E230", ("quality", "gate", "warn_below"), {"key": "quality.gate.warn_below"})


def _fields(scene: Scene) -> Iterator[Finding]:
    yield from check_fields(scene.written, scene.entry, scene.elements, scene.project)


def _originals(scene: Scene) -> Iterator[Finding]:
    yield from check_originals(scene.entry, scene.elements)


def _rules(scene: Scene) -> Iterator[Finding]:
    unsure = frozenset(field.name for field in scene.written.fields if is_unsure(field, scene.elements))
    yield from check_row_rules(scene.entry, unsure, scene.project)


RULES: dict[Callable[[Scene], Iterator[Finding]], frozenset[str]] = {
    _identity: frozenset({"id"}),
    _sharing: frozenset({"sharing", "opening"}),
    _sharing_method: frozenset({"sharing", "source"}),
    _classified: frozenset({"classified"}),
    _title: frozenset({"title", "source_system"}),
    _key: frozenset({"load", "fields"}),
    _deletions: frozenset({"load", "fields"}),
    _period_names: frozenset({"load", "fields"}),
    _update: frozenset({"update"}),
    _source: frozenset({"source"}),
    _increments: frozenset({"source", "load", "fields"}),
    _publication: frozenset({"status", "legal_basis", "owner", "published_on"}),
    _gate: frozenset({"quality"}),
    _fields: frozenset({"fields"}),
    _originals: frozenset({"fields"}),
    _rules: frozenset({"fields", "quality"}),
}
"""Rule → the top-level keys that it reads."""
