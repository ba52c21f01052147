"""The files of one answer in one folder: a page for each case and, for a batch, a workbook and a letter.

File names carry the answer's own number, never a case number or a name. The files are readable by their owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from shuyuan.catalog.checks import check_digest
from shuyuan.checks.answer import Answer
from shuyuan.checks.reports.batch_document import make_document
from shuyuan.checks.reports.batch_workbook import make_workbook
from shuyuan.checks.reports.case_page import render_cases
from shuyuan.checks.reports.wording import AnswerWords
from shuyuan.entry.check import Check
from shuyuan.one_source.titles import Titles
from shuyuan.problems import PlatformError


def write_reports(answer: Answer, check: Check, titles: Titles, folder: Path) -> tuple[Path, ...]:
    """Write the answer's reports into ``folder`` and return their paths: a batch's workbook and letter, then the pages.

    The same answer gives the same bytes. ``check`` is the spec that it was answered by.

    Raises:
        PlatformError: P445, the spec is another one by now: its words would not fit.
        OSError: ``folder`` cannot be written.
    """
    if check_digest(check) != answer.spec_digest:
        raise PlatformError("P445", check=answer.check, number=answer.number)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = AnswerWords(answer, check, titles)
    written = [_put(folder / f"{case.number}.html", page.encode()) for case, page in render_cases(words)]
    if len(written) == 1:
        return tuple(written)
    book = _put(folder / f"{answer.number}.xlsx", make_workbook(words, folder))
    letter = _put(folder / f"{answer.number}.docx", make_document(words))
    return (book, letter, *written)


def _put(path: Path, content: bytes) -> Path:
    """The file appears whole or not at all, and for its owner only."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
    return path
