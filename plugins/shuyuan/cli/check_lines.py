"""What ``shuyuan check`` says: the findings as lines for people, and the same for programs. Never a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from shuyuan import quality
from shuyuan.catalog import CatalogError, load_resource
from shuyuan.catalog.links import unusable_sources
from shuyuan.entry import SftpSource
from shuyuan.entry.model import with_date
from shuyuan.language import say
from shuyuan.pipeline.file_check import Checked, Place
from shuyuan.pipeline.rule_words import title_of_rule, what_is_wrong, what_to_do
from shuyuan.problems import join_sentences
from shuyuan.quality.sources import UNUSABLE
from shuyuan.stages import RuleResult, Verdict

MARKS = {"reject": "✕", "block": "✕", "count": "▲"}


@dataclass(frozen=True)
class Comparison:
    """One source and the titles of the items held against it, or the ``reason`` why they were not."""

    source_id: str
    source: str
    reason: str | None
    fields: tuple[str, ...]


class Findings:
    """What is to be said of some checked files, in the reader's language."""

    def __init__(self, checked: Checked) -> None:
        self.checked, self.resource, self.entry = checked, checked.resource, checked.resource.entry
        self.links = quality.links_of_rules(self.resource, checked.sources)
        self.comparisons = tuple(self._compare())

    def lines(self) -> Iterator[str]:
        """Yield the findings: the files, a line a rule that failed, where, what to do, the sources, the verdict."""
        for file in self.checked.delivery.files:
            yield "  " + say("check.file", name=file.name, hash=file.sha256[:12])
        if expected := self._other_name():
            yield "  " + say("check.other_name", expected=expected)
        verdict, batch = self.checked.verdict, self.checked.batch
        if verdict is not None and batch is not None:
            counts = {"rows": batch.rows, "defects": batch.defects, "counted": batch.counted}
            yield "  " + say("run.read", **{name: f"{count:,}" for name, count in counts.items()})
            for result in failing(verdict):
                yield ""
                yield from self._rule(result)
            yield ""
            yield from (f"  {self._compared(one)}" for one in self.comparisons)
            yield "  " + self._split(verdict)
        yield f"{say('check.conclusion')}  {self.conclusion()}"

    def conclusion(self) -> str:
        """One sentence: what would become of the delivery."""
        verdict = self.checked.verdict
        if self.checked.problem is not None:
            return say("check.blocked", why=str(self.checked.problem))
        assert verdict is not None
        counts = {"accepted": f"{verdict.accepted:,}", "rejected": f"{verdict.rejected:,}"}
        if self.checked.outcome == "blocked":
            results = {result.rule: result for result in verdict.results}
            blocking = [results[rule] for rule in verdict.blocked_by]
            whys = [f"{one.code} {what_is_wrong(self.entry, one)}" for one in blocking]
            return say("check.blocked", why=join_sentences(*whys, what_to_do(self.entry, blocking[0])))
        remarks = len(failing(verdict))
        if self.checked.outcome == "good" and remarks:
            return say("check.good_with_remarks", rules=remarks, **counts)
        return say(f"check.{self.checked.outcome}", **counts)

    def record(self) -> dict[str, Any]:
        """The findings for a program: keys in English, counts as numbers, every rule with its result."""
        checked, verdict, batch = self.checked, self.checked.verdict, self.checked.batch
        problem = checked.problem.problem if checked.problem else None
        return {
            "entry": self.entry.id,
            "title": self.entry.title,
            "data_date": str(checked.delivery.data_date),
            "files": [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in checked.delivery.files],
            "outcome": checked.outcome,
            "conclusion": self.conclusion(),
            "delivered": verdict.delivered if verdict else None,
            "accepted": verdict.accepted if verdict else None,
            "rejected": verdict.rejected if verdict else None,
            "unreadable": batch.defects if batch else None,
            "score": verdict.score if verdict else None,
            "scores": verdict.scores if verdict else {},
            "blocked_by": list(verdict.blocked_by) if verdict else [],
            "problem": {"code": problem.code, "message": problem.message, "next": problem.next_step}
            if problem
            else None,
            "rules": [self._rule_record(result) for result in verdict.results] if verdict else [],
            "sources": [
                {"source": one.source_id, "compared": one.reason is None, "reason": one.reason, "items": one.fields}
                for one in self.comparisons
            ],
        }

    def telling(self) -> list[tuple[str, str]]:
        """The first lines of the annotated workbook, as (name, text)."""
        delivery = self.checked.delivery
        return [
            (say("check.conclusion"), self.conclusion()),
            (say("annotated.entry"), f"{self.entry.title} ({self.entry.id})"),
            (say("annotated.data_date"), str(delivery.data_date)),
            *((say("annotated.file"), f"{file.name}  SHA-256 {file.sha256}") for file in delivery.files),
            *((say("annotated.note"), self._compared(one)) for one in self.comparisons),
        ]

    def _rule(self, result: RuleResult) -> Iterator[str]:
        link = self.links.get(result.rule)
        source = say("check.at_source", source=self._source(link.source_id)) if link else ""
        yield f"  {MARKS[result.effect]} {result.code} {what_is_wrong(self.entry, result)}{source}"
        where = self._where(result)
        yield f"      {say(f'effect.{result.effect}')}{'  ' if where else ''}{where}"
        if todo := what_to_do(self.entry, result):
            yield f"      {todo}"

    def _where(self, result: RuleResult) -> str:
        places = self._places(result)
        batch = self.checked.batch
        if not places or batch is None:
            return ""
        by_file: dict[int, list[str]] = {}
        for place in places:
            by_file.setdefault(place.file, []).append(str(place.line))
        more = result.unexpected > len(places)
        told = []
        for file, numbers in by_file.items():
            word = "check.lines_more" if more and len(by_file) == 1 else "check.lines"
            lines = say(word, lines=say("check.join").join(numbers), count=f"{result.unexpected:,}")
            told.append(say("check.lines_of", file=batch.files[file], lines=lines) if len(batch.files) > 1 else lines)
        return say("hint.separator").join(told)

    def _places(self, result: RuleResult) -> Sequence[Place]:
        return (self.checked.places or {}).get(result.rule, ())

    def _rule_record(self, result: RuleResult) -> dict[str, Any]:
        batch, link = self.checked.batch, self.links.get(result.rule)
        failed = bool(result.unexpected or not result.success)
        return {
            "rule": result.rule,
            "code": result.code,
            "field": result.field,
            "title": title_of_rule(self.entry, result),
            "effect": result.effect,
            "evaluated": result.evaluated,
            "unexpected": result.unexpected,
            "success": None if quality.why_not_compared(result) else result.success,
            "not_compared": quality.why_not_compared(result),
            "source": link.source_id if link else None,
            "message": what_is_wrong(self.entry, result) if failed else None,
            "next": what_to_do(self.entry, result) if failed else None,
            "places": [
                {"file": batch.files[place.file] if batch else "", "line": place.line} for place in self._places(result)
            ],
        }

    def _split(self, verdict: Verdict) -> str:
        counts = {name: f"{getattr(verdict, name):,}" for name in ("delivered", "accepted", "rejected")}
        return say("check.split", **counts)

    def _compare(self) -> Iterator[Comparison]:
        """Every source, once for each answer: what was held against it, and what was not, and why."""
        verdict = self.checked.verdict
        found: dict[tuple[str, str | None], list[str]] = {}
        for result in verdict.results if verdict else ():
            if link := self.links.get(result.rule):
                reason = quality.why_not_compared(result)
                found.setdefault((link.source_id, reason), []).append(title_of_rule(self.entry, result))
        for source_id, fields in unusable_sources(self.resource).items():
            found[source_id, UNUSABLE] = [self.entry.field(name).title for name in fields]
        for (source_id, reason), titles in found.items():
            yield Comparison(source_id, self._source(source_id), reason, tuple(titles))

    def _compared(self, one: Comparison) -> str:
        fields = say("check.join").join(one.fields)
        if one.reason is None:
            return say("check.compared", source=one.source, fields=fields)
        return say("check.not_compared", source=one.source, reason=say(f"not_compared.{one.reason}"), fields=fields)

    def _source(self, source_id: str) -> str:
        try:
            source = load_resource(self.resource.project, source_id)
        except CatalogError:
            return source_id
        return say("check.source", department=source.department.title, title=source.entry.title)

    def _other_name(self) -> str:
        """The agreed file name, when no file has it; the platform finds files by their names."""
        source = self.entry.source
        assert isinstance(source, SftpSource)
        agreed = with_date(source.path, self.checked.delivery.data_date).rpartition("/")[2]
        return "" if any(fnmatchcase(file.name, agreed) for file in self.checked.delivery.files) else agreed


def failing(verdict: Verdict) -> list[RuleResult]:
    """Return the results that say something is wrong, in the verdict's order."""
    return [result for result in verdict.results if result.unexpected or not result.success]
