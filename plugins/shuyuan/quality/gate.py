"""The gate: rules about the delivery as a whole, which stop a publication rather than reject rows.

They look at the rows that would be published: a full delivery whose rows are all rejected must no more wipe
the table than an empty one. They measure nothing for the score.
"""

from __future__ import annotations

from collections.abc import Sequence

from shuyuan.entry import DatabaseSource, Entry
from shuyuan.stages import RuleResult

MEASURED = "completeness"


def check_volume(entry: Entry, delivered: int, accepted: int, volumes: Sequence[int]) -> tuple[RuleResult, ...]:
    """Return ``table.empty`` and, for full deliveries after the first publication, ``table.shrink``."""
    gate = entry.quality.gate
    declared_empty = delivered == 0 and (gate.allow_empty or (bool(volumes) and brings_changes(entry)))
    results = [_table_rule("table.empty", "D603", accepted > 0 or declared_empty, str(accepted))]
    if entry.load.mode == "replace" and volumes and volumes[0] > 0:
        lost = 1 - accepted / volumes[0]
        # A hair's breadth: 20 % of 10 rows is 2 rows, whatever binary fractions make of 1 − 0.8.
        kept = lost <= gate.shrink_within + 1e-9 or declared_empty
        results.append(_table_rule("table.shrink", "D602", kept, f"{accepted}/{volumes[0]}"))
    return tuple(results)


def brings_changes(entry: Entry) -> bool:
    """Whether a delivery holds only what changed: then none at all is an ordinary day."""
    return isinstance(entry.source, DatabaseSource) and entry.source.sync == "incremental"


def check_score(entry: Entry, score: float | None) -> tuple[RuleResult, ...]:
    """Return ``table.score``: whether the total is at least ``block_below``. Without a score, nothing is said."""
    if score is None:
        return ()
    return (_table_rule("table.score", "D604", score >= entry.quality.gate.block_below, f"{score:.1f}"),)


def blocking_rules(results: Sequence[RuleResult]) -> tuple[str, ...]:
    """Return the ids of the rules that stop the publication: those of effect ``block`` that failed or errored."""
    return tuple(result.rule for result in results if result.effect == "block" and _fails(result))


def _fails(result: RuleResult) -> bool:
    if result.errored:
        return True
    # Of our own rules one bad row blocks; a suite's expectation has its say in success (``mostly``).
    return not result.success if result.code == "D605" else result.unexpected > 0


def _table_rule(rule: str, code: str, success: bool, observed: str) -> RuleResult:
    return RuleResult(
        rule=rule,
        code=code,
        indicator="0202",
        dimension=MEASURED,
        effect="block",
        evaluated=1,
        unexpected=0 if success else 1,
        success=success,
        observed=observed,
    )
