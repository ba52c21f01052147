"""Where an entry's data comes from and where it goes: the source, the delivery, the shared table, who uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from shuyuan.catalog import Resource
from shuyuan.catalog.demand_replies import reply_of
from shuyuan.entry import SftpSource, Subject
from shuyuan.language import say
from shuyuan.reporting import charts, figures
from shuyuan.reporting.report import Report

USERS_DRAWN = 6
WIDTH, BOX, GAP, TALL, PITCH = 940, 208, 36, 46, 58
_UP = "../"


@dataclass(frozen=True, slots=True)
class Stop:
    """One box of the drawing: what it is, its name, and the page that it leads to (empty: none)."""

    label: str
    name: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """One use of an entry. ``kind``: ``copy`` (an entry copies items), ``subject`` (a golden view), ``demand``.

    ``name`` is what stands in the drawing.
    """

    kind: str
    who: str
    name: str
    what: str
    link: str
    since: date | None = None
    until: date | None = None

    @property
    def word(self) -> str:
        """The kind in words."""
        return say(f"report_entry.use_{self.kind}")

    @property
    def label(self) -> str:
        """What stands above the name in the drawing."""
        return self.word if self.who == self.name else f"{self.word} · {self.who}"


def find_users(report: Report, resource: Resource, subjects: Mapping[str, Subject]) -> list[User]:
    """The entries that copy items of ``resource``, the subjects that show them, the departments that may use it."""
    entry, users = resource.entry, []
    copies: dict[str, list[str]] = {}
    for copy in report.agreement.copies.copied_from.get(entry.id, ()):
        copies.setdefault(copy.holder.entry.id, []).append(copy.label)
    for holder_id, items in sorted(copies.items()):
        holder = report.by_id[holder_id]
        what = say("report_entry.use_copied", title=holder.entry.title, items=_join(dict.fromkeys(items)))
        users.append(User("copy", holder.department.title, holder.entry.title, what, f"entries/{holder_id}.html"))
    mine = {one.element for one in entry.fields if one.element and one.authoritative}
    for name, subject in sorted(subjects.items()):
        shown = [element for element in (subject.key, *subject.elements) if element in mine]
        if shown:
            titles = [resource.elements[one].title if one in resource.elements else one for one in shown]
            what = say("report_entry.use_shown", title=subject.title, items=_join(dict.fromkeys(titles)))
            users.append(User("subject", f"share.{name}", f"share.{name}", what, ""))
    assessment, calendar, today = report.evidence.assessment, report.agreement.calendar, report.facts.today
    for demand in report.evidence.demands:
        if demand.entry != entry.id:
            continue
        reply = reply_of(demand, entry.sharing.type, assessment, calendar, today)
        if reply is not None and reply.state in ("agreed", "supplied"):
            who = report.titles.get(demand.department, demand.department)
            link = f"departments/{demand.department}.html" if demand.department in report.titles else ""
            what = say("report_entry.use_asked", title=demand.title, purpose=demand.purpose)
            users.append(User("demand", who, demand.title, what, link, reply.answered_on, demand.until))
    return users


def draw_lineage(resource: Resource, users: Sequence[User], rows: int | None) -> Markup:
    """Boxes from left to right: front-end machine or database → file or table → shared table → users."""
    entry, source = resource.entry, resource.entry.source
    if isinstance(source, SftpSource):
        first = Stop(say("report_entry.front_end"), source.connection)
        second = Stop(say("report_entry.file", type=source.format.type), source.path.rpartition("/")[2])
    else:
        first = Stop(say("report_entry.database"), source.connection)
        second = Stop(say("report_entry.table"), source.table)
    first = Stop(f"{resource.department.title} · {first.label}", first.name)
    shared = Stop(say("report_entry.shared", rows=figures.count(rows)), f"share.{entry.table}", "#publications")
    refused = Stop(say("report_entry.rejected"), f"rejected.{entry.table}", "#rules")
    last = [Stop(one.label, one.name, one.link and _UP + one.link) for one in users]
    if len(last) > USERS_DRAWN:
        more = say("report_entry.more", count=len(last) - USERS_DRAWN + 1)
        last = [*last[: USERS_DRAWN - 1], Stop(more, "", "#users")]
    if not last:
        last = [Stop(say("report_entry.no_user"), "")]
    height = PITCH * max(len(last), 2) + 4
    columns = [[first], [second], [shared, refused], last]
    parts: list[Markup] = []
    tops = [[4 + PITCH * place for place in range(len(column))] for column in columns]
    for number, column in enumerate(columns):
        left = number * (BOX + GAP)
        if number:
            parts.extend(_arrow(left - GAP, tops[number - 1][0] + TALL / 2, left, y + TALL / 2) for y in tops[number])
        parts.extend(_box(left, y, stop) for y, stop in zip(tops[number], column, strict=True))
    return Markup(
        '<svg class="chart lineage" role="img" width="{0}" height="{1}" viewBox="0 0 {0} {1}">'
        "<title>{2}</title>{3}</svg>"
    ).format(WIDTH, height, say("report_entry.lineage"), Markup("").join(parts))


def _box(left: int, top: int, stop: Stop) -> Markup:
    drawn = Markup(
        '<rect class="box" x="{}" y="{}" width="{}" height="{}"/><text class="axis" x="{}" y="{}">{}</text>'
        '<text x="{}" y="{}">{}</text><title>{}</title>'
    ).format(
        left + 0.5, top + 0.5, BOX - 1, TALL - 1, left + 9, top + 18, escape(charts.shorten(stop.label, 33)), left + 9,
        top + 36, escape(charts.shorten(stop.name, 30)), f"{stop.label} {stop.name}".strip(),
    )  # fmt: skip
    return Markup('<a href="{}">{}</a>').format(stop.link, drawn) if stop.link else Markup("<g>{}</g>").format(drawn)


def _arrow(left: float, top: float, right: float, bottom: float) -> Markup:
    middle = (left + right) / 2
    return Markup('<path class="flow" d="M{} {}H{}V{}H{}M{} {}L{} {}L{} {}"/>').format(
        left, top, middle, bottom, right - 2, right - 8, bottom - 4, right - 2, bottom, right - 8, bottom + 4
    )


def _join(names: Mapping[str, object]) -> str:
    return say("report.rule.join").join(names)
