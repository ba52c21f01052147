"""需要关注: who needs a call, why, since when, and what stays usable meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shuyuan.catalog import Resource
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.facts import EntryFacts, Facts, RuleFact
from shuyuan.reporting.measures import state_of
from shuyuan.reporting.rule_sentences import rule_sentence
from shuyuan.workdays import local_day

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of the table. ``weight`` orders: the lower, the sooner."""

    code: str
    kind: str
    entry_id: str
    department: str
    title: str
    what: str
    since: date | None
    turn: str
    usable: str
    weight: tuple[int, int]


def list_matters(resources: Iterable[Resource], facts: Facts) -> list[Matter]:
    """Return one matter an entry that has one: blocked first, then missing, then rejected rows, the most first."""
    found = [matter for resource in resources if (matter := _matter(resource, facts.of(resource.entry.id)))]
    return sorted(found, key=lambda matter: (matter.weight, matter.entry_id))


def kind_of(code: str) -> str:
    """The kind of a code in words: ``D4…`` → 取值."""
    key = f"report.attention.kind_{code[:2] if code.startswith('D') else code[:1]}"
    return say(key) if key in _KINDS else ""


def whose_turn(code: str, department: str) -> str:
    """Who mends it: ``D`` the department, ``P`` the platform's operators, ``E`` the data engineer."""
    key = {"D": "department", "P": "platform", "E": "engineer"}.get(code[:1], "platform")
    return say(f"report.attention.turn_{key}", department=department)


def problem_sentence(code: str | None, text: str | None) -> str:
    """The recorded sentence without its code, which has a place of its own."""
    return (text or "").replace(f"{code} ", "", 1).strip()


def trouble_since(rule: RuleFact) -> date | None:
    """The first local day of the unbroken row of deliveries that failed this rule."""
    since = None
    for instant, _, unexpected in reversed(rule.trend):
        if not unexpected:
            break
        since = local_day(instant)
    return since


def worst_rule(facts: EntryFacts) -> RuleFact | None:
    """The failing rule with the most rows in the last checked delivery."""
    failing = [rule for rule in facts.rules if rule.unexpected > 0]
    return max(failing, key=lambda rule: (rule.unexpected, rule.rule), default=None)


def what_stays(facts: EntryFacts) -> str:
    """What consumers still have: the data of the last publication."""
    publication = facts.publication
    if publication is None:
        return say("report.attention.usable_none")
    return say(
        "report.attention.usable_stays", day=figures.day(publication.data_date), rows=figures.count(publication.rows)
    )


def _matter(resource: Resource, facts: EntryFacts) -> Matter | None:
    state = state_of(facts)
    if state == "blocked":
        return _blocked(resource, facts)
    if state == "missing":
        return _missing(resource, facts)
    rule = worst_rule(facts)
    return _rejected(resource, facts, rule) if rule else None


def _blocked(resource: Resource, facts: EntryFacts) -> Matter:
    latest = facts.runs[0]
    since = latest.started_at
    for run in facts.runs:
        if run.outcome in ("published", "unchanged"):
            break
        if run.outcome in ("blocked", "failed"):
            since = run.started_at
    run = facts.latest or latest
    code = run.problem_code or ""
    sentence = problem_sentence(run.problem_code, run.problem) or say(f"report.outcome.{run.outcome}")
    return _line(resource, code, sentence, local_day(since), what_stays(facts), (0, 0))


def _missing(resource: Resource, facts: EntryFacts) -> Matter:
    code, since, sentence = "D101", None, say("report.outcome.missing")
    if facts.arrivals:
        due = facts.arrivals[-1].due_at
        sentence = say("report.attention.missing", due=figures.spoken_moment(due))
        for arrival in reversed(facts.arrivals):
            if arrival.state != "missing":
                break
            since = arrival.day
    elif facts.latest:
        since = local_day(facts.latest.started_at)
    return _line(resource, code, sentence, since, what_stays(facts), (1, 0))


def _rejected(resource: Resource, facts: EntryFacts, rule: RuleFact) -> Matter:
    sentence = say(
        "report.attention.rows",
        sentence=rule_sentence(resource.entry, rule.rule),
        count=figures.count(rule.unexpected),
        share=figures.small_share(rule.unexpected, rule.evaluated),
    )
    usable = what_stays(facts)
    if rule.effect == "reject" and facts.publication is not None:
        usable = say("report.attention.usable_rest", rows=figures.count(facts.publication.accepted))
    return _line(resource, rule.code, sentence, trouble_since(rule), usable, (2, -rule.unexpected))


def _line(resource: Resource, code: str, what: str, since: date | None, usable: str, weight: tuple[int, int]) -> Matter:
    department = resource.department.title
    return Matter(
        code=code,
        kind=kind_of(code),
        entry_id=resource.entry.id,
        department=department,
        title=resource.entry.title,
        what=what,
        since=since,
        turn=whose_turn(code, department),
        usable=usable,
        weight=weight,
    )


_KINDS = {f"report.attention.kind_{kind}" for kind in ("D1", "D2", "D3", "D4", "D5", "D6", "E", "P")}
