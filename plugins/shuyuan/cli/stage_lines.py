"""How one finished stage of a run is told in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from shuyuan.catalog import Resource
from shuyuan.language import say
from shuyuan.pipeline import Fetched, Step
from shuyuan.problems import ShuyuanError
from shuyuan.quality import why_not_compared
from shuyuan.stages import Batch, Publication, RuleResult, Verdict

DIMENSIONS = ("normativity", "completeness", "accuracy", "consistency", "timeliness", "accessibility")


def stage_lines(resource: Resource, step: Step) -> Iterator[str]:
    """Yield the lines of one step: a mark, the stage, the facts, the seconds."""
    made = step.made
    if isinstance(made, Fetched):
        yield from _fetched(resource, made, step.seconds)
    elif isinstance(made, Batch):
        mark = "▲" if made.defects else "✔"
        facts = say("run.read", rows=f"{made.rows:,}", defects=f"{made.defects:,}", counted=f"{made.counted:,}")
        yield _line(mark, "stage.read", facts, step.seconds)
    elif isinstance(made, Verdict):
        yield from _judged(resource, made, step.seconds)
    elif isinstance(made, Publication):
        counts = {name: f"{getattr(made, name):,}" for name in ("rows", "added", "updated", "removed")}
        yield _line("✔", "stage.load", say("run.loaded", load_no=made.load_no, **counts), step.seconds)
    elif isinstance(made, ShuyuanError):
        yield f"  ✕ {made}"
    else:
        yield _line("●", "stage.record", say(f"outcome.{made}"), None)


def _fetched(resource: Resource, made: Fetched, seconds: float) -> Iterator[str]:
    delivery = made.delivery
    facts = say(
        "run.fetched",
        source=resource.entry.source.type,
        connection=resource.entry.source.connection,
        files=len(delivery.files),
        size=_size(sum(file.size for file in delivery.files)),
        evidence=say(f"evidence.{delivery.evidence}"),
        hash=delivery.sha256[:12],
    )
    yield _line("✔", "stage.fetch", facts, seconds)
    if made.unchanged:
        yield _line("＝", "stage.load", say("run.unchanged"), None)


def _judged(resource: Resource, verdict: Verdict, seconds: float) -> Iterator[str]:
    failing = [result for result in verdict.results if result.unexpected or not result.success]
    apart = [reason for result in verdict.results if (reason := why_not_compared(result))]
    passed = len(verdict.results) - len(failing) - len(apart)
    facts = say("run.judged", rules=len(verdict.results), passed=passed, failing=len(failing))
    yield _line("▲" if failing else "✔", "stage.check", facts, seconds)
    titles = {field.name: field.title for field in resource.entry.fields}
    for result in failing:
        yield "      " + rule_sentence(result, titles)
    for reason in dict.fromkeys(apart):
        why = say(f"not_compared.{reason}")
        yield "      " + say("run.not_compared", rules=apart.count(reason), reason=why)
    scores = {name: f"{verdict.scores[name]:.1f}" if name in verdict.scores else "—" for name in DIMENSIONS}
    parts = [f"{say(f'dimension.{name}')} {shown}" for name, shown in scores.items()]
    score = "—" if verdict.score is None else f"{verdict.score:.1f}"
    yield "    " + say("run.score", score=score, parts="  ".join(parts))
    accepted, rejected = f"{verdict.accepted:,}", f"{verdict.rejected:,}"
    yield "    " + say("run.split", delivered=f"{verdict.delivered:,}", accepted=accepted, rejected=rejected)


def rule_sentence(result: RuleResult, titles: dict[str, str]) -> str:
    """One failing rule: code, rule, what happens, how many of how many."""
    title = titles.get(result.field or "", result.rule)
    effect = say(f"effect.{result.effect}")
    share = f"{result.unexpected / result.evaluated:.2%}" if result.evaluated else "—"
    return f"{result.code} {title}  {result.rule}  {result.unexpected:,} ({share})  {effect}"


def _line(mark: str, stage: str, facts: str, seconds: float | None) -> str:
    tail = "" if seconds is None else f"   {seconds:.1f}s"
    return f"  {mark} {say(stage)}  {facts}{tail}"


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"
