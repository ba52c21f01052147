"""Who gets what: the steward, else the department, else the center."""

from __future__ import annotations

from collections.abc import Mapping

from shuyuan.entry import Notices
from shuyuan.language import say
from shuyuan.notices.message import Recipient, fact


def center(settings: Notices) -> Recipient:
    """The center itself: for what is ours, for the digest, and for departments that have no way of their own."""
    return Recipient("center", say("notices.center"), settings.center)


def recipient_of(settings: Notices, titles: Mapping[str, str], department: str, steward: str | None) -> Recipient:
    """Return who is told about something that ``department`` (a folder name of ``titles``) has to do.

    ``steward`` is the platform account of the resource's owner, ``None`` where nobody is named.
    """
    title = fact(titles.get(department, department))
    if steward is not None and steward in settings.stewards:
        return Recipient(f"steward:{steward}", title, settings.stewards[steward])
    if department in settings.departments:
        return Recipient(f"department:{department}", title, settings.departments[department])
    return center(settings)
