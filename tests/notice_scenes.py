"""Scenes and messages for the tests of notices: one steward with a missing and a refused delivery, and what changes."""

from __future__ import annotations

from datetime import UTC, date, datetime

from shuyuan.entry import Notices
from shuyuan.indicators.facts import (
    ArrivalFact,
    CorrectionFact,
    EntryFacts,
    Facts,
    OneSourceFacts,
    PublicationFact,
    RuleFact,
    RunFact,
)
from shuyuan.notices.message import Item, Message, Recipient
from shuyuan.notices.records import Told
from shuyuan.notices.scene import Scene
from shuyuan.workdays import LOCAL, Calendar
from synthetic_ledger import make_resource

TITLES = {"civil_affairs": "鄂托克旗民政局", "public_security": "鄂托克旗公安局"}
SETTINGS = {
    "channels": {
        "mail": {"type": "mail", "connection": "notices_smtp", "sender": "center@example.gov.cn"},
        "group": {"type": "wecom", "connection": "notices_wecom"},
    },
    "center": {"channel": "mail", "to": ["center@example.gov.cn"]},
    "departments": {"civil_affairs": {"channel": "group"}},
    "stewards": {"mz-jzg": {"channel": "mail", "to": ["office@example.gov.cn"]}},
    "report_url": "https://report.example.gov.cn/r/",
}
PEOPLE, MARRIAGES, HOUSEHOLDS = "civil_affairs.people", "civil_affairs.marriages", "public_security.households"


def at(text: str) -> datetime:
    """A local instant of Friday, 2026-11-20, ``"09:30"``; or of any day, ``"2026-11-21 09:30"``."""
    return datetime.fromisoformat(text if " " in text else f"2026-11-20 {text}").replace(tzinfo=LOCAL)


def run(
    outcome: str, code: str | None = None, text: str | None = None, rejected: int = 0, day: int = 20, year: int = 2026
) -> RunFact:
    return RunFact(
        "r", date(year, 11, day), datetime(year, 11, day, 0, 40), outcome, code, text, 1000, 1000 - rejected, rejected,
        None, {}, {},
    )  # fmt: skip


PUBLISHED = PublicationFact(
    1, "r", "1.0.0", date(2026, 11, 19), "replace", 977, 0, 0, 0, 977, 23, 98.0, datetime(2026, 11, 19)
)
MISSING = EntryFacts(
    arrivals=(ArrivalFact(datetime(2026, 11, 20, 0, 30), date(2026, 11, 20), "missing", None),),
    publications=(PUBLISHED,),
)
BLOCKED = EntryFacts(runs=(run("blocked", "D602", "D602 张三.csv 少了 37%", 23),), publications=(PUBLISHED,))
PLATFORM = EntryFacts(runs=(run("failed", "P101", "P101 连不上"),), publications=(PUBLISHED,))


def rejecting(unexpected: int) -> EntryFacts:
    """A published delivery of which one rule rejected rows."""
    rule = RuleFact(
        "key.unique", "D410", None, "0304", "accuracy", "reject", 1000, unexpected, False, False, None,
        ((datetime(2026, 11, 20), 1000, unexpected),),
    )  # fmt: skip
    return EntryFacts(rules=(rule,), runs=(run("published"),), publications=(PUBLISHED,))


def resource(entry_id: str = PEOPLE, title: str = "低保对象", **changes):
    """An entry of the department that its id names, with the steward of the settings."""
    changes = {"owner": {"office": "救助股", "steward": "mz-jzg"}} | changes
    return make_resource(entry_id, title, department=TITLES[entry_id.partition(".")[0]], **changes)


def correction(department: str = "civil_affairs", due: date = date(2026, 11, 20), rows: int = 28) -> CorrectionFact:
    return CorrectionFact(
        "C-1", PEOPLE, "person_name", "person_name", "differing", HOUSEHOLDS, department, rows, rows,
        datetime(2026, 11, 6), due, "open", None, None, None, None, 0,
    )  # fmt: skip


def scene(entries=None, now="10:00", resources=None, corrections=(), settings=None, **changes) -> Scene:
    """The scene of a morning; ``entries`` maps entry ids to their facts."""
    moment = at(now)
    facts = Facts(moment.astimezone(UTC), entries or {}, one_source=OneSourceFacts(corrections=tuple(corrections)))
    return Scene(
        settings=Notices.model_validate({**SETTINGS, **(settings or {})}),
        resources=resources if resources is not None else [resource()],
        titles=TITLES,
        facts=facts,
        calendar=Calendar({}),
        now=moment,
        **changes,
    )


def told(message: Message, outcome: str = "sent", **changes) -> Told:
    """The line that the ledger has of a message."""
    moment = datetime(message.day.year, message.day.month, message.day.day, 1, 30)
    values = {
        "kind": message.kind,
        "recipient": message.recipient.key,
        "scope": message.scope,
        "channel": "mail",
        "digest": message.digest,
        "matters": len(message.items),
        "attempts": 1,
        "tried_at": moment,
        "next_at": None,
        "sent_at": moment if outcome == "sent" else None,
        "outcome": outcome,
        "error_code": None,
    }
    return Told(**values | changes)


def message(subject="【数源】11月20日待办 1 项", heading="低保对象", to=("office@example.gov.cn",), items=1) -> Message:
    """A message that needs no scene."""
    route = {"channel": "mail", "to": list(to)}
    recipient = Recipient("steward:mz-jzg", "鄂托克旗民政局", Notices.model_validate({"center": route}).center)
    lines = (("D410 取值", "身份证件号码 不应重复：23 行"), ("仍可用", "其余 977 行"))
    made = tuple(Item(f"{heading}{number or ''}", lines, (heading, number)) for number in range(items))
    return Message("daily", recipient, "2026-11-20", date(2026, 11, 20), subject, "民政局：有 1 项需要处理。", made)
