"""The offline report: a folder of HTML pages that opens from disk, without script or request.

Pages are pure functions of (catalog, ledger, now): the same three give the same bytes. They are written beside the
old folder and swapped in, so that a reader never sees half a report.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from jinja2 import Environment, PackageLoader, StrictUndefined

from shuyuan import __version__
from shuyuan.catalog import Resource
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.measures import DIMENSIONS
from shuyuan.language import language, say
from shuyuan.problems import PlatformError
from shuyuan.reporting import charts, figures
from shuyuan.reporting.agreement import find_agreement
from shuyuan.reporting.entry_page import entry_page, item_type
from shuyuan.reporting.notes import notes
from shuyuan.reporting.one_source import one_source_page
from shuyuan.reporting.overview import overview

MARKER = ".shuyuan-report"


def build_site(resources: Sequence[Resource], facts: Facts, folder: Path) -> int:
    """Write ``index.html``, ``one-source.html``, ``notes.html`` and ``entries/<id>.html`` into ``folder``.

    Returns the number of pages.

    Raises:
        PlatformError: P290, ``folder`` holds something that is not a report; nothing is changed.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if folder.exists() and not _is_ours(folder):
            raise PlatformError("P290", path=str(folder))
        part, old = folder.with_name(folder.name + ".part"), folder.with_name(folder.name + ".old")
        shutil.rmtree(part, ignore_errors=True)
        (part / "entries").mkdir(parents=True)
        (part / MARKER).write_text("")
        number = 0
        for name, page in render_pages(resources, facts):
            (part / name).write_text(page, encoding="utf-8", newline="\n")
            number += 1
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    return number


def render_pages(resources: Sequence[Resource], facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield (name, HTML) of every page."""
    ordered = sorted(resources, key=lambda resource: resource.entry.id)
    agreement = find_agreement(ordered, facts)
    facts, templates = agreement.facts, environment()
    common = {
        "lang": "zh-CN" if language() == "zh" else "en",
        "day": figures.full_day(facts.today),
        "cutoff": say("report.cutoff", moment=figures.moment(facts.now)),
        "version": __version__,
    }
    yield (
        "index.html",
        templates.get_template("overview.html.j2").render(common | overview(ordered, facts) | {"up": ""}),
    )
    yield (
        "one-source.html",
        templates.get_template("one_source.html.j2").render(common | one_source_page(agreement) | {"up": ""}),
    )
    yield "notes.html", templates.get_template("notes.html.j2").render(common | notes() | {"up": ""})
    page = templates.get_template("entry.html.j2")
    for resource in ordered:
        name = f"entries/{resource.entry.id}.html"
        yield name, page.render(common | entry_page(resource, agreement) | {"up": "../"})


def environment() -> Environment:
    """The templates. Every value is escaped; a name that is not there is an error, not an empty string.

    It is made anew for each report, because it keeps the words of the language that the report is written in.
    """
    made = Environment(
        loader=PackageLoader("shuyuan.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "count": figures.count,
        "score": figures.score,
        "iso_day": figures.iso_day,
        "day": figures.day,
        "day_of": figures.day_of,
        "moment": figures.moment,
        "short_moment": figures.short_moment,
        "item_type": item_type,
    }
    made.filters.update(filters)
    made.globals.update(t=_words(), mark=charts.mark, dimensions=DIMENSIONS)
    return made


def _words() -> Callable[..., str]:
    """``say`` that looks up a plain word once, not once a page."""
    plain = cache(say)

    def word(key: str, **facts: Any) -> str:
        return say(key, **facts) if facts else plain(key)

    return word


def _is_ours(folder: Path) -> bool:
    """An empty folder, or one that an earlier report filled."""
    return folder.is_dir() and ((folder / MARKER).is_file() or not any(folder.iterdir()))
