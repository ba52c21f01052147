"""The peer of two benchmarks: an entry's suite on stock Great Expectations, by its own means, on a pandas frame."""

from __future__ import annotations

from datetime import date
from typing import Any

KINDS = {
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "decimal": "DECIMAL(21,2)",
    "integer": "BIGINT",
    "string": "VARCHAR",
}


def validate_frame(resource: Any, frame: Any, data_date: date) -> tuple[dict[str, int], dict[int, list[str]]]:
    """Return the unexpected rows by rule, and the failed rules by ``_row``.

    An ephemeral context, the frame as it is, row keys of all unexpected rows. Rules about failed casts are left out
    where the frame has no ``_uncast``.
    """
    import great_expectations as gx

    from shuyuan.quality.planning import plan_rules
    from shuyuan.quality.suites import ask_rules, suite_of

    types = {"_uncast": "BIGINT", **{field.name: KINDS[field.kind] for field in resource.entry.fields}}
    plans = plan_rules(resource.entry, data_date, [])
    if "_uncast" not in frame.columns:
        plans = tuple(plan for plan in plans if not plan.rule.endswith(".type"))
    suite = suite_of("stock", ask_rules(resource, plans, types))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    form = {"result_format": "COMPLETE", "unexpected_index_column_names": ["_row"], "exclude_unexpected_values": True}
    found = batch.validate(suite, result_format={**form, "return_unexpected_index_query": False})
    counts: dict[str, int] = {}
    broken: dict[int, list[str]] = {}
    for result in found.results:
        rule = result.expectation_config.meta["rule"]
        counts[rule] = int(result.result["unexpected_count"])
        for row in (row for keys in result.result.get("unexpected_index_list") or () for row in keys["_row"]):
            broken.setdefault(row, []).append(rule)
    return counts, broken
