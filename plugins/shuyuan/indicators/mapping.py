"""Which rule measures which indicator of GB/T 36344-2018, straight from the tables that the rules are made with."""

from __future__ import annotations

from dataclasses import dataclass

from shuyuan.indicators.qualities import ARRIVED, COPY_AGREES, COPY_KNOWN, USABLE
from shuyuan.language import say, sentences
from shuyuan.quality.planning import INDICATORS
from shuyuan.quality.rejection import RECORD_RULES
from shuyuan.quality.suites import INDICATOR_WORDS
from shuyuan.scoring import dimension_of

STANDARD = (
    "0101", "0102", "0103", "0104", "0105", "0106", "0201", "0202", "0301", "0302", "0303", "0304", "0305", "0401",
    "0402", "0501", "0502", "0503", "0601", "0602",
)  # fmt: skip
"""All indicators of the standard, in its order."""

KINDS = {
    "D401": ("type",), "D402": ("required",), "D403": ("length",), "D404": ("pattern", "spelling"),
    "D405": ("codes",), "D406": ("check",), "D407": ("between",), "D408": ("one_of",), "D409": ("not_after",),
    "D410": ("key.unique", "unique"), "D411": ("matches_id",), "D412": ("known_region",),
    "D413": ("not_excel_damaged",), "D501": ("source.known",), "D502": ("source.agrees",), "D601": ("row_count",),
}  # fmt: skip
"""What a rule of each code is called in an entry, or at the end of its id."""

LEDGER = {USABLE: "0602", ARRIVED: "0502", COPY_AGREES: "0401", COPY_KNOWN: "0402"}
"""What the ledger says where a delivery has no rule of its own."""

BUSINESS = "0104"
"""The indicator of every other expectation of a suite."""


@dataclass(frozen=True)
class Measure:
    """One indicator: its code, its dimension's name key, and the rules that measure it (none: not measured)."""

    indicator: str
    dimension: str
    rules: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the standard calls it, in the reader's language."""
        return say(f"gbt36344.{self.indicator}")


def list_measures() -> tuple[Measure, ...]:
    """Return every indicator of the standard with its rules, in the standard's order."""
    rules: dict[str, list[str]] = {indicator: [] for indicator in STANDARD}
    for code, indicator in INDICATORS.items():
        rules[indicator] += [f"{code} {kind}" for kind in KINDS[code]]
    for name, (code, indicator) in RECORD_RULES.items():
        rules[indicator].append(f"{code} {name}")
    for word, indicator in INDICATOR_WORDS:
        rules[indicator].append(f"D605 …{word}…")
    rules[BUSINESS].append("D605 …")
    for name, indicator in LEDGER.items():
        rules[indicator].append(name)
    return tuple(Measure(one, dimension_of(one), tuple(rules[one])) for one in STANDARD)


def mapping_table() -> str:
    """Return the table of ``docs/indicators.md``."""
    lines = ["| 指标 | 名称 | Name | 规则 |", "|---|---|---|---|"]
    for one in list_measures():
        rules = "、".join(f"`{rule}`" for rule in one.rules) or "—"
        texts = sentences()[f"gbt36344.{one.indicator}"]
        lines.append(f"| {one.indicator} | {texts['zh']} | {texts['en']} | {rules} |")
    return "\n".join(lines)
