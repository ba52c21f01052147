"""One entry's page: can I trust and use this? Card, items, rules not met, runs, publications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from shuyuan.catalog import Resource
from shuyuan.entry import Entry, Field, SftpSource
from shuyuan.indicators import measures
from shuyuan.indicators.facts import EntryFacts, RuleFact, RunFact
from shuyuan.indicators.problems import ProblemFact
from shuyuan.indicators.qualities import cover_items
from shuyuan.indicators.reading import PUBLICATIONS_SHOWN
from shuyuan.indicators.standing import Due, Indicator
from shuyuan.language import say
from shuyuan.reporting import arrivals, charts, figures
from shuyuan.reporting.attention import problem_sentence, trouble_since
from shuyuan.reporting.department_lines import grade_words
from shuyuan.reporting.entry_copies import entry_copies
from shuyuan.reporting.lineage import draw_lineage, find_users
from shuyuan.reporting.report import Report
from shuyuan.reporting.rule_sentences import rule_sentence
from shuyuan.reporting.tiles import Tile

DAG_PREFIX = "catalog."
"""Airflow's name of an entry's DAG is this and the entry's id."""
REASONS = ("platform", "exempt", "first", "suspended")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule that was not met."""

    code: str
    sentence: str
    rule: str
    dimension: str
    effect: str
    evaluated: int
    unexpected: int
    share: str
    since: str
    chart: Markup | None


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run. ``parts`` tells the seconds of each stage as hover text."""

    run: RunFact
    mark: Markup
    outcome: str
    problem: str
    seconds: str
    parts: str


@dataclass(frozen=True, slots=True)
class DueLine:
    """One due date that was not simply met."""

    due: Due
    mark: Markup
    word: str
    reason: str


def entry_page(report: Report, resource: Resource) -> dict[str, Any]:
    """Return what ``entry.html.j2`` shows."""
    facts = report.facts
    entry, known = resource.entry, facts.of(resource.entry.id)
    spells = report.problems.about.get(entry.id, ())
    begun = {one.fact.what: one.since for one in spells if isinstance(one.fact, ProblemFact) and one.kind == "rule"}
    users = find_users(report, resource, report.evidence.subjects)
    failing = [rule for rule in known.rules if rule.failing]
    rows = [arrivals.calendar_row(resource, facts)]
    return {
        "resource": resource,
        "entry": entry,
        "tiles": tiles(entry, known, report),
        "lineage": draw_lineage(resource, users, known.publication.rows if known.publication else None),
        "users": users,
        "dag": DAG_PREFIX + entry.id,
        "dag_link": report.dags.replace("{entry_id}", entry.id) if report.dags else "",
        "filled": fill_rates(known),
        "dues": due_lines(report, entry.id),
        "card": card(resource),
        "rows": rows,
        "labels": arrivals.day_labels(facts.days),
        "window": arrivals.span_of(facts.days),
        "legend": arrivals.legend(rows),
        "trends": trends(known),
        "trend_runs": len(_checked(known)),
        "key": set(entry.load.key),
        "rules": [
            rule_line(entry, rule, begun.get(rule.rule))
            for rule in sorted(failing, key=lambda rule: (-rule.unexpected, rule.rule))
        ],
        "rules_total": len(known.rules),
        "runs": run_lines(known.runs),
        "publications": known.publications,
        "publications_shown": PUBLICATIONS_SHOWN,
        "one": entry_copies(resource, report.agreement),
    }


def fill_rates(known: EntryFacts) -> dict[str, str]:
    """How full the items are that must be filled, by name: from the rule that asks it, in the last checked delivery."""
    return {
        rule.field: figures.percent(100 * (1 - rule.unexpected / rule.evaluated))
        for rule in known.rules
        if rule.field and rule.rule == f"{rule.field}.required" and rule.evaluated
    }


