"""From the project to messages, and out: what the sweep and ``shuyuan notices`` do.

The warehouse is held for short spells only, never while a server is waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shuyuan.catalog import Resource, read_catalog
from shuyuan.catalog.assessments import read_assessment
from shuyuan.catalog.demand_replies import UNDER_WAY, DemandReply, reply_of
from shuyuan.catalog.demands import read_demands
from shuyuan.catalog.notice_settings import read_notices
from shuyuan.crashpoints import point
from shuyuan.entry import Demand, Notices
from shuyuan.indicators import read_facts
from shuyuan.notices.channels import PerhapsSent, send
from shuyuan.notices.deadlines import naive
from shuyuan.notices.message import Message
from shuyuan.notices.planning import plan_messages
from shuyuan.notices.records import claim, read_told, record, settle_dead
from shuyuan.notices.scene import Scene
from shuyuan.problems import PlatformError
from shuyuan.project import Project
from shuyuan.sources import Connection
from shuyuan.warehouses import Session, open_warehouse
from shuyuan.workdays import Calendar, local_day

_LOG = logging.getLogger(__name__)
Connect = Callable[[str], Connection]


@dataclass(frozen=True)
class Attempt:
    """How one message went: ``sent``, ``failed`` or ``unknown``, with the problem's code."""

    message: Message
    outcome: str
    code: str | None = None


def send_notices(project: Project, now: datetime, connect: Connect) -> list[Attempt]:
    """Send what is to be sent at ``now`` (aware); ``connect`` gives a connection by its name.

    A message that fails keeps no other from being sent; it is tried again by a later call. Where the settings name no
    channel nothing is read.

    Raises:
        CatalogError: ``include/notices.yaml`` is wrong; nothing is sent.
        PassingError: P302, P306 the warehouse is busy or fails.
    """
    settings = read_notices(project)
    if not settings.active:
        return []
    warehouse = open_warehouse(project)
    with warehouse.session() as session:
        settle_dead(session, now)
        scene = set_scene(project, settings, session, now)
    attempts = []
    for message in plan_messages(scene):
        route = message.recipient.route
        if route is None or route.channel not in settings.channels:
            continue
        with warehouse.session() as session:
            number = claim(session, message, route.channel, now)
        if number is None:
            continue
        point("notice_claimed")
        attempt = _attempt(settings, message, connect)
        point("notice_handed_over")
        with warehouse.session() as session:
            record(session, message, number, now, attempt.outcome, attempt.code)
        point("notice_recorded")
        attempts.append(attempt)
    return attempts


def _attempt(settings: Notices, message: Message, connect: Connect) -> Attempt:
    """Send one message; log its outcome, never where it went or what it says."""
    route = message.recipient.route
    assert route is not None
    channel = settings.channels[route.channel]
    try:
        send(route.channel, channel, connect(channel.connection), message)
    except PlatformError as error:
        outcome = "unknown" if isinstance(error, PerhapsSent) else "failed"
        code = error.problem.code
        _LOG.warning("notice %s for %s: %s, %s", message.kind, message.recipient.key, outcome, code)
        return Attempt(message, outcome, code)
    _LOG.info("notice %s for %s: sent", message.kind, message.recipient.key)
    return Attempt(message, "sent")


def preview(project: Project, now: datetime, session: Session | None) -> list[Message]:
    """Return what there is to say at ``now``, whatever the clock says; ``session`` is ``None`` without a warehouse.

    Raises ``CatalogError``: ``include/notices.yaml`` is wrong.
    """
    settings = read_notices(project)
    return plan_messages(set_scene(project, settings, session, now), by_the_clock=False) if session else []


def set_scene(project: Project, settings: Notices, session: Session, now: datetime) -> Scene:
    """Read all that messages are made from."""
    catalog = read_catalog(project)
    resources = [one for one in catalog.resources if one.entry.status not in ("draft", "retired")]
    titles = {name: department.title for name, department in catalog.departments.items()}
    calendar = Calendar.read(project.calendar)
    arrived = session.query(
        "SELECT entry_id, due_at FROM ledger.freshness WHERE due_at > ? AND due_at <= ?"
        " AND state NOT IN ('missing', 'waiting')",
        [naive(now), naive(now + settings.remind_before)],
    )
    return Scene(
        settings=settings,
        resources=resources,
        titles=titles,
        facts=read_facts(session, now),
        calendar=calendar,
        now=now,
        demands=_demands_under_way(project, resources, calendar, now),
        arrived=frozenset((row["entry_id"], row["due_at"]) for row in arrived),
        told=read_told(session, now),
    )


def _demands_under_way(
    project: Project, resources: Sequence[Resource], calendar: Calendar, now: datetime
) -> list[tuple[Demand, DemandReply]]:
    """The demands that somebody owes an answer to, or waits for."""
    assessment, today = read_assessment(project), local_day(now)
    sharing = {resource.entry.id: resource.entry.sharing.type for resource in resources}
    found = []
    for demand in read_demands(project):
        reply = reply_of(demand, sharing.get(demand.entry or ""), assessment, calendar, today)
        if reply is not None and reply.state in UNDER_WAY:
            found.append((demand, reply))
    return found
