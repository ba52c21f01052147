"""What the page 核查 looks like, and the mark by which a form is known to be ours."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from shuyuan.language import language, say
from shuyuan.reporting import figures

_SHIFT = 4 * 3600
"""Seconds: a form counts in the shift it was made in, and in the next."""


class FormSeal:
    """A mark that only this site can make: over the login and the hour, by the API server's own secret.

    The pages that hold it cannot be read from another site, so a form that comes with it was filled in here.
    """

    def make(self, login: str) -> str:
        """The mark for a form that is shown now."""
        return self._mark(login, int(time.time() // _SHIFT))

    def is_ours(self, login: str, given: str) -> bool:
        """Whether a mark is this login's, of this shift or the last."""
        now = int(time.time() // _SHIFT)
        known = [self._mark(login, shift) for shift in (now, now - 1)]
        return any(hmac.compare_digest(one.encode(), given.encode()) for one in known)

    def _mark(self, login: str, shift: int) -> str:
        from airflow.configuration import conf

        secret = conf.get_mandatory_value("api", "secret_key").encode()
        return hmac.new(secret, f"shuyuan-checks {shift} {login}".encode(), hashlib.sha256).hexdigest()


def render(name: str, shown: Mapping[str, Any]) -> str:
    """Return the page ``checks``, ``form`` or ``request`` as HTML; every value is escaped."""
    facts = {"lang": "zh-CN" if language() == "zh" else "en", "problems": (), "told": ""}
    return _environment().get_template(f"check_{name}.html.j2").render(facts | dict(shown))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("shuyuan.orchestration"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=figures.moment, count=figures.count, iso_day=figures.iso_day)
    made.globals.update(t=say)
    return made