def due_lines(report: Report, entry_id: str) -> list[DueLine]:
    """The due dates of the period that were not simply met, the last first: late, missing, declared, not counted."""
    standing = report.standing(entry_id)
    lines = []
    for due in reversed(standing.fresh.rows if standing else ()):
        if due.state not in ("on_time", "waiting"):
            word = say(f"report_entry.due_{due.state}")
            reason = say(f"report_entry.why_{due.reason}") if due.reason in REASONS else due.reason or ""
            lines.append(DueLine(due, charts.mark(due.state, word), word, reason))
    return lines


def tiles(entry: Entry, known: EntryFacts, report: Report) -> list[Tile]:
    """State, data, rows, score with its coverage, freshness in the period."""
    publication, score = known.publication, known.score
    standing = report.standing(entry.id)
    fresh = standing.fresh if standing else Indicator[Due](None, 0, 0)
    behind = [say("report_entry.delivery_score", score=figures.score(score.score))] if score else []
    if known.rules:
        covered = cover_items(known, [field.name for field in entry.fields])
        behind.append(say("report.page.coverage", part=covered.part, whole=covered.whole))
    state = measures.state_of(known)
    return [
        Tile(
            say("report.page.state"),
            say(f"report.state.{state}"),
            f"{say('report.entries.due')} {figures.short_moment(known.arrivals[-1].due_at)}" if known.arrivals else "",
            state=state,
        ),
        Tile(
            say("report.page.data"),
            figures.day(publication.data_date if publication else None),
            say("report.page.data_note", moment=figures.short_moment(publication.published_at)) if publication else "",
        ),
        Tile(
            say("report.page.rows"),
            figures.count(publication.rows if publication else None),
            say(
                "report.page.rows_note",
                added=figures.count(publication.added),
                updated=figures.count(publication.updated),
                removed=figures.count(publication.removed),
            )
            if publication
            else "",
        ),
        Tile(
            say("report.indicator.quality"),
            grade_words(standing.quality, standing.grade) if standing else figures.NONE,
            " · ".join(behind) or say("report.tile.no_score"),
            link="#rules",
            term="quality",
        ),
        Tile(
            say("report.indicator.fresh"),
            figures.percent(fresh.value),
            say("report_department.fresh_note", counted=f"{fresh.part:.0f} / {fresh.whole:.0f}")
            if fresh.whole
            else say("report.tile.no_due"),
            link="#arrivals",
            term="fresh",
        ),
    ]


def card(resource: Resource) -> list[tuple[str, str]]:
    """The catalog card as (word, value); what the entry does not say is a dash."""
    entry, gate = resource.entry, resource.entry.quality.gate
    titles = [next((field.title for field in entry.fields if field.name == name), name) for name in entry.load.key]
    values = {
        "code": entry.code,
        "id": entry.id,
        "department": resource.department.title,
        "office": entry.owner.office or figures.NONE,
        "cycle": say(
            "report.card.cycle_value",
            cycle=say(f"report.cycle.{entry.update.cycle}"),
            due=entry.update.due,
            calendar=say(f"report.card.{entry.update.calendar}"),
        ),
        "sharing": _sharing(entry),
        "basis": entry.legal_basis or figures.NONE,
        "key": say("report.rule.join").join(titles),
        "load": say(f"report.mode.{entry.load.mode}"),
        "source": _source(entry),
        "level": entry.level,
        "status": say(f"report.status.{entry.status}"),
        "version": entry.version,
        "gate": say("report.card.gate_value", block=f"{gate.block_below:g}", warn=f"{gate.warn_below:g}"),
        "summary": entry.summary,
    }
    return [(say(f"report.card.{name}"), value) for name, value in values.items()]


