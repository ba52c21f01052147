"""A check's sources: do their entries and items exist, may they be used, can the rows be found that way."""

from __future__ import annotations

from collections.abc import Iterator

from shuyuan.catalog.check_conditions import check_field, check_where, not_the_same
from shuyuan.catalog.check_scene import CheckScene, Path, finding
from shuyuan.catalog.explaining import Finding
from shuyuan.entry import CheckRule, Differs, Entry, Lookup, Outside
from shuyuan.problems import Term

_DAYS = ("date", "datetime")
_UNUSABLE = ("draft", "retired")


def check_sources(scene: CheckScene) -> Iterator[Finding]:
    """Yield what the sources get wrong, one by one and as a chain."""
    for name, lookup in scene.check.sources.items():
        yield from _check_entry(scene, ("sources", name), lookup)
        yield from _check_use(scene, name, lookup)
        for way in ("by", "or_by"):
            for field, value in getattr(lookup, way).items():
                yield from _check_way(scene, name, (("sources", name, way, field)), field, value)
    yield from _check_circles(scene)
    yield from _check_needed(scene)


def hop(value: str) -> tuple[str, str] | None:
    """Return the source and the field of ``<source>.<field>``, ``None`` for an item of the request."""
    source, dot, field = value.partition(".")
    return (source, field) if dot else None


def _check_entry(scene: CheckScene, path: Path, lookup: Lookup) -> Iterator[Finding]:
    entries = scene.around.entries
    if lookup.planned:
        if lookup.entry in entries:
            yield finding("E912", (*path, "planned"), entry=lookup.entry)
    elif lookup.entry not in entries:
        yield finding("E355", (*path, "entry"), entries, lookup.entry, entry=lookup.entry)
    elif (entry := entries[lookup.entry]) is not None and (why := _why_unusable(entry)):
        yield finding("E356", (*path, "entry"), entry=lookup.entry, state=Term(f"check_spec.unusable.{why}"))


def _why_unusable(entry: Entry) -> str | None:
    if entry.status in _UNUSABLE:
        return entry.status
    if entry.classified or entry.level == "L4":
        return "classified"
    return "not_shared" if entry.sharing.type == "none" else None


def _check_use(scene: CheckScene, name: str, lookup: Lookup) -> Iterator[Finding]:
    path: Path = ("sources", name)
    for at, used in enumerate(lookup.use):
        yield from check_field(scene, name, (*path, "use", at), used)
    yield from check_where(scene, name, (*path, "where"), lookup.where)
    if lookup.newest_by is not None:
        yield from check_field(scene, name, (*path, "newest_by"), lookup.newest_by, _DAYS, used=True)


def _check_way(scene: CheckScene, name: str, path: Path, field: str, value: str) -> Iterator[Finding]:
    """Yield what one pair of ``by`` gets wrong: the entry's field, what it is matched with, whether they can match."""
    yield from check_field(scene, name, path, field, on_key=True)
    of_case = scene.check.sources[name].of == "case"
    items = scene.check.inputs
    found = hop(value)
    if found is None:
        possible = scene.case_items if of_case else tuple(items)
        if value not in items:
            known = (*possible, *(f"{source}.{one}" for source, one in _reachable(scene, name)))
            yield finding("E359", path, known, value, value=value)
            return
        if value not in possible:
            yield finding("E376", path, scene.case_items, value, value=value)
        theirs, origin = items[value].element, value
    else:
        source, other = found
        lookup = scene.lookup(source)
        if lookup is None:
            yield finding("E364", path, scene.check.sources, source, source=source)
            return
        if of_case and lookup.of != "case":
            yield finding("E376", path, value=value)
        wrong = list(check_field(scene, source, path, other, used=True))
        yield from wrong
        held = scene.field(source, other)
        if wrong or held is None:
            return
        theirs, origin = held.element or "", value
    mine = scene.field(name, field)
    if mine is not None and (mine.element is None or mine.element != theirs):
        yield not_the_same(path, field, mine.element, origin, theirs)


def _reachable(scene: CheckScene, name: str) -> Iterator[tuple[str, str]]:
    for source, lookup in scene.check.sources.items():
        if source != name:
            yield from ((source, one) for one in lookup.use)


def _check_circles(scene: CheckScene) -> Iterator[Finding]:
    """Yield one finding a circle of sources that are each found through the next."""
    sources = scene.check.sources
    leads = {
        name: {found[0]: (way, field) for way in ("by", "or_by") for field, value in getattr(lookup, way).items()
               if (found := hop(value)) and found[0] in sources}
        for name, lookup in sources.items()
    }  # fmt: skip
    told: set[frozenset[str]] = set()
    for start in sources:
        for circle in _circles_from(start, leads):
            if frozenset(circle) not in told:
                told.add(frozenset(circle))
                way, field = leads[circle[0]][[*circle, circle[0]][1]]
                yield finding("E360", ("sources", circle[0], way, field), circle=" → ".join([*circle, circle[0]]))


def _circles_from(start: str, leads: dict[str, dict[str, tuple[str, str]]]) -> Iterator[list[str]]:
    """Yield the ways that lead from ``start`` back to it."""
    ways = [[start]]
    while ways:
        way = ways.pop()
        for onward in leads[way[-1]]:
            if onward == start:
                yield way
            elif onward not in way:
                ways.append([*way, onward])


def _check_needed(scene: CheckScene) -> Iterator[Finding]:
    """Yield sources and items that nothing uses: what is not needed is not read."""
    check = scene.check
    needed: dict[str, set[str]] = {name: set() for name in check.sources}
    reached = {rule.source for rule in check.rules}
    for lookup in check.sources.values():
        for value in (*lookup.by.values(), *lookup.or_by.values()):
            if (found := hop(value)) and found[0] in needed:
                needed[found[0]].add(found[1])
                reached.add(found[0])
    for rule in check.rules:
        needed.get(rule.source, set()).update(fields_of(rule))
    for name, lookup in check.sources.items():
        needed[name].update(one.field for one in lookup.where)
        needed[name].update([lookup.newest_by] if lookup.newest_by else [])
        if name not in reached:
            yield finding("E375", ("sources", name), on_key=True, name=name)
            continue
        for at, used in enumerate(lookup.use):
            if used not in needed[name]:
                yield finding("E375", ("sources", name, "use", at), name=used)


def fields_of(rule: CheckRule) -> Iterator[str]:
    """Yield every field of the source that a rule looks at."""
    condition = rule.condition
    yield from (one.field for one in condition.where)
    if isinstance(condition, Outside):
        yield from condition.fields
    elif isinstance(condition, Differs):
        yield condition.field
    else:
        yield from (value for key in ("field", "distinct") if (value := getattr(condition, key, None)))
