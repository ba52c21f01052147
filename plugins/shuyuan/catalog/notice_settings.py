"""``include/notices.yaml``: read as strictly as entries are, and held against the catalog."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from shuyuan.catalog.credentials import without_credentials
from shuyuan.catalog.dictionary import label
from shuyuan.catalog.explaining import Finding
from shuyuan.catalog.faults import CatalogError
from shuyuan.catalog.subjects import read_model
from shuyuan.entry import MailChannel, Notices, Route
from shuyuan.problems import Problem
from shuyuan.project import Project


def read_notices(project: Project) -> Notices:
    """Return who is told what; the defaults (nobody, nothing) when there is no file.

    Raises:
        CatalogError: the file is wrong; all its problems are attached. Nothing must be sent then.
    """
    settings, problems = gather_notices(project)
    if problems:
        raise CatalogError(tuple(without_credentials(problems)))
    return settings


def gather_notices(project: Project) -> tuple[Notices, list[Problem]]:
    """Read ``notices.yaml`` for the linter; where it is missing or wrong the settings are the defaults."""
    if not project.notices.is_file():
        return Notices(), []
    document, settings = read_model(project.notices, label(project, project.notices), Notices)
    if settings is None:
        return Notices(), document.problems
    departments = {path.name for path in project.specs.glob("*") if path.is_dir()}
    return settings, [*document.problems, *(one.at(document) for one in _check(settings, departments))]


def _check(settings: Notices, departments: Collection[str]) -> Iterator[Finding]:
    """Yield routes by a channel that is not declared (E337), without or with addresses that the channel does not take
    (E338, E339), and departments that the catalog does not have (E328); channels without a route for the rest (E329).
    """
    if settings.center is not None:
        yield from _check_route(settings, ("center",), settings.center)
    elif settings.channels:
        yield Finding("E329", ("channels",), {"key": "center"}, on_key=True)
    for name, route in settings.departments.items():
        yield from _check_route(settings, ("departments", name), route)
        if name not in departments:
            near = get_close_matches(name, departments, 1, 0.6)
            yield Finding("E328", ("departments", name), {"department": name}, nearest=near[0] if near else None)
    for name, route in settings.stewards.items():
        yield from _check_route(settings, ("stewards", name), route)


def _check_route(settings: Notices, path: tuple[str, ...], route: Route) -> Iterator[Finding]:
    channel, key = settings.channels.get(route.channel), ".".join(path)
    if channel is None:
        near = get_close_matches(route.channel, settings.channels, 1, 0.6)
        facts = {"key": f"{key}.channel", "channel": route.channel}
        yield Finding("E337", (*path, "channel"), facts, nearest=near[0] if near else None)
    elif isinstance(channel, MailChannel) and not route.to:
        yield Finding("E338", path, {"key": key})
    elif not isinstance(channel, MailChannel) and route.to:
        yield Finding("E339", (*path, "to"), {"key": f"{key}.to"})
