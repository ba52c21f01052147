"""Which kept values another type holds without loss, and how they are turned into it, as SQL.

A text becomes a number, a date or a truth value only where it is written in its canonical spelling; a number loses
no digit and a moment no time of day. What does not fit is counted, never bent.
"""

from __future__ import annotations

from dataclasses import dataclass

from shuyuan.entry import Field

INTEGER_DIGITS = 18
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP = "(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|(([02468][048]|[13579][26])00))"
_DAY = (
    f"({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_MOMENT = f"{_DAY} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{{1,6}}){{0,1}}"
_WORDS = {
    "varchar": "string", "text": "string", "mediumtext": "string", "bigint": "integer", "date": "date",
    "timestamp": "datetime", "datetime": "datetime", "boolean": "boolean", "tinyint": "boolean",
    "decimal": "decimal", "numeric": "decimal",
}  # fmt: skip
"""What the engines call the types of our columns, in lower case and without digits."""


@dataclass(frozen=True)
class Form:
    """What a column holds: a field's kind and, of a decimal, its digits and those after the point."""

    kind: str
    decimal: tuple[int, int] | None = None

    @classmethod
    def of(cls, field: Field) -> Form:
        """The form of a field."""
        return cls(field.kind, field.decimal)

    @classmethod
    def told(cls, word: str) -> Form:
        """The form of a column by the engine's word for its type, such as ``decimal(10,2)``."""
        name, _, digits = word.lower().partition("(")
        kind = _WORDS[name.partition(" ")[0]]
        whole, _, scale = digits.partition(")")[0].partition(",")
        return cls(kind, (int(whole), int(scale)) if kind == "decimal" else None)

    def __str__(self) -> str:
        return "decimal({},{})".format(*self.decimal) if self.decimal else self.kind

    @property
    def digits(self) -> tuple[int, int]:
        """Digits before and after the point, of a number."""
        return (self.decimal[0] - self.decimal[1], self.decimal[1]) if self.decimal else (INTEGER_DIGITS, 0)

    @property
    def spelling(self) -> str:
        """The texts that are values of it, as a regular expression that every engine reads alike."""
        if self.kind in ("integer", "decimal"):
            whole, scale = self.digits
            fraction = f"([.][0-9]{{1,{scale}}}){{0,1}}" if scale else ""
            return f"-{{0,1}}[0-9]{{1,{max(whole, 1)}}}{fraction}"
        return {"date": _DAY, "datetime": _MOMENT, "boolean": "[01]"}[self.kind]


class Casts:
    """How one engine tells and casts; this is DuckDB's way."""

    types = {"string": "VARCHAR", "integer": "BIGINT", "date": "DATE", "datetime": "TIMESTAMP"}  # noqa: RUF012

    def matches(self, value: str, pattern: str) -> str:
        """Whether the whole text matches."""
        return f"regexp_full_match({value}, '{pattern}')"

    def converted(self, value: str, form: Form) -> str:
        """A plain cast."""
        return f"CAST({value} AS {self.types.get(form.kind) or str(form)})"

    def as_text(self, value: str, held: Form) -> str:
        """The canonical text of a value that is none."""
        return self.converted(value, Form("string"))

    def fits(self, value: str, held: Form, wanted: Form) -> str:
        """Whether a value that is not null becomes ``wanted`` without loss."""
        kinds = (held.kind, wanted.kind)
        numbers = {"integer", "decimal"}
        if held == wanted or wanted.kind == "string" or kinds in (("date", "datetime"), ("boolean", "integer")):
            return "1 = 1"
        if held.kind == "string":
            # Of an integral decimal(2,2) no digit before the point counts but the nought that is written there.
            nought = f" AND abs({self.converted(value, Form('decimal', (38, 9)))}) < 1" if _all_fraction(wanted) else ""
            return f"({self.matches(value, wanted.spelling)}{nought})"
        if held.kind in numbers and wanted.kind in numbers:
            (whole, scale), (room, places) = held.digits, wanted.digits
            told = [f"abs({value}) < 1{'0' * room}"] if room < whole else []
            told += [f"round({value}, {places}) = {value}"] if places < scale else []
            return f"({' AND '.join(told)})" if told else "1 = 1"
        if kinds == ("datetime", "date"):
            return f"{self.converted(self.converted(value, wanted), held)} = {value}"
        if kinds == ("integer", "boolean"):
            return f"{value} IN (0, 1)"
        return "1 = 0"

    def cast(self, value: str, held: Form, wanted: Form) -> str:
        """The value as ``wanted``, where it fits."""
        if held == wanted:
            return value
        if held.kind == "boolean":
            texts = ("'1'", "'0'") if wanted.kind == "string" else ("1", "0")
            return f"CASE WHEN {value} THEN {texts[0]} WHEN NOT {value} THEN {texts[1]} END"
        if wanted.kind == "string":
            return self.as_text(value, held)
        if wanted.kind == "boolean":
            return f"{value} = '1'" if held.kind == "string" else f"{value} = 1"
        return self.converted(value, wanted)


class PostgreSQLCasts(Casts):
    """PostgreSQL's way: the same types by nearly the same names."""

    types = {"string": "text", "integer": "bigint", "date": "date", "datetime": "timestamp"}  # noqa: RUF012

    def matches(self, value: str, pattern: str) -> str:
        """The operator finds a part, so both ends are named."""
        return f"{value} ~ '^({pattern})$'"


class MySQLCasts(Casts):
    """MariaDB's and MySQL's way."""

    types = {"string": "char", "integer": "signed", "date": "date", "datetime": "datetime(6)"}  # noqa: RUF012

    def matches(self, value: str, pattern: str) -> str:
        r"""Only ``\z`` is the very end; ``$`` lets a line break follow."""
        return f"{value} REGEXP '^({pattern})\\\\z'"

    def as_text(self, value: str, held: Form) -> str:
        """Whole seconds without the noughts that the server adds."""
        text = super().as_text(value, held)
        return f"trim(TRAILING '.000000' FROM {text})" if held.kind == "datetime" else text


def _all_fraction(form: Form) -> bool:
    return form.decimal is not None and form.decimal[0] == form.decimal[1]
