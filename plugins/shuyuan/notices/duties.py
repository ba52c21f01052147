"""What there is to do and who has to do it: matters of deliveries, 疑义 and demands, as items of messages.

Of a delivery a message says the code, the kind of trouble and counts. The sentence of a refused delivery may quote the
department's file name, so it stands on the report page only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from shuyuan.catalog import Resource
from shuyuan.indicators.facts import CorrectionFact, EntryFacts
from shuyuan.language import say
from shuyuan.notices.deadlines import next_due
from shuyuan.notices.message import Item, Recipient, fact
from shuyuan.notices.recipients import center, recipient_of
from shuyuan.notices.scene import Scene
from shuyuan.reporting import figures
from shuyuan.reporting.attention import CODES, Matter, list_matters
from shuyuan.reporting.corrections import is_overdue, left_of, what_of


@dataclass(frozen=True)
class Duty:
    """One item and who is told. ``department`` is the folder name of who has to do it, ``""`` for the platform itself;
    ``code`` the problem's."""

    recipient: Recipient
    item: Item
    department: str
    code: str


def list_duties(scene: Scene) -> list[Duty]:
    """Return all duties, the most urgent first within each recipient's, an entry's together."""
    found = [_told_whose(scene, one) for one in (*_deliveries(scene), *_corrections(scene), *_demands(scene))]
    place: dict[str, int] = {}
    for at, duty in enumerate(sorted(found, key=lambda duty: not duty.item.overdue)):
        place.setdefault(duty.item.heading, at)
    return sorted(found, key=lambda duty: (place[duty.item.heading], not duty.item.overdue))


def _deliveries(scene: Scene) -> Iterator[Duty]:
    for matter in list_matters(scene.resources, scene.facts):
        if matter.weight[0] == _OVERDUE_CORRECTIONS:
            continue
        resource = scene.known[matter.entry_id]
        department = matter.entry_id.partition(".")[0]
        item = _delivery_item(scene, resource, matter)
        if matter.code.startswith("D"):
            recipient = recipient_of(scene.settings, scene.titles, department, resource.entry.owner.steward)
            yield Duty(recipient, item, department, matter.code)
        elif matter.code.startswith("E"):
            yield Duty(center(scene.settings), item, department, matter.code)
        else:
            yield Duty(center(scene.settings), item, "", matter.code or "P")


def _delivery_item(scene: Scene, resource: Resource, matter: Matter) -> Item:
    facts, missing = scene.facts.of(matter.entry_id), matter.weight[0] == _MISSING
    what = _refused(facts) if matter.weight[0] == _BLOCKED else fact(matter.what)
    lines = [(_code_word(matter.code, matter.kind), what)]
    if matter.since:
        lines.append((say("notices.word.since"), figures.day(matter.since)))
    lines.append((say("notices.word.usable"), matter.usable))
    if matter.code.startswith("D"):
        lines.append((say("notices.word.due"), _mend_by(scene, resource, missing)))
    return Item(
        heading=heading_of(resource),
        lines=tuple(lines),
        stamp=(matter.entry_id, matter.code, None if matter.weight[0] == _REJECTED else matter.since, matter.weight[1]),
        link=scene.link(matter.entry_id),
        overdue=missing,
    )


def _mend_by(scene: Scene, resource: Resource, missing: bool) -> str:
    if missing:
        return say("notices.due_missed")
    due = next_due(resource.entry.update, scene.calendar, scene.now)
    return say("notices.due_next", due=figures.spoken_moment(due)) if due else say("notices.due_none")


def _told_whose(scene: Scene, duty: Duty) -> Duty:
    """The center is told whose turn it is; whoever has a way of their own knows."""
    if duty.recipient.key != center(scene.settings).key or not duty.department:
        return duty
    title = fact(scene.titles.get(duty.department, duty.department))
    lines = (*duty.item.lines, (say("notices.word.department"), title))
    return replace(duty, item=replace(duty.item, lines=lines))


def _refused(facts: EntryFacts) -> str:
    """What became of a delivery that was not published: counts only."""
    run = facts.latest or facts.runs[0]
    words = say(f"report.outcome.{run.outcome}")
    if run.delivered is None:
        return words
    return say(
        "notices.refused",
        outcome=words,
        delivered=figures.count(run.delivered),
        rejected=figures.count(run.rejected or 0),
    )


def _corrections(scene: Scene) -> Iterator[Duty]:
    for one in scene.facts.one_source.corrections:
        overdue = is_overdue(one, scene.today)
        if one.closed_at is None and one.state == "open" and (overdue or _is_near(scene, one.due_on)):
            yield _correction(scene, one, overdue)


def _correction(scene: Scene, one: CorrectionFact, overdue: bool) -> Duty:
    resource = scene.known.get(one.entry_id)
    own = resource is not None and one.department == one.entry_id.partition(".")[0]
    steward = resource.entry.owner.steward if resource and own else None
    what = say("notices.rows", what=fact(what_of(one, scene.known)), count=figures.count(one.rows_now))
    item = Item(
        heading=heading_of(resource) if resource else fact(one.entry_id),
        lines=(
            (_code_word(CODES.get(one.kind, ""), say("notices.word.correction")), what),
            (say("notices.word.due"), _until(scene, one.due_on)),
        ),
        stamp=("correction", one.correction_id, one.due_on, one.rows_now),
        link=scene.link(one.entry_id) if resource else None,
        overdue=overdue,
    )
    recipient = recipient_of(scene.settings, scene.titles, one.department, steward)
    return Duty(recipient, item, one.department, CODES.get(one.kind, ""))


def _demands(scene: Scene) -> Iterator[Duty]:
    for demand, reply in scene.demands:
        overdue = reply.state == "overdue"
        if not overdue and (reply.state != "open" or not _is_near(scene, reply.limit_on)):
            continue
        resource = scene.known.get(demand.entry or "")
        asker = fact(scene.titles.get(demand.department, demand.department))
        item = Item(
            heading=heading_of(resource) if resource else fact(demand.title),
            lines=(
                (say("notices.word.demand"), say("notices.demand", asker=asker, title=fact(demand.title))),
                (say("notices.word.due"), _until(scene, reply.limit_on)),
            ),
            stamp=("demand", demand.id, reply.limit_on),
            link=scene.link(demand.entry) if resource and demand.entry else None,
            overdue=overdue,
        )
        recipient = recipient_of(
            scene.settings, scene.titles, demand.provider, resource.entry.owner.steward if resource else None
        )
        yield Duty(recipient, item, demand.provider, "")


def heading_of(resource: Resource) -> str:
    """``最低生活保障对象信息（civil_affairs.low_income_households）``."""
    return say("notices.resource", title=fact(resource.entry.title), id=resource.entry.id)


def _code_word(code: str, kind: str) -> str:
    return " ".join(part for part in (code, kind) if part)


def _until(scene: Scene, due: date) -> str:
    left = left_of(due, scene.today, scene.calendar)
    return say("notices.until", day=figures.day(due), left=left)


def _is_near(scene: Scene, due: date) -> bool:
    return scene.calendar.days_left(scene.today, due) <= scene.settings.due_soon


_BLOCKED, _MISSING, _OVERDUE_CORRECTIONS, _REJECTED = range(4)
"""The first number of a matter's weight."""
