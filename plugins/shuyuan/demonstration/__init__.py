"""The demonstration: a banner's departments that deliver, with planted defects and disagreements of known number.

Administrative divisions are real and public; everything else is generated from a seed: resident IDs and credit
codes lie in the unassigned region 159901, plates in the unassigned office 蒙Z and phone numbers in 142, so that
no row can be about a living person or a real company.
"""

from shuyuan.demonstration.deliveries import (
    DEFAULT_ROWS,
    ENTRIES,
    MAX_ROWS,
    MIN_ROWS,
    Handover,
    Totals,
    deliver,
    expected_rejections,
    expected_totals,
)

__all__ = [
    "DEFAULT_ROWS",
    "ENTRIES",
    "MAX_ROWS",
    "MIN_ROWS",
    "Handover",
    "Totals",
    "deliver",
    "expected_rejections",
    "expected_totals",
]
