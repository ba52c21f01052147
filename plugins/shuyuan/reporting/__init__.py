"""Reports: pure functions of the catalog, the ledger and ``now``; the freshness board and the offline pages."""

from shuyuan.reporting.board import Board, BoardLine, freshness_board
from shuyuan.reporting.site import build_site

__all__ = ["Board", "BoardLine", "build_site", "freshness_board"]
