"""Write what a reconcile found: lines, disputes, the list of differences, correction requests, golden views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shuyuan import ledger
from shuyuan.ledger import Comparison
from shuyuan.one_source.agenda import CopyKey
from shuyuan.one_source.comparing import Findings
from shuyuan.one_source.corrections import Group, close_unlinked, settle
from shuyuan.one_source.decisions import WITHDRAWN, Job, Moment
from shuyuan.one_source.discrepancies import Listing, clear_list, replace_disputes, update_list
from shuyuan.one_source.lines import Found, fill_lines, find_differences
from shuyuan.one_source.tokens import token_secret
from shuyuan.warehouses import Session

_KINDS = {"reference": ("unknown", "duplicate"), "attribute": ("differing",)}


@dataclass(frozen=True)
class Written:
    """What was written: the newest lines of all copies, how many of them are new, and what became of requests."""

    lines: tuple[Comparison, ...]
    compared: int
    opened: int
    closed: int


def current_lines(former: Mapping[CopyKey, Comparison], news: Iterable[Comparison] = ()) -> tuple[Comparison, ...]:
    """The newest lines of all copies that there are."""
    lines = {**former, **{line.copy: line for line in news}}
    return tuple(line for _, line in sorted(lines.items()) if line.reason != WITHDRAWN)


def write_results(
    session: Session,
    moment: Moment,
    former: Mapping[CopyKey, Comparison],
    found: Iterable[tuple[Job, Findings | str]],
    said: Iterable[Comparison],
) -> Written:
    """Write everything of one reconcile inside the caller's transaction."""
    news, groups, secret = list(said), [], token_secret(moment.project)
    for line in news:
        if line.reason == WITHDRAWN:
            _forget(session, line, moment)
    for job, findings in found:
        news += fill_lines(job.lines, findings)
        if not isinstance(findings, str):
            groups += [_write_list(session, one, moment, secret) for one in find_differences(job.task, findings)]
    ledger.record_comparisons(session, news)
    lines = current_lines(former, news)
    settled = settle(session, groups, moment.instant, moment.settings, moment.calendar)
    linked = {(line.entry_id, line.field, kind, line.source_id) for line in lines for kind in _KINDS[line.kind]}
    closed = close_unlinked(session, linked, moment.instant)
    compared = sum(line.state == "compared" for line in news)
    return Written(lines, compared, settled.opened + settled.reopened, settled.closed + closed)


def _write_list(session: Session, found: Found, moment: Moment, secret: bytes) -> Group:
    newest = replace_disputes(session, found.listing, found.path, moment.instant)
    update_list(session, found.listing, found.path, moment.settings.listed, secret, moment.instant)
    one = found.listing
    return Group(one.entry_id, one.field, one.element, one.kind, one.source_id, found.department, found.rows, newest)


def _forget(session: Session, line: Comparison, moment: Moment) -> None:
    """Nothing is disputed where nothing is compared any more."""
    for kind in _KINDS[line.kind]:
        listing = Listing(line.entry_id, line.field, line.element, kind, line.source_id, ("hide",))
        session.replace_disputes(None, listing.where, moment.instant)
        clear_list(session, listing, moment.instant)
