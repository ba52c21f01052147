"""需要关注: who needs a call, why, since when, and what stays usable meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import CorrectionFact, EntryFacts, Facts, RuleFact
from shuyuan.indicators.measures import state_of
from shuyuan.indicators.problems import ProblemFact
from shuyuan.language import say
from shuyuan.reporting import figures
from shuyuan.reporting.copies import department_titles
from shuyuan.reporting.corrections import is_overdue, what_of
from shuyuan.reporting.rule_sentences import rule_sentence
from shuyuan.workdays import local_day

SHOWN = 10
CODES = {"unknown": "D501", "differing": "D502"}
"""The row rule that finds in a delivery what a 疑义 of this kind is about."""


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


def list_matters(resources: Iterable[Resource], facts: Facts, problems: Iterable[ProblemFact] = ()) -> list[Matter]:
    """Return what needs attention, in this order: blocked, missing, overdue 疑义, rejected rows, the most first.

    An entry has one matter of its deliveries at most, and one for each department that owes it an answer.
    ``problems`` tell how long rules have not been met; without them the last deliveries do.
    """
    begun = {(one.entry_id, one.what): one.since for one in problems if one.kind == "rule" and one.closed_at is None}
    known = {resource.entry.id: resource for resource in resources}
    found = [matter for resource in known.values() if (matter := _matter(resource, facts.of(resource.entry.id), begun))]
    found += _overdue(known, facts)
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


def _matter(resource: Resource, facts: EntryFacts, begun: Mapping[tuple[str, str], date]) -> Matter | None:
    state = state_of(facts)
    if state == "blocked":
        return _blocked(resource, facts)
    if state == "missing":
        return _missing(resource, facts)
    rule = worst_rule(facts)
    if rule is None:
        return None
    return _rejected(resource, facts, rule, begun.get((resource.entry.id, rule.rule)) or trouble_since(rule))


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


def _rejected(resource: Resource, facts: EntryFacts, rule: RuleFact, since: date | None) -> Matter:
    sentence = say(
        "report.attention.rows",
        sentence=rule_sentence(resource.entry, rule.rule),
        count=figures.count(rule.unexpected),
        share=figures.small_share(rule.unexpected, rule.evaluated),
    )
    usable = what_stays(facts)
    if rule.effect == "reject" and facts.publication is not None:
        usable = say("report.attention.usable_rest", rows=figures.count(facts.publication.accepted))
    return _line(resource, rule.code, sentence, since, usable, (3, -rule.unexpected))


def _overdue(resources: Mapping[str, Resource], facts: Facts) -> list[Matter]:
    """One matter for each entry and department asked: how many 疑义 nobody answered in time, the worst in words."""
    owed: dict[tuple[str, str], list[CorrectionFact]] = {}
    for one in facts.one_source.corrections:
        if one.entry_id in resources and is_overdue(one, facts.today):
            owed.setdefault((one.entry_id, one.department), []).append(one)
    titles = department_titles(resources) if owed else {}
    matters = []
    for (entry_id, department), group in owed.items():
        resource = resources[entry_id]
        worst = max(group, key=lambda one: (one.rows_now, one.correction_id))
        first = min(group, key=lambda one: one.due_on)
        what = say(
            "report.attention.overdue",
            count=len(group),
            due=figures.day(first.due_on),
            what=what_of(worst, resources),
            rows=figures.count(worst.rows_now),
        )
        matter = _line(
            resource, CODES.get(worst.kind, ""), what, local_day(min(one.opened_at for one in group)),
            what_stays(facts.of(entry_id)), (2, -worst.rows_now),
        )  # fmt: skip
        matters.append(replace(matter, kind=say("report.attention.kind_D5"), turn=titles.get(department, department)))
    return matters


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
