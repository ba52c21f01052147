"""Reports: pure functions of the catalog, the ledger and ``now``; the freshness board and the offline pages."""

from shuyuan.reporting.board import Board, BoardLine, freshness_board
from shuyuan.reporting.report import Report, make_report
from shuyuan.reporting.site import build_site

__all__ = ["Board", "BoardLine", "Report", "build_site", "freshness_board", "make_report"]
