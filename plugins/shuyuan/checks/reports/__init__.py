"""What people hold in their hands of an answer: a page for each case, a workbook and a letter for a batch.

Everything is made of the sealed ``Answer`` and the check's spec alone, so that it says the same when it is made again.
"""

from shuyuan.checks.reports.writing import write_reports

__all__ = ["write_reports"]
