"""The indicators: pure functions of the catalog, the ledger and ``now``, each with the numbers behind it."""

from shuyuan.indicators.evidence import Evidence
from shuyuan.indicators.facts import Facts
from shuyuan.indicators.reading import Ledger, read_board_facts, read_facts
from shuyuan.indicators.standing import Indicator, Period, Standings

__all__ = ["Evidence", "Facts", "Indicator", "Ledger", "Period", "Standings", "read_board_facts", "read_facts"]
