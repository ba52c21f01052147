"""What the terminal says of demands: one line each, or the story of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from shuyuan.catalog import Catalog, read_catalog, read_demands, reply_of
from shuyuan.catalog.assessments import read_assessment
from shuyuan.catalog.demand_replies import UNDER_WAY, DemandReply
from shuyuan.entry import Demand
from shuyuan.language import say
from shuyuan.project import Project
from shuyuan.workdays import Calendar

SHAPES = {
    "overdue": "✕",
    "open": "○",
    "supplement": "…",
    "agreed": "▲",
    "supplied": "●",
    "refused": "■",
    "withdrawn": "－",
}
_ORDER = tuple(SHAPES)


@dataclass(frozen=True)
class DemandLine:
    """One demand as of today. ``days`` are the working days left, negative when late; ``None`` when none run."""

    demand: Demand
    reply: DemandReply
    asker: str
    provider: str
    days: int | None

    @property
    def parties(self) -> tuple[str, ...]:
        """The two departments, by folder and by title."""
        return self.demand.department, self.demand.provider, self.asker, self.provider

    @property
    def left(self) -> str:
        """How long there is, or how it went."""
        if self.days is None:
            timely = self.reply.timely
            return "" if timely is None else say("demand.left.timely" if timely else "demand.left.untimely")
        if self.reply.timely is False:
            return say("demand.left.over" if self.days else "demand.left.just_over", days=-self.days)
        if self.reply.state == "supplement":
            return say("demand.left.stopped")
        return say("demand.left.left" if self.days else "demand.left.today", days=self.days)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; days are local, missing values null."""
        known = self.demand.model_dump(mode="json", by_alias=True, exclude={"kind"})
        reply = {key: str(value) if isinstance(value, date) else value for key, value in asdict(self.reply).items()}
        return {**known, "department": self.demand.department, **reply, "working_days_left": self.days}


def list_lines(project: Project, today: date) -> list[DemandLine]:
    """Return the demands filed until ``today``: those that are owed an answer first, by their limit."""
    catalog, calendar = read_catalog(project), Calendar.read(project.calendar)
    assessment = read_assessment(project)
    sharing = {one.entry.id: one.entry.sharing.type for one in catalog.resources}
    lines = []
    for demand in read_demands(project):
        reply = reply_of(demand, sharing.get(demand.entry or ""), assessment, calendar, today)
        if reply is not None:
            days = calendar.days_left(today, reply.limit_on) if reply.state in UNDER_WAY else None
            asker, provider = (department_title(catalog, one) for one in (demand.department, demand.provider))
            lines.append(DemandLine(demand, reply, asker, provider, days))
    return sorted(lines, key=lambda one: (_ORDER.index(one.reply.state), one.reply.limit_on, one.demand.id))


def board_rows(lines: Sequence[DemandLine]) -> list[dict[str, str]]:
    """Return the table of ``lines``, its head first."""
    columns = ("state", "id", "title", "asker", "provider", "asked", "limit", "left")
    head = {name: say(f"demand.column.{name}") for name in columns}
    return [
        head,
        *(
            {
                "state": f"{SHAPES[one.reply.state]} {say(f'demand.state.{one.reply.state}')}",
                "id": one.demand.id,
                "title": one.demand.title,
                "asker": one.asker,
                "provider": one.provider,
                "asked": f"{one.reply.asked_on:%m-%d}",
                "limit": f"{one.reply.limit_on:%m-%d}",
                "left": one.left,
            }
            for one in lines
        ),
    ]


def story(demand: Demand, line: DemandLine | None, catalog: Catalog) -> Iterator[str]:
    """Yield what there is to say of one demand, a line each. ``line`` is ``None`` when its first day is to come."""
    yield f"{demand.title}　{demand.id}"
    yield say(
        "demand.story.parties",
        asker=department_title(catalog, demand.department),
        provider=department_title(catalog, demand.provider),
    )
    entry = next((one.entry for one in catalog.resources if one.entry.id == demand.entry), None)
    wanted = f"{entry.title}　{entry.id}" if entry else demand.entry or say("demand.story.unlisted")
    yield say("demand.story.entry", entry=wanted)
    if demand.fields:
        titles = {one.name: one.title for one in entry.fields} if entry else {}
        names = say("hint.separator").join(titles.get(name, name) for name in demand.fields)
        yield say("demand.story.fields", fields=names)
    yield say("demand.story.purpose", purpose=demand.purpose, use=say(f"demand.use_words.{demand.use}"))
    yield say("demand.story.basis", basis=demand.legal_basis)
    if demand.until:
        yield say("demand.story.until", until=demand.until)
    for step in demand.steps:
        told = {"date": step.on, "step": say(f"demand.step.{step.step}"), "by": step.by, "why": step.why}
        yield "  " + say("demand.story.step_why" if step.why else "demand.story.step", **told)
    if line is not None:
        facts = {"state": say(f"demand.state.{line.reply.state}"), "limit": line.reply.limit_on, "left": line.left}
        yield say("demand.story.state" if line.left else "demand.story.state_only", **facts)


def department_title(catalog: Catalog, folder: str) -> str:
    """Return the title of a department's folder; the folder where there is none."""
    department = catalog.departments.get(folder)
    return department.title if department else folder
