"""Which messages there are at an instant: pure functions of the scene.

One message a recipient and day, repeated on a later day only when it says something else or something is overdue; one
reminder a recipient and due instant; one message a day and code when the platform fails; one digest a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from shuyuan.language import say
from shuyuan.notices.deadlines import due_instants, is_past, is_quiet, naive
from shuyuan.notices.duties import Duty, heading_of, list_duties
from shuyuan.notices.message import Item, Message, Recipient, fact
from shuyuan.notices.recipients import center, recipient_of
from shuyuan.notices.records import Told
from shuyuan.notices.scene import Scene
from shuyuan.reporting import figures
from shuyuan.workdays import LOCAL, local_day


def plan_messages(scene: Scene, *, by_the_clock: bool = True) -> list[Message]:
    """Return what is to be sent at ``scene.now``, the most urgent first.

    Without ``by_the_clock`` (to look at it) neither quiet hours nor the times of day count.
    """
    duties = list_duties(scene)
    settings = scene.settings
    quiet = by_the_clock and is_quiet(settings.quiet, scene.calendar, scene.now)
    found = list(_faults(scene, duties, quiet))
    if not quiet:
        found += _reminders(scene)
        if not by_the_clock or is_past(settings.daily_at, scene.now):
            found += _daily(scene, duties)
        if not by_the_clock or is_past(settings.digest_at, scene.now):
            found.append(_digest(scene, duties))
    told = {line.unit: line for line in scene.told}
    units = ((message, told.get((message.kind, message.recipient.key, message.scope))) for message in found)
    return [message for message, before in units if before is None or not before.blocks(scene.now)]


def _faults(scene: Scene, duties: Iterable[Duty], quiet: bool) -> Iterator[Message]:
    """The platform's own faults, to ourselves, one message a code and day: a new one at once, an old one by day."""
    codes: dict[str, list[Item]] = {}
    for duty in duties:
        if not duty.department:
            codes.setdefault(duty.code, []).append(duty.item)
    for code, items in sorted(codes.items()):
        message = Message(
            kind="fault",
            recipient=center(scene.settings),
            scope=f"{scene.today.isoformat()} {code}",
            day=scene.today,
            subject=say("notices.fault_subject", code=code, count=len(items)),
            opening=say("notices.fault_opening", code=code, count=len(items)),
            items=tuple(items),
        )
        before = _last(scene.told, message)
        if before is None or before.digest != message.digest or not quiet:
            yield message


def _daily(scene: Scene, duties: Iterable[Duty]) -> Iterator[Message]:
    by_recipient: dict[str, tuple[Recipient, list[Duty]]] = {}
    for duty in duties:
        if duty.department:
            by_recipient.setdefault(duty.recipient.key, (duty.recipient, []))[1].append(duty)
    for _, (recipient, owed) in sorted(by_recipient.items()):
        message = _daily_message(scene, recipient, owed)
        before = _last(scene.told, message)
        if before is None or before.digest != message.digest or message.overdue:
            yield message


def _daily_message(scene: Scene, recipient: Recipient, owed: Sequence[Duty]) -> Message:
    resources, overdue = len({duty.item.heading for duty in owed}), sum(duty.item.overdue for duty in owed)
    facts = {
        "who": recipient.title,
        "day": figures.day(scene.today),
        "resources": resources,
        "count": len(owed),
        "overdue": say("notices.overdue", count=overdue) if overdue else "",
    }
    return Message(
        kind="daily",
        recipient=recipient,
        scope=scene.today.isoformat(),
        day=scene.today,
        subject=say("notices.daily_subject", **facts),
        opening=say("notices.daily_opening", **facts),
        items=tuple(duty.item for duty in owed),
    )


def _reminders(scene: Scene) -> Iterator[Message]:
    """What is due soon and has not come, one message a recipient and due instant."""
    until = scene.now + scene.settings.remind_before
    groups: dict[tuple[str, datetime], tuple[Recipient, list[Item]]] = {}
    for resource in scene.resources:
        entry = resource.entry
        if entry.status != "published":
            continue
        for due in due_instants(entry.update, scene.calendar, scene.now, until):
            if (entry.id, naive(due)) in scene.arrived:
                continue
            department = entry.id.partition(".")[0]
            recipient = recipient_of(scene.settings, scene.titles, department, entry.owner.steward)
            line = (say("notices.word.due"), _due_words(due, entry.update.grace))
            item = Item(heading_of(resource), (line,), ("due", entry.id, naive(due)), scene.link(entry.id))
            groups.setdefault((recipient.key, due), (recipient, []))[1].append(item)
    for (_, due), (recipient, items) in sorted(groups.items()):
        clock = f"{due.astimezone(LOCAL):%H:%M}"
        yield Message(
            kind="reminder",
            recipient=recipient,
            scope=f"{due.astimezone(LOCAL):%Y-%m-%dT%H:%M}",
            day=scene.today,
            subject=say("notices.reminder_subject", count=len(items), due=clock),
            opening=say("notices.reminder_opening", who=recipient.title, count=len(items), due=clock),
            items=tuple(items),
        )


def _due_words(due: datetime, grace: timedelta) -> str:
    """``11月20日 08:30（宽限到 10:30）``."""
    words, until = figures.spoken_moment(due), due + grace
    if not grace:
        return words
    same_day = local_day(until) == local_day(due)
    end = f"{until.astimezone(LOCAL):%H:%M}" if same_day else figures.spoken_moment(until)
    return say("notices.due_grace", due=words, grace=end)


def _digest(scene: Scene, duties: Iterable[Duty]) -> Message:
    """The center's day: who has how much to do, what is ours, and how the day's messages fared."""
    listed = list(duties)
    open_, late = Counter(duty.department for duty in listed), Counter(d.department for d in listed if d.item.overdue)
    items = []
    for department, count in sorted(open_.items(), key=lambda one: (one[0] == "", -late[one[0]], -one[1], one[0])):
        title = fact(scene.titles.get(department, department)) if department else say("notices.platform")
        words = say("notices.digest_line", count=count, overdue=late[department])
        items.append(Item(title, (("", words),), (department, count, late[department])))
    today = [line for line in scene.told if line.tried_at >= _midnight(scene) and line.kind != "digest"]
    outcomes = Counter(line.outcome for line in today)
    if outcomes:
        words = say("notices.digest_told", **{name: outcomes[name] for name in ("sent", "failed", "unknown")})
        items.append(Item(say("notices.digest_messages"), (("", words),), tuple(sorted(outcomes.items()))))
    facts = {"day": figures.day(scene.today), "count": len(listed), "overdue": sum(late.values())}
    return Message(
        kind="digest",
        recipient=center(scene.settings),
        scope=scene.today.isoformat(),
        day=scene.today,
        subject=say("notices.digest_subject", **facts),
        opening=say("notices.digest_opening" if listed else "notices.digest_nothing", **facts),
        items=tuple(items),
    )


def _midnight(scene: Scene) -> datetime:
    return naive(datetime.combine(scene.today, datetime.min.time(), LOCAL))


def _last(told: Iterable[Told], message: Message) -> Told | None:
    """The last message of the same kind about the same to the same on an earlier day that certainly arrived."""
    about = message.scope[_DAY:]
    lines = [
        line
        for line in told
        if (line.kind, line.recipient, line.scope[_DAY:]) == (message.kind, message.recipient.key, about)
        and line.scope < message.scope
        and line.outcome == "sent"
    ]
    return max(lines, key=lambda line: line.scope, default=None)


_DAY = len("2026-11-20")
