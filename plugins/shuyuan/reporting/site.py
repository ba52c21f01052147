"""The offline report: a folder of HTML pages that opens from disk, without script or request.

Pages are pure functions of the ``Report``: the same one gives the same bytes. They are written beside the old folder
and swapped in, so that a reader never sees half a report.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from jinja2 import Environment, PackageLoader, StrictUndefined

from shuyuan import __version__
from shuyuan.indicators.measures import DIMENSIONS
from shuyuan.language import language, say
from shuyuan.problems import PlatformError
from shuyuan.reporting import charts, figures
from shuyuan.reporting.entry_page import item_type
from shuyuan.reporting.pages import PAGES
from shuyuan.reporting.report import Report

MARKER = ".shuyuan-report"


def build_site(report: Report, folder: Path) -> int:
    """Write every page of ``PAGES`` into ``folder`` and return how many there are.

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
        part.mkdir()
        (part / MARKER).write_text("")
        number = 0
        for name, page in render_pages(report):
            file = part / name
            if number == 0 or not file.parent.is_dir():
                file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page, encoding="utf-8", newline="\n")
            number += 1
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    return number


def render_pages(report: Report) -> Iterator[tuple[str, str]]:
    """Yield (name, HTML) of every page in the order of the navigation, each before its leaves."""
    templates = environment()
    common = common_facts(report)
    for page in PAGES:
        here = common | {"here": page.name}
        yield page.file, templates.get_template(page.template).render(here | {"up": ""} | dict(page.build(report)))
        if page.leaves is None:
            continue
        leaf = templates.get_template(page.leaves.template)
        here |= {"up": "../" * page.leaves.file.count("/")}
        for key in page.leaves.keys(report):
            yield page.leaves.file.format(id=key), leaf.render(here | dict(page.leaves.build(report, key)))


def common_facts(report: Report) -> dict[str, Any]:
    """What every page says of itself: period, unit, cut-off, version, the pages beside it."""
    period = report.period
    year, month = period.month.split("-")
    return {
        "lang": "zh-CN" if language() == "zh" else "en",
        "month": say("report.date.month", year=int(year), month=int(month)),
        "span": say("report.date.range", first=figures.day(period.first), last=figures.day(period.last)),
        "unit": report.evidence.assessment.unit,
        "cutoff": say("report.cutoff", moment=figures.moment(report.facts.now)),
        "standing": say("report.frozen" if report.frozen else "report.running"),
        "demo": report.demo,
        "version": __version__,
        "nav": tuple((page.name, page.file) for page in PAGES),
    }


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
