"""What a comparison found, as lines of the ledger and as lists of differences with the requests they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shuyuan.ledger import Comparison
from shuyuan.one_source.agenda import Task
from shuyuan.one_source.comparing import Findings
from shuyuan.one_source.discrepancies import Listing


@dataclass(frozen=True)
class Found:
    """The differences of one copy and kind: ``rows`` of them, their Parquet file, the department that is asked."""

    listing: Listing
    rows: int
    path: Path | None
    department: str


def fill_lines(blanks: Sequence[Comparison], findings: Findings | str) -> tuple[Comparison, ...]:
    """Return the lines of a link with what was found; ``blanks`` are those of ``Task.blank_lines``, the key's first."""
    if isinstance(findings, str):
        return tuple(replace(line, reason=findings) for line in blanks)
    reference = replace(
        blanks[0],
        state="compared",
        copy_rows=findings.copy_rows,
        matched=findings.matched,
        only_here=findings.only_here,
        only_there=findings.only_there,
        source_duplicates=findings.source_duplicates,
        score=_score(findings.matched, findings.only_here),
    )
    return reference, *(_fill_attribute(line, findings) for line in blanks[1:])


def _fill_attribute(line: Comparison, findings: Findings) -> Comparison:
    found = findings.attributes.get(line.field)
    if found is None:
        return replace(line, reason=findings.lacking[line.field])
    return replace(
        line,
        state="compared",
        copy_rows=findings.copy_rows,
        matched=findings.matched,
        agreeing=found.agreeing,
        differing=found.differing,
        blank_here=found.blank_here,
        blank_there=found.blank_there,
        score=_score(found.agreeing, found.differing),
    )


def _score(right: int, wrong: int) -> float | None:
    """GB/T 36344-2018: right / all × 100; ``None`` where there is nothing to count."""
    return 100 * right / (right + wrong) if right + wrong else None


def find_differences(task: Task, findings: Findings) -> Iterator[Found]:
    """Yield the differences of each copy of a link and each kind, also where there are none: they may have been."""
    link = task.link
    holder, keeper = task.copy.department, task.source.department

    def asked(element: str) -> str:
        return keeper if task.elements[element].corrections == "source" else holder

    def listing(field: str, element: str, kind: str, masks: tuple[str, ...]) -> Listing:
        return Listing(link.entry_id, field, element, kind, link.source_id, masks)

    name, named, masks = link.key_name, "+".join(link.key_elements), task.key_masks
    unknown = listing(name, named, "unknown", masks)
    yield Found(unknown, findings.only_here, findings.unknown, asked(link.key_elements[0]))
    duplicate = listing(name, named, "duplicate", masks)
    yield Found(duplicate, findings.source_duplicates, findings.duplicates, keeper)
    for one in link.copied:
        found = findings.attributes.get(one.field)
        if found is not None:
            differing = listing(one.field, one.element, "differing", (task.value_mask(one.field),))
            yield Found(differing, found.differing, found.disputes, asked(one.element))
