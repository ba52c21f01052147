"""Reports: pure functions of the catalog, the ledger and ``now``; the freshness board and the offline pages."""

from shuyuan.reporting.board import Board, BoardLine, freshness_board
from shuyuan.reporting.facts import Facts
from shuyuan.reporting.reading import Ledger, read_board_facts, read_facts
from shuyuan.reporting.site import build_site

__all__ = ["Board", "BoardLine", "Facts", "Ledger", "build_site", "freshness_board", "read_board_facts", "read_facts"]
