"""The indicators: pure functions of the catalog, the ledger and ``now``, each with the numbers behind it."""

from shuyuan.indicators.evidence import Evidence, gather, read_evidence
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.periods import Period
from shuyuan.indicators.reading import Ledger, read_board_facts, read_facts
from shuyuan.indicators.standing import Indicator, Standings
from shuyuan.indicators.standings import assess

__all__ = [
    "Evidence",
    "Facts",
    "Indicator",
    "Ledger",
    "Period",
    "Standings",
    "assess",
    "gather",
    "read_board_facts",
    "read_evidence",
    "read_facts",
]
