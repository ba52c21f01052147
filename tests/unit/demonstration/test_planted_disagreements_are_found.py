"""The real readers, rules and comparison come to the numbers that were counted by hand, line by line."""

from __future__ import annotations

from dataclasses import astuple

import duckdb
import pytest
from demonstration_places import DAY
from test_planted_defects_are_found import receive

from shuyuan import formats, quality
from shuyuan.catalog.links import find_links
from shuyuan.demonstration import deliver
from shuyuan.demonstration.disagreements import Expected, expected_comparisons
from shuyuan.one_source.comparing import Order, compare

ROWS = 600


@pytest.fixture(scope="module", params=[False, True], ids=["as_planted", "corrected"])
def corrected(request):
    return request.param


@pytest.fixture(scope="module")
def published(corrected, catalog, tmp_path_factory):
    """The rows that the rules let pass, one Parquet file an entry."""
    root, files = tmp_path_factory.mktemp("published"), {}
    handovers = {one.entry_id: one for one in deliver(root / "departments", DAY, ROWS, 3, corrected=corrected)}
    for resource in catalog.resources:
        entry, work = resource.entry, root / resource.entry.id
        work.mkdir()
        batch = formats.read(resource, receive(resource, handovers[entry.id], work), work)
        verdict = quality.check(resource, batch, work, [], DAY)
        names = ", ".join(f'"{field.name}"' for field in entry.fields)
        accepted = f"SELECT {names} FROM '{work / batch.path}'"
        if verdict.rejected_path:
            accepted += f" WHERE _row NOT IN (SELECT _row FROM '{work / verdict.rejected_path}')"
        files[entry.id] = work / "published.parquet"
        duckdb.sql(f"COPY ({accepted}) TO '{files[entry.id]}' (FORMAT parquet)")
    return files


def test_the_comparison_comes_to_the_planted_numbers(corrected, published, catalog, tmp_path):
    entries = {resource.entry.id: resource.entry for resource in catalog.resources}
    forms = {name: element.normal_form for name, element in catalog.elements.items()}
    found = {}
    for entry in entries.values():
        for place, link in enumerate(find_links(entry, catalog.elements, entries.get)[0]):
            folder = tmp_path / f"{link.entry_id}.{place}"
            order = Order(link, published[link.entry_id], published[link.source_id], forms, "512MB", folder)
            made = compare(order)
            sides = (made.only_here, made.only_there, made.source_duplicates)
            found[link.entry_id, link.key_name] = Expected(made.copy_rows, made.matched, 0, 0, 0, 0, *sides)
            for field, one in made.attributes.items():
                states = (one.agreeing, one.differing, one.blank_here, one.blank_there)
                found[link.entry_id, field] = Expected(made.copy_rows, made.matched, *states)
    expected = expected_comparisons(ROWS, 3, DAY, corrected)
    assert {key: astuple(one) for key, one in found.items()} == {key: astuple(one) for key, one in expected.items()}
