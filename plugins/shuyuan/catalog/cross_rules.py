"""What entries must hold to together: E3xx. 一数一源 is decided here: one authority per element."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator

from shuyuan.catalog.copy_rules import check_copies
from shuyuan.catalog.dictionary import Dictionary
from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.resources import Draft
from shuyuan.entry import SftpSource
from shuyuan.entry.source import ExcelFormat
from shuyuan.problems import Problem


def check_together(drafts: list[Draft], dictionary: Dictionary) -> Iterator[Problem]:
    """Yield what is wrong between entries. Retired entries no longer count."""
    active = [draft for draft in drafts if draft.partial and draft.partial.status != "retired"]
    yield from _repeated(active, "code", "E302", lambda draft: draft.partial.code if draft.partial else "")
    yield from _repeated(active, "title", "E303", lambda draft: plain(draft.partial.title) if draft.partial else "")
    yield from _repeated(active, "id", "E304", lambda draft: draft.partial.id if draft.partial else "")
    yield from _one_file(active)
    yield from _related(active)
    yield from _authorities(active, dictionary)
    yield from check_copies(active, dictionary.elements)


def plain(title: str) -> str:
    """Return a title without punctuation, blanks and letter case, in NFKC: what makes two titles the same."""
    return "".join(c for c in unicodedata.normalize("NFKC", title).casefold() if c.isalnum())


def _repeated(drafts: list[Draft], key: str, code: str, value: Callable[[Draft], str]) -> Iterator[Problem]:
    first: dict[str, Draft] = {}
    for draft in drafts:
        if key in draft.broken:
            continue
        same = first.setdefault(value(draft), draft)
        if same is not draft:
            other = same.place(Finding(code, (key,))).location
            yield draft.place(Finding(code, (key,), {"key": key, "other": str(other)}))


def _one_file(drafts: list[Draft]) -> Iterator[Problem]:
    first: dict[tuple[str, ...], Draft] = {}
    for draft in drafts:
        source = draft.partial.source if draft.partial and "source" not in draft.broken else None
        if not isinstance(source, SftpSource):
            continue
        sheet = source.format.sheet or "" if isinstance(source.format, ExcelFormat) else ""
        same = first.setdefault((source.connection, source.path, sheet), draft)
        if same is not draft:
            other = same.place(Finding("E905", ("source", "path"))).location
            yield draft.place(Finding("E905", ("source", "path"), {"key": "source.path", "other": str(other)}))


def _related(drafts: list[Draft]) -> Iterator[Problem]:
    known = {draft.partial.code for draft in drafts if draft.partial and "code" not in draft.broken}
    for draft in drafts:
        if draft.partial is None or "related" in draft.broken:
            continue
        for at, code in enumerate(draft.partial.related):
            if code not in known:
                facts = {"key": f"related[{at + 1}]", "code": code}
                yield draft.place(Finding("E906", ("related", at), facts))


def _authorities(drafts: list[Draft], dictionary: Dictionary) -> Iterator[Problem]:
    claims: dict[str, list[tuple[Draft, int]]] = defaultdict(list)
    for draft in drafts:
        if draft.partial is None or "fields" in draft.broken:
            continue
        for at, field in enumerate(draft.partial.fields):
            if field.authoritative and field.element:
                claims[field.element].append((draft, at))
    for element, claimed in claims.items():
        places = [str(draft.place(Finding("E301", ("fields", at))).location) for draft, at in claimed]
        for (draft, at), _ in zip(claimed[1:], places[1:], strict=True):
            facts = {"key": f"fields[{at + 1}].authoritative", "element": element, "other": places[0]}
            yield draft.place(Finding("E301", ("fields", at, "authoritative"), facts))
        known = dictionary.elements.get(element)
        for draft, at in claimed:
            if known and known.source and known.source != draft.id and len(claimed) == 1:
                facts = {"key": f"fields[{at + 1}].authoritative", "element": element, "source": known.source}
                yield draft.place(Finding("E308", ("fields", at, "authoritative"), facts))
    ids = {draft.id: draft for draft in drafts}
    unclear = {draft.id for draft in drafts if "fields" in draft.broken}
    for name, known in dictionary.elements.items():
        if not known.source or known.source in unclear:
            continue
        document = dictionary.documents[name]
        facts = {"key": f"{name}.source", "element": name, "source": known.source}
        if known.source not in ids:
            yield Finding("E305", (name, "source"), facts).at(document)
        elif known.source not in {draft.id for draft, _ in claims.get(name, [])}:
            yield Finding("E306", (name, "source"), facts).at(document)
