"""What changes between one entry then and now, apart from its fields and rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from shuyuan.catalog.changes import Change, Data, Reach, Spec, Told, shown
from shuyuan.catalog.field_differences import compare_fields
from shuyuan.catalog.rule_differences import compare_rules

_RUNNING = ("confirmed", "published")
_OURS = frozenset({"settle", "max_bytes", "max_unpacked_bytes", "timeout", "fetch_rows", "receipts"})
"""Keys of a source that change how we read, not what the department does."""
_OPENNESS = {"none": 0, "conditional": 1, "unconditional": 2}
_WORDS = (
    "title", "summary", "category", "keywords", "matter", "source_system", "related", "published_on", "version",
    "owner", "legal_basis", "history",
)  # fmt: skip
_SPAN = TypeAdapter(timedelta)


def compare_entry(then: Spec, now: Spec, told: Told | None = None) -> tuple[Change, ...]:
    """Return the changes of one entry. ``told``: what changes of its elements explain already."""
    before, after = then.entry, now.entry
    changes = [
        *_status(before, after),
        *_identity(before, after),
        *_load(before, after),
        *_sharing(before, after),
        *_update(before, after),
        *_source(before, after),
        *compare_fields(before, after, told or Told()),
        *compare_rules(before, after),
    ]
    words = [key for key in _WORDS if before.get(key) != after.get(key)]
    if words:
        changes.append(_change(after, "words", words[0], False, "both", keys=words))
    if then.digest != now.digest and before == after:
        quality = after.get("quality", {})
        named = [*after["fields"], *quality.get("rules", ())]
        tables = sorted({str(one["codes"]) for one in named if one.get("codes")})
        files = [*tables, *quality.get("suites", ())]
        changes.append(_change(after, "files_changed", "fields", False, "provider", files=files))
    return tuple(changes)


def _change(entry: Data, what: str, key: str, breaking: bool, reach: Reach = "provider", **facts: Any) -> Change:
    told = {name: shown(value) for name, value in facts.items()}
    return Change(what, str(entry["id"]), key, breaking, reach, told)


def _status(before: Data, after: Data) -> Iterator[Change]:
    ran, runs = before.get("status") in _RUNNING, after.get("status") in _RUNNING
    facts = {"before": before.get("status"), "after": after.get("status")}
    if ran and not runs:
        retired = after.get("status") == "retired"
        yield _change(after, "entry_retired" if retired else "entry_stopped", "status", True, "both", **facts)
    elif runs and not ran:
        yield _change(after, "entry_resumed", "status", False, "both", **facts)
    elif before.get("status") != after.get("status"):
        yield _change(after, "status_changed", "status", False, "provider", **facts)


def _identity(before: Data, after: Data) -> Iterator[Change]:
    if before.get("code") != after.get("code"):
        yield _change(after, "code_changed", "code", True, "both", before=before.get("code"), after=after["code"])


def _load(before: Data, after: Data) -> Iterator[Change]:
    then, now = before["load"], after["load"]
    facts = {"before": then.get("key"), "after": now["key"]}
    if then.get("key") != now["key"]:
        yield _change(after, "key_changed", "load.key", True, "both", **facts)
    if then.get("mode") != now["mode"]:
        yield _change(after, "mode_changed", "load.mode", True, "both", before=then.get("mode"), after=now["mode"])
    if then.get("physical_delete") != now.get("physical_delete"):
        yield _change(after, "delete_changed", "load.physical_delete", False, after=now.get("physical_delete"))


def _sharing(before: Data, after: Data) -> Iterator[Change]:
    for part, narrower in (("sharing", True), ("opening", False)):
        then, now = before.get(part, {}), after.get(part, {})
        if then.get("type") != now.get("type"):
            narrowed = _OPENNESS[now["type"]] < _OPENNESS[then["type"]]
            what = f"{part}_narrowed" if narrowed else f"{part}_widened"
            facts: dict[str, Any] = {"before": then["type"], "after": now["type"]}
            yield _change(after, what, f"{part}.type", narrowed and narrower, "both", **facts)
        if then.get("condition") != now.get("condition"):
            facts = {"before": then.get("condition"), "after": now.get("condition")}
            yield _change(after, "condition_changed", f"{part}.condition", False, "consumers", **facts)
    then, now = before.get("sharing", {}), after.get("sharing", {})
    gone = [one for one in then.get("method", ()) if one not in now.get("method", ())]
    if gone or then.get("channel") != now.get("channel"):
        facts = {"before": [then.get("channel"), *then.get("method", ())], "after": [now["channel"], *now["method"]]}
        yield _change(after, "method_changed", "sharing.method", True, "both", **facts)
    if before.get("level") != after.get("level"):
        yield _change(after, "level_changed", "level", False, "both", before=before.get("level"), after=after["level"])


def _update(before: Data, after: Data) -> Iterator[Change]:
    then, now = before["update"], after["update"]
    changed = [key for key in now if key != "note" and then.get(key) != now[key]]
    if not changed:
        return
    stricter = bool({"cycle", "data_lag_days", "calendar"} & set(changed))
    stricter = stricter or any(key in changed and now[key] < then[key] for key in ("due", "day"))
    stricter = stricter or any(key in changed and _span(now[key]) < _span(then[key]) for key in ("grace", "wait"))
    facts = {"before": {key: then.get(key) for key in changed}, "after": {key: now[key] for key in changed}}
    yield _change(after, "schedule_tightened" if stricter else "schedule_changed", "update", stricter, "both", **facts)


def _span(text: Any) -> timedelta:
    return _SPAN.validate_python(text)


def _source(before: Data, after: Data) -> Iterator[Change]:
    then, now = _flat(before["source"]), _flat(after["source"])
    if then["type"] != now["type"]:
        yield _change(after, "source_type", "source.type", True, before=then["type"], after=now["type"])
        return
    for key in dict.fromkeys([*now, *then]):
        if then.get(key) != now.get(key):
            what = "source_tuned" if key in _OURS else "source_changed"
            facts: dict[str, Any] = {"name": key, "before": then.get(key), "after": now.get(key)}
            yield _change(after, what, f"source.{key}", key not in _OURS, **facts)


def _flat(source: Data) -> dict[str, Any]:
    form = {f"format.{key}": value for key, value in (source.get("format") or {}).items()}
    return {key: value for key, value in source.items() if key != "format"} | form
