"""A department's rows as a workbook in which every bad cell is coloured and says what is wrong with it.

Three sheets: what was found, the rows as they were delivered (under the department's own column names), and the
records that could not be read as rows. All cells are text: no identifier loses a digit and nothing becomes a formula.
Rows are written as they are read, so that memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from shuyuan.catalog.originals import delivered_fields
from shuyuan.language import say
from shuyuan.pipeline.delivered_rows import open_records, open_rows
from shuyuan.pipeline.file_check import Checked
from shuyuan.pipeline.rule_words import columns_of_rule, what_is_asked, what_to_do
from shuyuan.stages import Batch, Verdict

MOST_ROWS = 1_048_576
"""Rows of an Excel sheet, the header among them."""

MOST_COMMENTS = 10_000
"""Cells with a comment; Excel becomes slow with more. The rest are coloured, and named in the last column."""

LONGEST = 32_000
"""Characters of a cell; Excel takes 32,767."""

_RED, _YELLOW = "#FFC7CE", "#FFEB9C"
_SUMMARY_WIDTHS = (14, 38, 12, 12, 12, 60, 90)


@dataclass(frozen=True)
class Written:
    """What the workbook holds: rows of the delivery, whether only the bad ones, and cells without their comment."""

    rows: int
    bad_only: bool
    uncommented: int


def write_annotated(checked: Checked, workdir: Path, path: Path, telling: Sequence[tuple[str, str]]) -> Written:
    """Write the workbook for files that could be read. ``telling`` are the lines (name, text) at its top.

    ``workdir`` is where ``check_files`` worked. The file appears at ``path`` only when it is whole, readable by its
    owner alone.

    Raises:
        OSError: ``path`` cannot be written.
        ValueError: the files could not be read (``checked.problem``): there are no rows to annotate.
    """
    if checked.batch is None or checked.verdict is None:
        raise ValueError("no rows were read")
    part = path.with_name(f".{path.name}.part")
    part.touch(mode=0o600)
    try:
        with xlsxwriter.Workbook(str(part), {"constant_memory": True, "tmpdir": str(workdir)}) as workbook:
            written = _Book(workbook, checked, checked.batch, checked.verdict, workdir).write(telling)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written


class _Book:
    def __init__(self, workbook: Workbook, checked: Checked, batch: Batch, verdict: Verdict, workdir: Path) -> None:
        self.workbook, self.batch, self.verdict, self.workdir = workbook, batch, verdict, workdir
        self.entry = checked.resource.entry
        self.results = {result.rule: result for result in verdict.results}
        self.columns = {rule: columns_of_rule(self.entry, result) for rule, result in self.results.items()}
        self.limit = MOST_ROWS - 1
        self.styles = {
            "head": workbook.add_format({"bold": True, "bg_color": "#D9E1F2", "text_wrap": True, "valign": "top"}),
            "text": workbook.add_format({"num_format": "@"}),
            "wrap": workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "reject": workbook.add_format({"num_format": "@", "bg_color": _RED}),
            "count": workbook.add_format({"num_format": "@", "bg_color": _YELLOW}),
        }
        for name in ("text", "wrap", "reject", "count"):
            self.styles[name].set_quote_prefix()  # Excel takes no edited text for a formula

    def write(self, telling: Sequence[tuple[str, str]]) -> Written:
        bad_only = self.batch.rows > self.limit
        summary = self.workbook.add_worksheet(say("annotated.summary"))
        written = self._write_rows(self.workbook.add_worksheet(say("annotated.rows")), bad_only)
        if self.batch.defects:
            self._write_defects(self.workbook.add_worksheet(say("annotated.defects")))
        self._write_summary(summary, [*telling, *self._notes(written)])
        return written

    def _notes(self, written: Written) -> Iterator[tuple[str, str]]:
        note = say("annotated.note")
        yield note, say("annotated.colours")
        yield note, say("annotated.personal")
        if written.bad_only:
            yield note, say("annotated.bad_only", rows=f"{self.batch.rows:,}", written=f"{written.rows:,}")
        if written.uncommented:
            yield note, say("annotated.uncommented", most=f"{MOST_COMMENTS:,}", cells=f"{written.uncommented:,}")
        if self.batch.defects > self.limit:
            yield note, say("annotated.defects_cut", most=f"{self.limit:,}", defects=f"{self.batch.defects:,}")

    def _write_rows(self, sheet: Worksheet, bad_only: bool) -> Written:
        fields = delivered_fields(self.entry)
        several = len(self.batch.files) > 1
        extra = [say(f"annotated.{word}") for word in (*(["file"] if several else []), "line", "effect", "findings")]
        heads = [*(field.source_name for field in fields), *extra]
        for place, head in enumerate(heads):
            self._put(sheet, 0, place, head, "head")
            sheet.set_column(place, place, 70 if place == len(heads) - 1 else 20 if place < len(fields) else 12)
        sheet.freeze_panes(1, 0)
        sheet.set_comments_author("shuyuan")
        rows = comments = uncommented = 0
        with open_rows(self.batch, self.entry, self.workdir, bad_only) as found:
            for rows, row in enumerate(found, 1):
                by_field = self._by_field(row.broken)
                for place, (field, text) in enumerate(zip(fields, row.texts, strict=True)):
                    wrong = by_field.get(field.name)
                    self._put(sheet, rows, place, text, self._effect(wrong) if wrong else "text")
                    if wrong and comments < MOST_COMMENTS:
                        sheet.write_comment(
                            rows, place, self._comment(wrong), {"width": 320, "height": 60 * len(wrong)}
                        )
                        comments += 1
                    elif wrong:
                        uncommented += 1
                rest = [*([self.batch.files[row.file]] if several else []), str(row.line)]
                if row.broken:
                    said = say("hint.separator").join(map(self._said, row.broken))
                    rest += [say(f"effect.{self._effect(row.broken)}"), said]
                for place, text in enumerate(rest, len(fields)):
                    self._put(sheet, rows, place, text, "text")
                if rows == self.limit:
                    break
        sheet.autofilter(0, 0, rows, len(heads) - 1)
        return Written(rows, bad_only, uncommented)

    def _by_field(self, broken: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for rule in broken:
            for field in self.columns.get(rule, ()):
                found.setdefault(field, []).append(rule)
        return found

    def _effect(self, rules: Sequence[str]) -> str:
        return "count" if all(self.results[rule].effect == "count" for rule in rules) else "reject"

    def _said(self, rule: str) -> str:
        result = self.results[rule]
        return say("annotated.broken", code=result.code, asked=what_is_asked(self.entry, result))

    def _comment(self, rules: Sequence[str]) -> str:
        return "\n".join(f"{self._said(rule)}\n{what_to_do(self.entry, self.results[rule])}" for rule in rules)

    def _write_defects(self, sheet: Worksheet) -> None:
        heads = ("file", "line", "findings", "record")
        for place, (head, width) in enumerate(zip(heads, (28, 10, 44, 120), strict=True)):
            self._put(sheet, 0, place, say(f"annotated.{head}"), "head")
            sheet.set_column(place, place, width)
        sheet.freeze_panes(1, 0)
        with open_records(self.batch, self.workdir, self.limit) as records:
            for row, record in enumerate(records, 1):
                told = (self.batch.files[record.file], str(record.line), self._said(record.rule), record.raw)
                for place, text in enumerate(told):
                    self._put(sheet, row, place, text, "reject" if place == len(told) - 1 else "text")

    def _write_summary(self, sheet: Worksheet, lines: Sequence[tuple[str, str]]) -> None:
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for place, width in enumerate(_SUMMARY_WIDTHS):
            sheet.set_column(place, place, width)
        row = 0
        for row, (name, text) in enumerate(lines, 1):
            self._put(sheet, row - 1, 0, name, "head")
            self._put(sheet, row - 1, 1, text, "text")
        heads = ("code", "rule", "evaluated", "unexpected", "effect", "asked", "next")
        for place, head in enumerate(heads):
            self._put(sheet, row + 1, place, say(f"annotated.{head}"), "head")
        failing = [result for result in self.verdict.results if result.unexpected or not result.success]
        for at, result in enumerate(failing, row + 2):
            told = (
                result.code,
                result.rule,
                f"{result.evaluated:,}",
                f"{result.unexpected:,}",
                say(f"effect.{result.effect}"),
                what_is_asked(self.entry, result),
                what_to_do(self.entry, result),
            )
            for place, text in enumerate(told):
                self._put(sheet, at, place, text, "wrap" if place > 4 else "text")

    def _put(self, sheet: Worksheet, row: int, place: int, text: str | None, style: str) -> None:
        form = self.styles[style]
        if not text:
            sheet.write_blank(row, place, None, form)
            return
        if len(text) > LONGEST:
            text = text[:LONGEST] + say("annotated.cut")
        if text.startswith("<r>") and text.endswith("</r>"):
            text += " "  # else the writer takes it for formatted text of its own and copies it as XML
        sheet.write_string(row, place, text, form)
