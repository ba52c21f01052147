"""YAML text → plain dict, list and text, strictly, in one pass over libyaml's events.

Scalars stay text, so that ``0123`` and ``on`` keep their letters; a plain scalar that a YAML 1.1 or 1.2
reader would take for something else than text becomes ``Untyped``. Everything that makes YAML surprising is
refused with a coded problem: aliases, anchors, merge keys, tags, repeated keys, several documents, tabs,
look-alike keys, full-width colons. Positions are kept only on demand, because a good file needs none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from shuyuan.entry.values import Untyped
from shuyuan.problems import Location, Problem, Term

MAX_BYTES = 64 * 1024
MAX_DEPTH = 10
Path_ = tuple[str | int, ...]

# What YAML 1.1 (PyYAML, libyaml) or YAML 1.2 (ruamel, editors) take for a null, a truth, a number or a time.
_NOT_TEXT = re.compile(
    r"""~|null|Null|NULL|<<|=
    |y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF
    |[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-fA-F_]+
    |[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*([eE][-+]?[0-9]+)?
    |[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)
    |[0-9]{4}-[0-9]{2}-[0-9]{2}
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ ]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?
        ([ ]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?
    """,
    re.VERBOSE,
)
_NOT_TEXT_STARTS = frozenset("~<=yYnNtTfFoO0123456789+-.")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile("[\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.+-]*")
_FULL_WIDTH_COLON = re.compile(r"^[ ]*(?:-[ ]+)?[\[{]?[ ]*[A-Za-z_][A-Za-z0-9_]*[ ]*(：)", re.MULTILINE)
_NO_SPACE_AFTER_COLON = re.compile(r"^[ ]*(?:-[ ]+)?[a-z_][a-z0-9_]*(:)[^\s/]", re.MULTILINE)
_SYNTAX = {
    "could not find expected ':'": "expected_colon",
    "mapping values are not allowed": "colon_inside",
    "did not find expected ',' or": "expected_comma",
    "did not find expected key": "expected_key",
    "did not find expected '-'": "expected_dash",
    "did not find expected node": "expected_value",
    "cannot start any token": "bad_start",
    "found unexpected end of stream": "unclosed",
    "found undefined tag handle": "tag",
    "found unknown escape": "escape",
}


@dataclass
class Document:
    """One YAML file. ``value`` is ``None`` when the file could not be read as a tree at all.

    ``file`` is how people know the file (relative to the project, with ``/``).
    """

    file: str
    text: str = ""
    value: Any = None
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines, without line ends."""
        return [line.rstrip("\r") for line in self.text.split("\n")]

    @cached_property
    def _positions(self) -> dict[Path_, tuple[tuple[int, int], tuple[int, int]]]:
        builder = _Builder(self.file, self.text, track=True)
        builder.build()
        return builder.positions

    def has(self, path: Path_) -> bool:
        """Whether this very file says something at ``path``."""
        return path in self._positions

    def locate(self, path: Path_, key: bool = False) -> Location:
        """Return where ``path`` (keys and list indexes) stands: its value, or its key when ``key``.

        A path that is not in the file gives the nearest part above it that is.
        """
        for length in range(len(path), 0, -1):
            if found := self._positions.get(path[:length]):
                on_key = key or length < len(path)
                line, column = found[0] if on_key else found[1]
                return Location(self.file, line, column)
        return Location(self.file, 1, 1)

    def problem(self, code: str, location: Location | None = None, **facts: Any) -> Problem:
        """Return a problem at ``location`` with the offending line beside it."""
        return excerpted(Problem(code, facts, location or Location(self.file)), self.lines)


def excerpted(problem: Problem, lines: list[str], allowed: tuple[str, ...] = (), nearest: str | None = None) -> Problem:
    """Return ``problem`` with its line, the allowed values and the nearest match filled in."""
    line = problem.location.line if problem.location else None
    excerpt = lines[line - 1] if line and line <= len(lines) else None
    return Problem(problem.code, problem.facts, problem.location, excerpt, allowed, nearest)


def read_document(path: Path, file: str) -> Document:
    """Read the YAML file ``path``; every fault is in the result's ``problems``, none is raised."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return Document(file, problems=[Problem("E101", {"why": error.strerror or ""}, Location(file))])
    return parse_document(content, file)


def parse_document(content: bytes, file: str) -> Document:
    """Read YAML bytes (UTF-8, with or without a byte-order mark) as a tree of dict, list and text."""
    if len(content) > MAX_BYTES:
        return Document(file, problems=[Problem("E102", {"limit_kb": MAX_BYTES // 1024}, Location(file))])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Document(file, problems=[Problem("E103", {"byte": error.start}, Location(file, line))])
    document = Document(file, text)
    fatal = [*_occurrences(document, _CONTROL, "E112"), *_occurrences(document, re.compile("\t"), "E110")]
    if fatal:
        document.problems = fatal
        return document
    builder = _Builder(file, text)
    document.value = builder.build()
    document.problems = [excerpted(problem, document.lines) for problem in builder.problems]
    named = {problem.location.line for problem in document.problems if problem.location}
    document.problems += [
        hidden
        for hidden in _occurrences(document, _INVISIBLE, "E112")
        if hidden.location and hidden.location.line not in named
    ]
    return document


def _occurrences(document: Document, pattern: re.Pattern[str], code: str) -> Iterator[Problem]:
    """Yield one problem a line for the characters that ``pattern`` finds."""
    last = None
    for found in pattern.finditer(document.text):
        line = document.text.count("\n", 0, found.start()) + 1
        if line != last:
            last = line
            column = found.start() - (document.text.rfind("\n", 0, found.start()) + 1) + 1
            location = Location(document.file, line, column)
            yield document.problem(code, location, character=f"U+{ord(found[0]):04X}")


class _Stop(Exception):
    """The rest of the file cannot be understood."""


class _Builder:
    """Builds the tree from the event stream; collects problems as it goes."""

    def __init__(self, file: str, text: str, track: bool = False) -> None:
        self.file, self.text, self.track = file, text, track
        self.problems: list[Problem] = []
        self.positions: dict[Path_, tuple[tuple[int, int], tuple[int, int]]] = {}

    def refuse(self, code: str, mark: Any, **facts: Any) -> None:
        """Note a problem at a parser mark."""
        location = Location(self.file, mark.line + 1, mark.column + 1) if mark else Location(self.file)
        self.problems.append(Problem(code, facts, location))

    def build(self) -> Any:
        """Return the tree, or ``None`` when the file is no tree."""
        try:
            return self._build()
        except _Stop:
            return None
        except MarkedYAMLError as error:
            self._explain_syntax(error)
        except YAMLError as error:
            self.refuse("E104", None, why=str(error))
        return None

    def _build(self) -> Any:
        parser = CParser(self.text)
        root: list[Any] = []
        containers: list[Any] = [root]
        keys: list[str | None] = [None]  # per open mapping: the key that waits for its value
        lines: list[dict[str, int]] = [{}]  # per open mapping: where each key stands
        paths: list[Path_] = [()]
        key_mark = None
        documents = 0
        while parser.check_event():
            event: Any = parser.get_event()
            kind = type(event)
            if kind is ScalarEvent or kind is MappingStartEvent or kind is SequenceStartEvent:
                if event.anchor is not None:
                    self.refuse("E105", event.start_mark, what=f"&{event.anchor}")
                if event.tag is not None:
                    self.refuse("E106", event.start_mark, tag=event.tag)
                container, waiting = containers[-1], keys[-1]
                if type(container) is dict and waiting is None:
                    if kind is not ScalarEvent:
                        self.refuse("E109", event.start_mark, key=Term("yaml.collection"))
                        raise _Stop
                    keys[-1] = self._key(event, lines[-1])
                    key_mark = event.start_mark
                    continue
                if kind is ScalarEvent:
                    value: Any = event.value
                    plain = event.implicit[0] and (value[:1] in _NOT_TEXT_STARTS or not value)
                    if plain and (not value or _NOT_TEXT.fullmatch(value)):
                        value = Untyped(value)
                else:
                    value = {} if kind is MappingStartEvent else []
                path = paths[-1]
                if type(container) is dict:
                    container.setdefault(waiting, value)
                    path = (*path, waiting or "")
                    keys[-1] = None
                else:
                    path = (*path, len(container)) if len(containers) > 1 else path
                    container.append(value)
                if self.track and path not in self.positions:
                    start, on_key = event.start_mark, key_mark if type(container) is dict else event.start_mark
                    at = (start.line + 1, start.column + 1)
                    self.positions[path] = (on_key.line + 1, on_key.column + 1) if on_key else at, at
                if kind is not ScalarEvent:
                    if len(containers) > MAX_DEPTH:
                        self.refuse("E111", event.start_mark, limit=MAX_DEPTH)
                        raise _Stop
                    containers.append(value)
                    keys.append(None)
                    lines.append({})
                    paths.append(path)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                containers.pop()
                keys.pop()
                lines.pop()
                paths.pop()
            elif kind is AliasEvent:
                self.refuse("E105", event.start_mark, what=f"*{event.anchor}")
                raise _Stop
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.refuse("E107", event.start_mark)
                    raise _Stop
        if not root or root[0] == "":
            self.refuse("E116", None)
            return None
        return root[0]

    def _key(self, event: Any, lines: dict[str, int]) -> str:
        """Return the key's text; note what is wrong with it. A look-alike is read as the word it looks like."""
        key: str = event.value
        mark = event.start_mark
        if "：" in key:
            self.refuse("E108", mark, key=key.partition("：")[0])
        elif event.implicit[0] and key == "<<":
            self.refuse("E105", mark, what="<<")
        elif not _KEY.fullmatch(key) and not (key.isascii() and not event.implicit[0]):
            self.refuse("E109", mark, key=key or '""')
            key = "".join(c for c in unicodedata.normalize("NFKC", key) if unicodedata.category(c) != "Cf")
        elif event.implicit[0] and _NOT_TEXT.fullmatch(key):
            self.refuse("E109", mark, key=key)
        if key in lines:
            self.refuse("E114", mark, key=key, first=lines[key])
        else:
            lines[key] = mark.line + 1
        return key

    def _explain_syntax(self, error: MarkedYAMLError) -> None:
        """Turn libyaml's complaint into a problem; name the two slips that Chinese typing makes."""
        mark: Any = error.problem_mark or error.context_mark
        here = mark.line + 1 if mark else 1
        for pattern, code in ((_FULL_WIDTH_COLON, "E108"), (_NO_SPACE_AFTER_COLON, "E117")):
            for found in pattern.finditer(self.text):
                line = self.text.count("\n", 0, found.start(1)) + 1
                if line <= here + 1:
                    column = found.start(1) - (self.text.rfind("\n", 0, found.start(1)) + 1) + 1
                    word = found[0].strip(" -[{").rstrip("：").partition(":")[0]
                    self.problems.append(Problem(code, {"key": word}, Location(self.file, line, column)))
            if self.problems:
                return
        said = f"{error.problem or ''}"
        why = next((name for words, name in _SYNTAX.items() if words in said), "other")
        self.refuse("E104", mark, why=Term(f"yaml.{why}"))
