"""The real readers and rules reject what was planted, row for row: nothing more, nothing less."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime

import pytest
from demonstration_places import DAY

from shuyuan import formats, quality
from shuyuan.demonstration import ENTRIES
from shuyuan.demonstration.deliveries import expected_remarks
from shuyuan.sources import database
from shuyuan.sources.connections import Connection
from shuyuan.stages import DeliveredFile, Delivery

NOW = datetime(2026, 11, 20)


def receive(resource, handover, workdir):
    if resource.entry.source.type == "database":
        return database.fetch(resource, DAY, workdir, Connection("demo", "sqlite", host=str(handover.data)), NOW)
    (workdir / "raw").mkdir()
    shutil.copy(handover.data, workdir / "raw/0000")
    digest = hashlib.sha256(handover.data.read_bytes()).hexdigest()
    size = handover.data.stat().st_size
    return Delivery(
        entry_id=resource.entry.id,
        spec_digest=resource.digest,
        data_date=DAY,
        received_at=NOW,
        sha256=digest,
        evidence="marker",
        files=(DeliveredFile(name=handover.data.name, path="raw/0000", size=size, sha256=digest),),
    )


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_the_pipeline_rejects_exactly_what_was_planted(entry_id, catalog, delivered, tmp_path):
    resource = next(resource for resource in catalog.resources if resource.entry.id == entry_id)
    handover = delivered[entry_id]
    batch = formats.read(resource, receive(resource, handover, tmp_path), tmp_path)
    verdict = quality.check(resource, batch, tmp_path, [], DAY)
    found = {one.rule: one.unexpected for one in verdict.results if one.effect == "reject" and one.unexpected}
    assert found == handover.rejections
    assert (verdict.delivered, verdict.accepted, verdict.rejected) == (
        handover.totals.delivered,
        handover.totals.accepted,
        handover.totals.rejected,
    )
    counted = {one.rule: one.unexpected for one in verdict.results if one.effect == "count"}
    remarks = expected_remarks(entry_id)
    assert all(remarks[rule] <= counted[rule] <= remarks[rule] + verdict.rejected for rule in remarks)
    assert verdict.blocked_by == ()
    assert not any(one.errored or not one.success for one in verdict.results if one.rule.startswith(("gx.", "suite.")))
