"""What the one-source rules do to a batch: reject or count, never score, and never take silence for agreement."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batches import make_batch, make_entry, make_resource
from shuyuan import quality
from shuyuan.catalog.links import Copied, Link
from shuyuan.catalog.resources import Resource
from shuyuan.entry import Element
from shuyuan.quality import SourceRows, links_of_rules, why_not_compared

SOURCE_ID = "public_security.people"
ELEMENTS = {
    "resident_id": Element(title="公民身份号码", normal_form="resident_id"),
    "person_name": Element(title="姓名", normal_form="name"),
}
FIELDS = [
    {"name": "id_card_no", "title": "证件号码", "required": True},
    {"name": "spouse_id", "title": "配偶证件号码"},
    {"name": "person_name", "title": "姓名"},
]
ENTRY = make_entry(FIELDS, ["id_card_no"], gate={"block_below": 0})
NAME = (Copied("person_name", "name", "person_name"),)
PEOPLE = {"person_id": ["159901195001010016", "159901198906150041"], "name": ["张三", "阿依努尔·买买提"]}


def link(field="id_card_no", copied=NAME, unknown="count", source=SOURCE_ID):
    return Link(ENTRY.id, source, ((field, "person_id"),), ("resident_id",), copied, unknown)


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table(PEOPLE), path)
    return path


@pytest.fixture
def judge(tmp_path):
    def check(rows, *sources, entry=ENTRY, mark=False):
        bare = make_resource(tmp_path, entry)
        resource = Resource(bare.entry, bare.path, bare.digest, bare.department, ELEMENTS, bare.project)
        batch = make_batch(tmp_path, entry, rows)
        verdict = quality.check(resource, batch, tmp_path, [], date(2026, 1, 31), sources, mark=mark)
        assert verdict.delivered == verdict.accepted + verdict.rejected == len(rows)
        return verdict

    return check


def of_sources(verdict):
    return {result.rule: result for result in verdict.results if result.code.startswith("D5")}


def counts(verdict):
    return {rule: (result.evaluated, result.unexpected) for rule, result in of_sources(verdict).items()}


ROWS = [
    {"id_card_no": "159901195001010016", "person_name": "张三"},
    {"id_card_no": "159901198906150041", "person_name": "阿依努尔•买买提"},
    {"id_card_no": "159901195001010024", "person_name": "李四"},
]


@pytest.mark.parametrize(("unknown", "rejected"), [("reject", 1), ("count", 0)])
def test_an_unknown_key_is_rejected_or_counted_as_the_entry_says(judge, people, tmp_path, unknown, rejected):
    verdict = judge(ROWS, SourceRows(link(unknown=unknown), people))
    assert counts(verdict) == {"id_card_no.known_to_source": (3, 1), "person_name.agrees_with_source": (2, 0)}
    assert verdict.rejected == rejected
    if rejected:
        (row,) = pq.read_table(tmp_path / "rejected.parquet").to_pylist()
        assert (row["_row"], row["rules"]) == (2, ["id_card_no.known_to_source"])


def test_a_contradiction_is_counted_and_rejects_nothing(judge, people):
    verdict = judge([{"id_card_no": "159901195001010016", "person_name": "王五"}], SourceRows(link(), people))
    result = of_sources(verdict)["person_name.agrees_with_source"]
    assert (result.code, result.indicator, result.effect, result.unexpected) == ("D502", "0401", "count", 1)
    assert not result.success
    assert verdict.rejected == 0


def test_an_old_resident_id_is_known_by_its_new_form(judge, people):
    verdict = judge(
        [{"id_card_no": "159901890615004", "person_name": "王五"}], SourceRows(link(unknown="reject"), people)
    )
    assert counts(verdict) == {"id_card_no.known_to_source": (1, 0), "person_name.agrees_with_source": (1, 1)}


def test_a_key_that_the_source_has_twice_takes_no_part(judge, tmp_path):
    path = tmp_path / "twice.parquet"
    pq.write_table(pa.table({"person_id": ["1", "1", "2"], "name": ["张三", "李四", "王五"]}), path)
    rows = [{"id_card_no": "1", "person_name": "赵六"}, {"id_card_no": "2", "person_name": "王五"}]
    verdict = judge(rows, SourceRows(link(unknown="reject"), path))
    assert counts(verdict) == {"id_card_no.known_to_source": (1, 0), "person_name.agrees_with_source": (1, 0)}
    assert verdict.rejected == 0


def test_the_score_does_not_depend_on_the_source(judge, people):
    alone = judge(ROWS)
    held = judge(ROWS, SourceRows(link(), people))
    assert held.score == alone.score
    assert held.scores == alone.scores
    assert "consistency" not in held.scores


@pytest.mark.parametrize("reason", ["never_published", "stale", "blocked", "source_unusable"])
def test_what_cannot_be_compared_is_neither_right_nor_wrong(judge, reason):
    verdict = judge(ROWS, SourceRows(link(unknown="reject"), None, reason))
    for result in of_sources(verdict).values():
        assert (result.evaluated, result.unexpected, result.errored) == (0, 0, False)
        assert why_not_compared(result) == reason
    assert len(of_sources(verdict)) == 2
    assert verdict.rejected == 0
    assert not verdict.blocked_by


def test_a_compared_result_has_no_reason(judge, people):
    verdict = judge(ROWS, SourceRows(link(), people))
    assert [why_not_compared(result) for result in verdict.results] == [None] * len(verdict.results)


def test_a_column_that_the_source_has_not_published_yet_is_not_compared(judge, tmp_path):
    path = tmp_path / "older.parquet"
    pq.write_table(pa.table({"person_id": PEOPLE["person_id"]}), path)
    results = of_sources(judge(ROWS, SourceRows(link(), path)))
    assert results["id_card_no.known_to_source"].unexpected == 1
    assert why_not_compared(results["person_name.agrees_with_source"]) == "never_published"


@pytest.mark.parametrize("content", [None, b"", b"PAR1 is how it begins"])
def test_a_file_that_cannot_be_read_is_not_compared(judge, tmp_path, content):
    path = tmp_path / "broken.parquet"
    if content is not None:
        path.write_bytes(content)
    verdict = judge(ROWS, SourceRows(link(unknown="reject"), path))
    assert {why_not_compared(result) for result in of_sources(verdict).values()} == {"source_unusable"}
    assert verdict.rejected == 0


def test_an_empty_source_knows_nobody(judge, tmp_path):
    path = tmp_path / "empty.parquet"
    pq.write_table(pa.table({"person_id": pa.array([], pa.string()), "name": pa.array([], pa.string())}), path)
    assert counts(judge(ROWS, SourceRows(link(), path))) == {
        "id_card_no.known_to_source": (3, 3),
        "person_name.agrees_with_source": (0, 0),
    }


def test_one_key_that_two_sources_are_asked_for_gives_two_rules(judge, people, tmp_path):
    dead = tmp_path / "dead.parquet"
    pq.write_table(pa.table({"person_id": ["159901195001010024"]}), dead)
    other = link(copied=(), source="civil_affairs.deaths")
    sources = [SourceRows(other, dead), SourceRows(link(), people)]
    verdict = judge(ROWS, *sources)
    assert counts(verdict) == {
        "id_card_no.known_to_source": (3, 2),
        "id_card_no.known_to_source.2": (3, 1),
        "person_name.agrees_with_source": (2, 0),
    }


def test_rules_lead_back_to_their_source(judge, people, tmp_path):
    sources = [SourceRows(link(copied=(), source="a.a"), None, "stale"), SourceRows(link(), people)]
    bare = make_resource(tmp_path, ENTRY)
    resource = Resource(bare.entry, bare.path, bare.digest, bare.department, ELEMENTS, bare.project)
    found = {rule: one.source_id for rule, one in links_of_rules(resource, sources).items()}
    assert found == {
        "id_card_no.known_to_source": "a.a",
        "id_card_no.known_to_source.2": SOURCE_ID,
        "person_name.agrees_with_source": SOURCE_ID,
    }


def test_two_links_to_one_source_go_by_their_own_keys(judge, people):
    rows = [{"id_card_no": "159901195001010016", "spouse_id": "159901195001010024", "person_name": "张三"}]
    verdict = judge(rows, SourceRows(link(), people), SourceRows(link("spouse_id", ()), people))
    assert counts(verdict)["id_card_no.known_to_source"] == (1, 0)
    assert counts(verdict)["spouse_id.known_to_source"] == (1, 1)


def test_hostile_names_and_values_do_no_harm(tmp_path, judge):
    path = tmp_path / 'it\'s "quoted".parquet'
    value = "'; DROP TABLE batch; --"
    pq.write_table(pa.table({"person_id": [value, "\x00", "𠮷"], "name": ["a'b", None, "\u2028"]}), path)
    rows = [{"id_card_no": value, "person_name": "a'b"}, {"id_card_no": "𠮷", "person_name": "'"}]
    verdict = judge(rows, SourceRows(link(), path))
    assert counts(verdict) == {"id_card_no.known_to_source": (2, 0), "person_name.agrees_with_source": (2, 1)}


def test_much_that_is_bad_is_still_counted_right(judge, people):
    rows = [{"id_card_no": str(number), "person_name": "张三"} for number in range(6_000)]
    verdict = judge(rows, SourceRows(link(unknown="reject"), people))
    assert counts(verdict)["id_card_no.known_to_source"] == (6_000, 6_000)
    assert verdict.rejected == 6_000


def test_all_rows_that_broke_a_rule_can_be_had(judge, people, tmp_path):
    rows = [*ROWS, {"person_name": "张三"}, {"id_card_no": "159901195001010016", "person_name": "王五"}]
    judge(rows, SourceRows(link(), people), mark=True)
    marked = {row["_row"]: set(row["rules"]) for row in pq.read_table(tmp_path / quality.MARKED).to_pylist()}
    assert marked == {
        0: {"key.unique"},
        2: {"id_card_no.known_to_source"},
        3: {"id_card_no.required"},
        4: {"key.unique", "person_name.agrees_with_source"},
    }


def test_no_value_of_either_side_is_in_any_result(judge, people, tmp_path, caplog):
    verdict = judge([{"id_card_no": "159901195001010016", "person_name": "欧阳探针"}], SourceRows(link(), people))
    written = verdict.model_dump_json() + (tmp_path / "gx_result.json").read_text(encoding="utf-8") + caplog.text
    assert of_sources(verdict)["person_name.agrees_with_source"].unexpected == 1
    for value in ("159901195001010016", "欧阳探针", "张三"):
        assert value not in written
