"""All papers of one report in one folder: 通报 (.docx, .xlsx, .pdf), a notice and a form for each department."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from shuyuan.language import say
from shuyuan.reporting.documents.blocks import Paper
from shuyuan.reporting.documents.bulletin import write_bulletin
from shuyuan.reporting.documents.portable import SECONDS, convert_to_pdf, find_office
from shuyuan.reporting.documents.progress import write_forms
from shuyuan.reporting.documents.rectification import write_notices
from shuyuan.reporting.documents.word import make_docx
from shuyuan.reporting.documents.workbook import make_workbook
from shuyuan.reporting.report import Report


def write_documents(
    report: Report, folder: Path, *, pdf: bool = True, tell: Callable[[str], None] | None = None
) -> tuple[Path, ...]:
    """Write the papers into ``folder`` and return their paths, the bulletin's first.

    The same report gives the same .docx and .xlsx; a PDF carries LibreOffice's own dates. ``tell`` is given a line
    when the PDF was left out. Notices and forms have folders of their own.

    Raises:
        OSError: ``folder`` cannot be written.
    """
    bulletin = write_bulletin(report)
    letter = _put(folder / f"{bulletin.name}.docx", _as_word(report, bulletin))
    written = [letter, _put(folder / f"{bulletin.name}.xlsx", make_workbook(report, bulletin.title))]
    if pdf:
        written += _portable(letter, tell)
    for word, papers in (("notice", write_notices(report)), ("progress", write_forms(report))):
        place = folder / say(f"document.file.{word}")
        made = [_put(place / f"{paper.name}.docx", _as_word(report, paper)) for paper in papers]
        _remove_stale(place, f"{say(f'document.file.{word}')}_*_{report.period.month}.docx", made)
        written += made
    return tuple(written)


def _as_word(report: Report, paper: Paper) -> bytes:
    return make_docx(paper, report.standings.as_of, report.evidence.assessment.unit)


def _portable(letter: Path, tell: Callable[[str], None] | None) -> list[Path]:
    office = find_office()
    letter.with_suffix(".pdf").unlink(missing_ok=True)
    made = convert_to_pdf(letter, office) if office else None
    if made is None and tell is not None:
        tell(say("document.made.portable_failed", seconds=SECONDS) if office else say("document.made.no_portable"))
    return [made] if made else []


def _remove_stale(place: Path, pattern: str, made: Sequence[Path]) -> None:
    """An earlier run's paper of this month that this run has no reason for: the department has mended everything."""
    for path in sorted(set(place.glob(pattern)) - set(made)):
        path.unlink()


def _put(path: Path, content: bytes) -> Path:
    """The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
    return path
