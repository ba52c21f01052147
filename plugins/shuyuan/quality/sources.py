"""One data, one source, before the load: the rules that hold a batch against what its sources have published.

A link (``catalog.links``) gives one rule about its key, ``<key>.known_to_source`` (D501): the source knows that key;
and one a copied field, ``<field>.agrees_with_source`` (D502): where both sides are filled, they say the same in the
element's normal form. A key is looked for as it is written, then in its elements' normal forms; one that occurs more
than once at the source belongs to nobody, and such rows take no part.

What cannot be compared is neither right nor wrong: its result has nothing evaluated and says why in ``observed``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from shuyuan.catalog.links import Copied, Link
from shuyuan.normal_forms import NormalForm
from shuyuan.quality.planning import INDICATORS, PlannedRule
from shuyuan.scoring import dimension_of
from shuyuan.stages import RuleResult

if TYPE_CHECKING:
    from shuyuan.catalog import Resource

KNOWN, AGREES = "D501", "D502"
UNUSABLE, UNPUBLISHED = "source_unusable", "never_published"
"""Why a published source still cannot be compared with: its file cannot be read, or lacks the column."""


@dataclasses.dataclass(frozen=True)
class SourceRows:
    """What the source of ``link`` has published, as one Parquet file; or why it cannot be compared with.

    ``path`` must stay as it is while the batch is checked. ``reason`` is a word of the message table
    (``not_compared.<reason>``).
    """

    link: Link
    path: Path | None
    reason: str | None = None


@dataclasses.dataclass(frozen=True)
class Unknown:
    """All rows whose key, ``columns`` together, is not among ``source_columns`` of the Parquet file ``path``."""

    columns: tuple[str, ...]
    path: str
    source_columns: tuple[str, ...]
    key_forms: tuple[NormalForm, ...]


@dataclasses.dataclass(frozen=True)
class Disagreeing:
    """All rows whose last column says something else than the source's.

    ``columns`` and ``source_columns`` are the key in both files, then the column that is compared.
    """

    columns: tuple[str, ...]
    path: str
    source_columns: tuple[str, ...]
    key_forms: tuple[NormalForm, ...]
    form: NormalForm


def plan_source_rules(
    resource: Resource, sources: Sequence[SourceRows]
) -> tuple[tuple[PlannedRule, ...], tuple[RuleResult, ...]]:
    """Return the rules that can be asked, and the results of those that cannot. Rule ids are unique."""
    planned = [(plan, reason) for _, plan, reason in _plan(resource, sources)]
    asked = tuple(plan for plan, reason in planned if reason is None)
    return asked, tuple(_not_compared(plan, reason) for plan, reason in planned if reason is not None)


def links_of_rules(resource: Resource, sources: Sequence[SourceRows]) -> dict[str, Link]:
    """Return which link each one-source rule is about, by rule id."""
    return {plan.rule: link for link, plan, _ in _plan(resource, sources)}


def why_not_compared(result: RuleResult) -> str | None:
    """Return the reason of a one-source rule that could not be asked (a word of ``not_compared``), else ``None``."""
    return result.observed if result.code in (KNOWN, AGREES) else None


def source_question(metric: str, arguments: Mapping[str, Any]) -> Unknown | Disagreeing:
    """Return the question behind a one-source metric of GX."""
    columns = tuple(arguments.get("column_list") or (arguments["column"],))
    path, source_columns = str(arguments["path"]), tuple(arguments["source_columns"])
    key_forms = tuple(arguments["key_forms"])
    if metric.endswith(".known_to_source"):
        return Unknown(columns, path, source_columns, key_forms)
    return Disagreeing(columns, path, source_columns, key_forms, arguments["normal_form"])


def _plan(resource: Resource, sources: Sequence[SourceRows]) -> Iterator[tuple[Link, PlannedRule, str | None]]:
    """Plan all rules in the order of the links, each with the reason why it cannot be asked, if there is one."""
    seen: dict[str, int] = {}
    for source in sources:
        for plan, reason in _of_link(resource, source):
            seen[plan.rule] = seen.get(plan.rule, 0) + 1
            if seen[plan.rule] > 1:  # one key that two sources are asked for
                plan = dataclasses.replace(plan, rule=f"{plan.rule}.{seen[plan.rule]}")
            yield source.link, plan, reason


def _of_link(resource: Resource, source: SourceRows) -> Iterator[tuple[PlannedRule, str | None]]:
    """Plan the rules of one link, each with the reason why it cannot be asked, if there is one."""
    held = _columns_of(source.path) if source.path is not None else frozenset()
    link = source.link
    here, there = [mine for mine, _ in link.key], [theirs for _, theirs in link.key]
    found = {
        "path": str(source.path),
        "key_forms": [resource.elements[element].normal_form for element in link.key_elements],
    }

    def why(columns: Sequence[str]) -> str | None:
        missing = UNPUBLISHED if held else UNUSABLE
        return source.reason or (None if held.issuperset(columns) else missing)

    yield _known(link, here, {**found, "source_columns": there}), why(there)
    for copied in link.copied:
        form = resource.elements[copied.element].normal_form
        columns = [*there, copied.source_field]
        yield _agrees(copied, here, {**found, "source_columns": columns, "normal_form": form}), why(columns)


def _known(link: Link, here: list[str], kwargs: dict[str, Any]) -> PlannedRule:
    if len(here) == 1:
        expectation, field = "expect_column_values_to_be_known_to_source", here[0]
        kwargs["column"] = field
    else:
        expectation, field = "expect_multicolumn_values_to_be_known_to_source", None
        kwargs["column_list"] = here
    rule = f"{link.key_name}.known_to_source"
    return PlannedRule(rule, KNOWN, INDICATORS[KNOWN], link.unknown, expectation, kwargs, field)


def _agrees(copied: Copied, here: list[str], kwargs: dict[str, Any]) -> PlannedRule:
    kwargs["column_list"] = [*here, copied.field]
    expectation = "expect_multicolumn_values_to_agree_with_source"
    rule = f"{copied.field}.agrees_with_source"
    return PlannedRule(rule, AGREES, INDICATORS[AGREES], "count", expectation, kwargs, copied.field)


def _not_compared(plan: PlannedRule, reason: str) -> RuleResult:
    """A result that neither passes judgement nor fails: nothing was evaluated."""
    return RuleResult(
        rule=plan.rule,
        code=plan.code,
        field=plan.field,
        indicator=plan.indicator,
        dimension=dimension_of(plan.indicator),
        effect=plan.effect,
        evaluated=0,
        unexpected=0,
        success=True,
        observed=reason,
    )


def _columns_of(path: Path) -> frozenset[str]:
    """The columns of the source's file; none when it cannot be read."""
    try:
        return frozenset(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return frozenset()