def trends(known: EntryFacts) -> list[tuple[str, str, Markup]]:
    """Score and rows of the last checked deliveries, hours after the due time, as (word, last value, sparkline)."""
    checked = _checked(known)
    scores = [run.score for run in checked if run.score is not None]
    rows = [float(run.delivered) for run in checked if run.delivered is not None]
    made = []
    if scores:
        low, high, _ = charts.axis(scores)
        word, last = say("report_entry.score_trend"), figures.score(scores[-1])
        made.append((word, last, charts.sparkline(scores, f"{word} {last}", low, high, "blue", 290, 48)))
    if rows:
        word, last = say("report.page.rows_trend"), figures.count(int(rows[-1]))
        low, high = (0.0, max(rows)) if min(rows) < 0.5 * max(rows) else (min(rows) * 0.98, max(rows) * 1.02)
        made.append((word, last, charts.sparkline(rows, f"{word} {last}", low, high or 1.0, "grey", 290, 48)))
    delays = [
        (one.arrived_at - one.due_at).total_seconds() / 3600 for one in known.arrivals if one.arrived_at is not None
    ]
    if delays:
        word = say("report_entry.delay")
        way = "after" if delays[-1] > 0 else "before"
        last = say(f"report_entry.delay_{way}", hours=f"{abs(delays[-1]):.1f}")
        low, high = min([*delays, 0.0]), max([*delays, 0.0])
        made.append((word, last, charts.sparkline(delays, f"{word} {last}", low, high or 1.0, "green", 290, 48)))
    return made


def rule_line(entry: Entry, rule: RuleFact, begun: date | None = None) -> RuleLine:
    """Return a failing rule in words, with its share in the last deliveries; ``begun``: the day it was first seen."""
    sentence = rule_sentence(entry, rule.rule)
    if rule.errored:
        sentence = f"{sentence} · {say('report.rules.errored')}"
    elif rule.observed:
        sentence = say("report.rule.observed", sentence=sentence, observed=rule.observed)
    share = figures.small_share(rule.unexpected, rule.evaluated)
    values = [100 * unexpected / evaluated for _, evaluated, unexpected in rule.trend if evaluated]
    label = say("report.rules.trend_label", count=len(values), value=share)
    return RuleLine(
        code=rule.code,
        sentence=sentence,
        rule=rule.rule,
        dimension=f"{say(f'report.dimension.{rule.dimension}')} {rule.indicator}",
        effect=say(f"report.effect.{rule.effect}"),
        evaluated=rule.evaluated,
        unexpected=rule.unexpected,
        share=share,
        since=figures.day(begun or trouble_since(rule)),
        chart=charts.sparkline(values, label, 0.0, max(values) or 1.0, "red", 90, 22) if values else None,
    )


def run_lines(runs: Sequence[RunFact]) -> list[RunLine]:
    """Return the runs with their outcomes in words and shapes."""
    stages = {name: say(f"report.run.stage_{name}") for name in ("fetch", "read", "check", "load")}
    words = {outcome: say(f"report.outcome.{outcome}") for outcome in {run.outcome for run in runs}}
    lines = []
    for run in runs:
        word = words[run.outcome]
        parts = " · ".join(f"{stages[name]} {run.seconds[name]:.1f}" for name in stages if name in run.seconds)
        seconds = f"{sum(run.seconds.values()):.1f}" if run.seconds else figures.NONE
        problem = problem_sentence(run.problem_code, run.problem)
        lines.append(RunLine(run, charts.mark(run.outcome, word), word, problem, seconds, parts))
    return lines


def item_type(field: Field) -> str:
    """The type of an item in words, with its length or scale: ``文本 ≤18``, ``小数 (10,2)``."""
    word = say(f"report.item.{field.kind}")
    if field.decimal:
        return f"{word} ({field.decimal[0]},{field.decimal[1]})"
    return f"{word} ≤{field.length}" if field.length is not None else word


def _checked(known: EntryFacts) -> list[RunFact]:
    """Runs that judged a delivery, oldest first."""
    return [run for run in reversed(known.runs) if run.delivered is not None and run.outcome != "dry_run"]


def _sharing(entry: Entry) -> str:
    word = say(f"report.sharing.{entry.sharing.type}")
    detail = entry.sharing.condition or entry.sharing.basis
    return say("report.card.detail", value=word, detail=detail) if detail else word


def _source(entry: Entry) -> str:
    word = say(f"report.source.{entry.source.type}")
    if isinstance(entry.source, SftpSource):
        made = entry.source.format
        return " · ".join([word, made.type, *([encoding] if (encoding := getattr(made, "encoding", None)) else [])])
    return word
