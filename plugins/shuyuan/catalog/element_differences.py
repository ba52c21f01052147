"""What changes between the data elements then and now: where the authority lies, what an element asks of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from shuyuan.catalog.cascading import ELEMENT_FACTS
from shuyuan.catalog.changes import Change, Data, Spec, Told, decimal_digits, shown

Elements = Mapping[str, Data]
_WORDS = ("title", "meaning", "standard", "level", "corrections")
_SAME_TITLE = 0.75


def compare_elements(before: Elements, after: Elements, specs: Iterable[Spec]) -> Iterator[Change]:
    """Yield the changes of elements that entries use. ``specs``: the entries then and now; they say who is reached."""
    uses = _uses(specs)
    renamed = _guess_renamed(before, after)
    for name, then in before.items():
        users = uses.get(name, {})
        if name in renamed:
            yield _change("element_renamed", name, "", True, users, users, {"after": renamed[name]})
            yield from _compare(renamed[name], then, after[renamed[name]], uses.get(renamed[name], {}))
        elif name not in after:
            yield _change("element_dropped", name, "", True, users, users, {"title": then.get("title")})
        else:
            yield from _compare(name, then, after[name], users)


def told_by_elements(before: Elements, after: Elements) -> Told:
    """Return what fields inherit of the changes: it is told once, at the element."""
    renamed = _guess_renamed(before, after)
    pairs = {name: after[renamed.get(name, name)] for name in before if renamed.get(name, name) in after}
    facts = {
        (name, key): (before[name].get(key), now.get(key))
        for name, now in pairs.items()
        for key in ELEMENT_FACTS
        if before[name].get(key) != now.get(key)
    }
    return Told(facts, renamed)


def _uses(specs: Iterable[Spec]) -> dict[str, dict[str, bool]]:
    """Element → the entries that use it, and whether they hold it as a copy."""
    uses: dict[str, dict[str, bool]] = {}
    for spec in specs:
        for field in spec.entry["fields"]:
            if field.get("element"):
                copies = bool(field.get("copy", True)) and not field.get("authoritative")
                held = uses.setdefault(str(field["element"]), {})
                held[spec.entry_id] = held.get(spec.entry_id, False) or copies
    return uses


def _guess_renamed(before: Elements, after: Elements) -> dict[str, str]:
    """Element that is gone → the new one of the same type and source under a like title, if there is just one."""
    free = [name for name in after if name not in before]
    renamed = {}
    for name, then in before.items():
        if name in after:
            continue
        same = [
            other
            for other in free
            if all(then.get(key) == after[other].get(key) for key in ("type", "source"))
            and SequenceMatcher(None, str(then["title"]), str(after[other]["title"])).ratio() >= _SAME_TITLE
        ]
        if len(same) == 1:
            renamed[name] = same[0]
            free.remove(same[0])
    return renamed


def _compare(name: str, then: Data, now: Data, users: Mapping[str, bool]) -> Iterator[Change]:
    copies = [entry_id for entry_id, copied in users.items() if copied]
    before, after = then.get("source"), now.get("source")
    if before != after:
        what = "authority_moved" if before and after else "authority_named" if after else "authority_dropped"
        reached = [*copies, *(one for one in (before, after) if one)]
        holders = [one for one in copies if one not in (before, after)]
        facts = {"before": before, "after": after}
        yield _change(what, name, "source", what != "authority_named", reached, holders, facts)
    if then.get("normal_form") != now.get("normal_form"):
        facts = {"before": then.get("normal_form"), "after": now.get("normal_form")}
        yield _change("element_form", name, "normal_form", False, users, copies, facts)
    for key in ELEMENT_FACTS:
        if key in _WORDS or then.get(key) == now.get(key):
            continue
        facts = {"name": key, "before": then.get(key), "after": now.get(key)}
        if key == "mask":
            yield _change("element_mask", name, key, False, users, users, facts)
        else:
            stricter = _stricter(key, then.get(key), now.get(key))
            yield _change(
                "element_stricter" if stricter else "element_looser", name, key, stricter, users, users, facts
            )
    words = [key for key in _WORDS if then.get(key) != now.get(key)]
    if words:
        yield _change("element_words", name, words[0], False, users, users, {"keys": words})


def _stricter(key: str, before: Any, after: Any) -> bool:
    """Whether rows that pass today may fail under the element as it is now."""
    if key == "type":
        then, now = decimal_digits(before), decimal_digits(after)
        return then is None or now is None or now[0] < then[0] or now[1] < then[1]
    if key == "length":
        return after is not None and (before is None or after < before)
    return after is not None


def _change(
    what: str,
    element: str,
    key: str,
    breaking: bool,
    reached: Iterable[str],
    entries: Iterable[str],
    facts: Mapping[str, Any],
) -> Change:
    departments = tuple(sorted({one.partition(".")[0] for one in reached}))
    told = {name: shown(value) for name, value in facts.items()} | {
        "element": element,
        "entries": shown(sorted(entries)),
    }
    place = f"{element}.{key}" if key else element
    return Change(what, element, place, breaking, "both", told, departments, of_element=True)
