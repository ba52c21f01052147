"""Coded problems: what is wrong, where, and what to do next, as data before it is a sentence.

The letter says whose turn it is: ``E`` the entry is wrong (data engineer), ``D`` the delivery is
wrong (department), ``P`` the platform is wrong (us). Facts are attributes, never personal values;
the sentence comes from the message table (``messages/``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from shuyuan.language import language, say


@dataclass(frozen=True)
class Location:
    """A place in a file. Lines and columns count from 1; ``None`` where there is none."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True)
class Term:
    """A fact that is itself a word of the message table, said only when it is shown."""

    key: str

    def __str__(self) -> str:
        return say(self.key)


@dataclass(frozen=True)
class Problem:
    """One coded diagnostic.

    ``facts`` fill the sentence of ``code``; ``excerpt`` is the offending line of a YAML file (never
    of a delivery); ``allowed`` and ``nearest`` help the reader to mend it.
    """

    code: str
    facts: dict[str, Any] = field(default_factory=dict)
    location: Location | None = None
    excerpt: str | None = None
    allowed: tuple[str, ...] = ()
    nearest: str | None = None

    @property
    def severity(self) -> Literal["error", "warning"]:
        """``warning`` for ``E9xx`` (worth a look, stops nothing), else ``error``."""
        return "warning" if self.code.startswith("E9") else "error"

    @property
    def message(self) -> str:
        """What is wrong, in the reader's language."""
        return say(self.code, **self.facts)

    @property
    def next_step(self) -> str:
        """What to do now, in the reader's language; may be empty."""
        return say(self.code, "next", **self.facts)

    def __str__(self) -> str:
        place = f"{self.location} " if self.location else ""
        return f"{place}{self.code} {join_sentences(self.message, self.next_step)}"


class ShuyuanError(Exception):
    """A problem that stops the work at hand. ``problem`` carries the facts.

    Subclasses say whose turn it is; ``passing`` says whether trying again can help.
    """

    passing = False
    state = ""
    """What stays usable meanwhile, as a sentence; the pipeline adds it when it knows."""

    def __init__(self, code: str, /, *, location: Location | None = None, **facts: Any) -> None:
        self.problem = Problem(code, facts, location)
        super().__init__(code, facts)

    def __str__(self) -> str:
        return join_sentences(str(self.problem), self.state)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.problem, self.state)


class EntryError(ShuyuanError):
    """E…: the catalog entry (or its department, element, code table) is wrong."""


class DeliveryError(ShuyuanError):
    """D…: the delivery is wrong; only the department can mend it, so it is never retried."""


class NotYetDelivered(DeliveryError):
    """D101: nothing has arrived yet. The one delivery problem that waiting can mend."""


class PlatformError(ShuyuanError):
    """P…: our side or the line failed and trying again cannot help (wrong key, changed host key)."""


class PassingError(PlatformError):
    """P…: a fault that can pass (line down, lock busy); it is retried with back-off."""

    passing = True


def join_sentences(*sentences: str) -> str:
    """One text of several sentences, each with its full stop unless it is the only one."""
    stop, gap = ("。", "") if language() == "zh" else (".", " ")
    said = [sentence.rstrip("。. ") for sentence in sentences if sentence]
    return said[0] if len(said) == 1 else gap.join(sentence + stop for sentence in said)


def _rebuild(kind: type[ShuyuanError], problem: Problem, state: str) -> ShuyuanError:
    error = kind.__new__(kind)
    Exception.__init__(error, problem.code, problem.facts)
    error.problem = problem
    error.state = state
    return error
