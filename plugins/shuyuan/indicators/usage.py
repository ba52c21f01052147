"""被使用量: how much a department's data were used by others.

Nothing in the ledger counts that yet: checks (核对) will. Until then it has no value for anybody, and its weight goes
to the other components.
"""

from __future__ import annotations

from shuyuan.indicators.standing import Indicator


def use_by_others(department: str) -> Indicator[str]:
    """Return what is known of the use of ``department``'s data: nothing."""
    return Indicator(None, 0, 0)
