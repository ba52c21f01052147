"""What changes between the fields of one entry then and now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from shuyuan.catalog.changes import Change, Data, Reach, Told, decimal_digits, shown

SAME_TITLE = 0.6
_RULES = ("pattern", "codes", "check")
_WORDS = ("title", "standard", "timestamp", "authoritative")
_ORDER = {"reject": 1, "count": 0}


def compare_fields(before: Data, after: Data, told: Told) -> Iterator[Change]:
    """Yield the changes of the fields but those that are ``told`` at their elements."""
    then, now = _delivered(before), _delivered(after)
    renamed = _guess_renamed(then, now)
    comparing = _Comparing(str(after["id"]), told)
    for name, field in then.items():
        if name in now:
            yield from comparing.compare(field, now[name])
        elif name in renamed:
            yield comparing.change("field_renamed", name, True, "consumers", after=renamed[name])
            yield from comparing.compare(field, now[renamed[name]])
        else:
            yield comparing.change("field_removed", name, True, "both", title=field["title"], column=_column(field))
    kept = {*then, *renamed.values()}
    for name, field in now.items():
        if name not in kept:
            what = "field_added_required" if field.get("required") else "field_added"
            yield comparing.change(what, name, True, "provider", title=field["title"], column=_column(field))
    yield from _reordered(comparing, before, after)
    yield from _unfit(comparing, before, after, then, now)


def _delivered(entry: Data) -> dict[str, Data]:
    """The fields by name, without the originals that stand beside normalised ones."""
    fields = {str(field["name"]): field for field in entry["fields"]}
    originals = {f"{name}_raw" for name, field in fields.items() if field.get("normalise")}
    return {name: field for name, field in fields.items() if name not in originals}


def _column(field: Data) -> str:
    return str(field.get("from") or field["name"])


def _guess_renamed(then: dict[str, Data], now: dict[str, Data]) -> dict[str, str]:
    """Field that is gone → the new one that reads the same column, or says the same thing under a like title."""
    free = [name for name in now if name not in then]
    renamed: dict[str, str] = {}
    for name, field in then.items():
        if name in now:
            continue
        same = [other for other in free if _column(now[other]) == _column(field)]
        same = same or [other for other in free if _alike(field, now[other])]
        if len(same) == 1:
            renamed[name] = same[0]
            free.remove(same[0])
    return renamed


def _alike(field: Data, other: Data) -> bool:
    if field.get("element") != other.get("element") or field.get("type") != other.get("type"):
        return False
    return SequenceMatcher(None, str(field["title"]), str(other["title"])).ratio() >= SAME_TITLE


class _Comparing:
    """Compares two versions of a field, key by key."""

    def __init__(self, entry_id: str, told: Told) -> None:
        self._entry_id, self._told = entry_id, told

    def change(
        self, what: str, name: str, breaking: bool, reach: Reach = "provider", /, key: str = "", **facts: Any
    ) -> Change:
        """Return a change of the field ``name``."""
        place = f"fields.{name}" + (f".{key}" if key else "")
        told = {fact: shown(value) for fact, value in facts.items()}
        return Change(what, self._entry_id, place, breaking, reach, {"field": name, **told})

    def compare(self, then: Data, now: Data) -> Iterator[Change]:
        """Yield what differs between the field then and now."""
        name = str(now["name"])
        if _column(then) != _column(now):
            yield self.change("field_from", name, True, key="from", before=_column(then), after=_column(now))
        differing = [key for key in now if key not in ("name", "from") and then.get(key) != now[key]]
        differing = [key for key in differing if not self._told.explains(key, then, now)]
        for key in differing:
            yield from self._compare_key(name, key, then, now)
        words = [key for key in _WORDS if key in differing]
        if words:
            yield self.change("field_words", name, False, "consumers", keys=words)

    def _compare_key(self, name: str, key: str, then: Data, now: Data) -> Iterator[Change]:
        before, after = then.get(key), now[key]
        facts = {"before": before, "after": after, "name": key}
        if key == "type":
            yield self._type(name, str(before or "string"), str(after or "string"))
        elif key == "length":
            wider = after is None or (before is not None and after > before)
            yield self.change("field_wider" if wider else "field_narrower", name, not wider, key=key, **facts)
        elif key in _RULES:
            what = "dropped" if after is None else "added" if before is None else "changed"
            yield self.change(f"field_rule_{what}", name, after is not None, key=key, **facts)
        elif key == "required":
            yield self.change("field_required" if after else "field_optional", name, bool(after), key=key)
        elif key == "format":
            yield self.change("field_format", name, True, key=key, **facts)
        elif key == "unit":
            yield self.change("field_unit", name, True, "both", key=key, **facts)
        elif key in ("mask", "sensitive"):
            yield self.change("field_mask", name, False, "both", key=key, **facts)
        elif key == "normalise":
            what = "field_normalised" if after else "field_original_dropped"
            yield self.change(what, name, not after, "consumers", key=key)
        elif key == "element":
            yield self.change("field_element", name, False, "both", key=key, **facts)
        elif key == "copy":
            yield self.change("copy_started" if after else "copy_stopped", name, False, key=key)
        elif key == "match_by":
            yield self.change("copy_match", name, False, key=key, **facts)
        elif key == "unknown":
            stricter = _ORDER.get(str(after), 0) > _ORDER.get(str(before), 0)
            yield self.change("copy_rejects" if stricter else "copy_counts", name, stricter, key=key)

    def _type(self, name: str, before: str, after: str) -> Change:
        then, now = decimal_digits(before), decimal_digits(after)
        facts = {"before": before, "after": after, "name": "type"}
        if then is None or now is None:
            return self.change("field_type", name, True, "both", key="type", **facts)
        wider = now[0] >= then[0] and now[1] >= then[1]
        reach: Reach = "consumers" if wider else "both"
        return self.change("field_wider" if wider else "field_narrower", name, not wider, reach, key="type", **facts)


def _reordered(comparing: _Comparing, before: Data, after: Data) -> Iterator[Change]:
    """A file without header line is read by the order of the fields."""
    form = after.get("source", {}).get("format") or {}
    then, now = ([_column(field) for field in _delivered(one).values()] for one in (before, after))
    if form.get("header") is False and then != now and sorted(then) == sorted(now):
        yield Change("fields_reordered", str(after["id"]), "fields", True, "provider", {"order": shown(now)})


def _unfit(
    comparing: _Comparing, before: Data, after: Data, then: dict[str, Data], now: dict[str, Data]
) -> Iterator[Change]:
    """An appended or merged table keeps its rows: a column of another type, or one that must be filled, fits none."""
    modes: Sequence[Any] = (before["load"]["mode"], after["load"]["mode"])
    if modes[0] != modes[1] or modes[0] == "replace":
        return
    for name, field in now.items():
        known = then.get(name)
        if known is None and field.get("required"):
            yield comparing.change("table_unfit", name, True, "provider", before=None, after=field.get("type"))
        elif known is not None and (known.get("type") or "string") != (field.get("type") or "string"):
            yield comparing.change("table_unfit", name, True, "provider", before=known.get("type"), after=field["type"])
