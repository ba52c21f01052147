"""A file's verdict before it is delivered, and the workbook that shows it to the department."""

import zipfile
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
import python_calamine

from copies import HOUSEHOLDS, OTHER, PERSON, UNKNOWN, household_file, make_copies, publish_people
from shuyuan.catalog import load_resource
from shuyuan.pipeline import annotated_workbook
from shuyuan.pipeline.annotated_workbook import write_annotated
from shuyuan.pipeline.file_check import Known, Place, check_files, look_around, look_nowhere
from shuyuan.warehouses import open_warehouse

DAY = date(2026, 11, 20)
GOOD = f"1,{PERSON},张三,20260101"
BAD = (
    GOOD,
    f"x,{OTHER},李四,20260102",  # no number
    f"3,{OTHER},李四,2026-01-03",  # no date of that form
    "4,too,many,fields,here",
    f"5,{PERSON},=1+1,20260105",
    f"5,{PERSON},王五,20260106",  # the key again
)


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.delenv("SHUYUAN_VAR", raising=False)
    monkeypatch.delenv("SHUYUAN_WAREHOUSE", raising=False)
    (tmp_path / "work").mkdir()
    return tmp_path


@pytest.fixture
def check(room):
    def once(*files, known=None, project=None):
        resource = load_resource(project or make_copies(room / "project"), HOUSEHOLDS)
        return check_files(resource, files, DAY, room / "work", known or look_nowhere(resource, "no_warehouse"))

    return once


@pytest.fixture
def workbook(room):
    """Write the workbook and read it back: sheet → rows of texts."""

    def written(checked, telling=()):
        write_annotated(checked, room / "work", room / "out.xlsx", telling)
        with python_calamine.CalamineWorkbook.from_path(str(room / "out.xlsx")) as book:
            return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}

    return written


def part(room, name):
    with zipfile.ZipFile(room / "out.xlsx") as archive:
        return archive.read(name).decode()


def test_a_good_file_is_good_and_leaves_the_project_alone(room, check):
    checked = check(household_file(room, GOOD))
    assert checked.outcome == "good"
    assert (checked.verdict.delivered, checked.verdict.accepted) == (1, 1)
    assert not (room / "project" / "var").exists()


def test_bad_rows_are_found_with_their_lines(room, check):
    checked = check(household_file(room, *BAD))
    assert checked.outcome == "rejected"
    assert (checked.verdict.delivered, checked.verdict.accepted, checked.verdict.rejected) == (6, 1, 5)
    assert dict(checked.places) == {
        "number.type": (Place(0, 3),),
        "number.required": (Place(0, 3),),
        "approved_on.type": (Place(0, 4),),
        "record.fields": (Place(0, 5),),
        "key.unique": (Place(0, 6), Place(0, 7)),
    }


def test_only_the_first_places_of_a_rule_are_kept(room, check):
    checked = check(household_file(room, *(f"x,{PERSON},张三," for _ in range(9))))
    assert [place.line for place in checked.places["number.type"]] == [2, 3, 4, 5, 6]


def test_several_files_are_one_delivery(room, check):
    first = household_file(room / "a", GOOD, name="a.csv")
    second = household_file(room / "b", f"1,{OTHER},李四,", name="b.csv")
    checked = check(first, second)
    assert checked.places["key.unique"] == (Place(0, 2), Place(1, 2))
    assert [file.name for file in checked.delivery.files] == ["a.csv", "b.csv"]


def test_all_rows_bad_means_nothing_to_publish(room, check):
    checked = check(household_file(room, f"x,{PERSON},张三,"))
    assert checked.outcome == "blocked"
    assert checked.verdict.blocked_by == ("table.empty",)


def test_the_usual_volume_counts_where_it_is_known(room, check):
    checked = check(household_file(room, GOOD), known=Known(volumes=(100,)))
    assert checked.outcome == "blocked"
    assert "table.shrink" in checked.verdict.blocked_by


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "D201"),
        ("BH,SFZH,XM,SPRQ\n1,1,张三,\n".encode("gb18030"), "D21"),
        (b"\xff\xfe" + "BH,SFZH,XM,SPRQ\n".encode("utf-16-le"), "D21"),
        (b"BH,SFZH,XM\n1,1,1\n", "D220"),
        (b"1,159901195001010016,a,\n", "D223"),
        (b'BH,SFZH,XM,SPRQ\n1,"1,1,\n2,2,2,\n', "D213"),
        (b"PK\x03\x04 not a text at all", "D202"),
    ],
    ids=["empty", "other encoding", "utf-16", "a column too few", "no header", "open quote", "a zip"],
)
def test_a_file_that_cannot_be_read_is_told_not_raised(room, check, content, code):
    path = room / "households.csv"
    path.write_bytes(content)
    checked = check(path)
    assert checked.outcome == "blocked"
    assert checked.problem.problem.code.startswith(code)
    assert checked.verdict is None


def test_a_header_alone_is_an_empty_delivery(room, check, workbook):
    checked = check(household_file(room))
    assert checked.outcome == "blocked"
    assert workbook(checked)["数据"][0][:4] == ["BH", "SFZH", "XM", "SPRQ"]


def test_sources_are_compared_where_there_is_a_warehouse(room, check):
    project = make_copies(room / "project")
    publish_people(project, [(PERSON, "张三"), (OTHER, "赵六")])
    resource = load_resource(project, HOUSEHOLDS)
    with open_warehouse(project).session() as session:
        known = look_around(session, resource, room / "work", datetime.now(UTC))
        ledger = {table: session.query(f"SELECT count(*) AS n FROM ledger.{table}") for table in ("runs", "deliveries")}
    rows = (GOOD, f"2,{OTHER},李四,", f"3,{UNKNOWN},王五,")
    checked = check(household_file(room, *rows), known=known, project=project)
    assert checked.places["id_card_no.known_to_source"] == (Place(0, 4),)
    assert checked.places["person_name.agrees_with_source"] == (Place(0, 3),)
    assert (checked.outcome, checked.verdict.rejected) == ("rejected", 1)
    assert {table: rows[0]["n"] for table, rows in ledger.items()} == {"runs": 0, "deliveries": 0}


def test_the_workbook_shows_the_rows_as_they_were_delivered(room, check, workbook):
    sheets = workbook(check(household_file(room, *BAD)))
    assert list(sheets) == ["结论", "数据", "读不出的记录"]
    head, *rows = sheets["数据"]
    assert head == ["BH", "SFZH", "XM", "SPRQ", "文件行号", "处理", "问题"]
    assert [row[:5] for row in rows] == [
        ["1", PERSON, "张三", "20260101", "2"],
        ["x", OTHER, "李四", "20260102", "3"],
        ["3", OTHER, "李四", "2026-01-03", "4"],
        ["5", PERSON, "=1+1", "20260105", "6"],
        ["5", PERSON, "王五", "20260106", "7"],
    ]
    assert rows[0][5:] == ["", ""]
    assert rows[1][5] == "隔离"
    assert rows[1][6].startswith("D401 不符合要求：“户编号”是规定的类型")
    assert sheets["读不出的记录"][1][:2] == ["households.csv", "5"]
    assert "4,too,many,fields,here" in sheets["读不出的记录"][1][3]


def test_bad_cells_are_coloured_and_say_why(room, check, workbook):
    workbook(check(household_file(room, *BAD)))
    cells = {
        cell.get("r"): cell.get("s")
        for cell in ElementTree.fromstring(part(room, "xl/worksheets/sheet2.xml")).iter()
        if cell.tag.endswith("}c")
    }
    plain = cells["A2"]
    marked = {name for name, style in cells.items() if style != plain and name[1:] != "1"}
    assert marked == {"A3", "D4", "A5", "A6"}
    comments = {
        one.get("ref"): "".join(one.itertext())
        for one in ElementTree.fromstring(part(room, "xl/comments1.xml")).iter()
        if one.tag.endswith("}comment")
    }
    assert set(comments) == marked
    assert comments["D4"] == "D401 不符合要求：“审批日期”是规定的类型\n请按目录规定的类型和写法改正"
    assert comments["A3"].count("D40") == 2


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "<r><t>x</t></r>", "_x0041_", "http://a.b", "007", "𠮷"]
)
def test_every_text_stays_the_text_that_it_is(room, check, workbook, text):
    rows = workbook(check(household_file(room, f"1,{PERSON},{text},")))["数据"]
    assert rows[1][2].rstrip(" ") == text
    sheet = part(room, "xl/worksheets/sheet2.xml")
    assert "<f>" not in sheet
    assert "<v>" not in sheet
    assert "hyperlink" not in sheet


def test_a_text_that_no_cell_can_hold_is_cut_and_says_so(room, check, workbook):
    rows = workbook(check(household_file(room, f"1,{PERSON},{'长' * 40_000},")))["数据"]
    assert rows[1][2] == "长" * 32_000 + "…（过长，未显示完）"


def test_more_rows_than_a_sheet_holds_leave_the_bad_ones(room, check, workbook, monkeypatch):
    monkeypatch.setattr(annotated_workbook, "MOST_ROWS", 4)
    sheets = workbook(check(household_file(room, *BAD)))
    assert [row[4] for row in sheets["数据"][1:]] == ["3", "4", "6"]
    assert any("超过 Excel 的上限" in str(row[1]) for row in sheets["结论"])


def test_cells_beyond_the_comments_are_still_coloured(room, check, workbook, monkeypatch):
    monkeypatch.setattr(annotated_workbook, "MOST_COMMENTS", 1)
    sheets = workbook(check(household_file(room, *BAD)))
    assert part(room, "xl/comments1.xml").count("<comment ") == 1
    assert any("其余 3 个只有颜色" in str(row[1]) for row in sheets["结论"])


def test_the_workbook_is_whole_or_not_there_and_for_its_owner_alone(room, check, monkeypatch):
    checked = check(household_file(room, GOOD))
    write_annotated(checked, room / "work", room / "out.xlsx", [])
    assert (room / "out.xlsx").stat().st_mode & 0o077 == 0
    (room / "out.xlsx").write_bytes(b"before")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(annotated_workbook._Book, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        write_annotated(checked, room / "work", room / "out.xlsx", [])
    assert (room / "out.xlsx").read_bytes() == b"before"
    assert sorted(path.name for path in room.glob(".*")) == []


def test_without_rows_there_is_no_workbook(room, check):
    path = room / "empty.csv"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="no rows"):
        write_annotated(check(path), room / "work", room / "out.xlsx", [])


def test_a_normalised_field_is_shown_as_it_was_delivered(room, workbook):
    project = make_copies(room / "project")
    path = project.specs / "civil_affairs" / "households.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('element: "person_name"', 'element: "person_name", normalise: true'), encoding="utf-8")
    resource = load_resource(project, HOUSEHOLDS)
    assert resource.entry.field("person_name").normalise
    checked = check_files(
        resource,
        [household_file(room, f"1,{PERSON},張 三,")],
        DAY,
        room / "work",
        look_nowhere(resource, "no_warehouse"),
    )
    rows = workbook(checked)["数据"]
    assert rows[0][:5] == ["BH", "SFZH", "XM", "SPRQ", "文件行号"]
    assert rows[1][2] == "張 三"
