"""What every source owes: one delivery, its evidence, its hash, nothing half done, nothing of theirs changed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shuyuan import sources
from shuyuan.catalog import Resource
from shuyuan.demonstration.frontends import start_frontends
from shuyuan.entry import Department, Entry
from shuyuan.problems import DeliveryError, NotYetDelivered, PassingError, PlatformError, ShuyuanError
from shuyuan.project import Project
from shuyuan.sources.connections import Connection, connection_from_environment

DAY, NOW = date(2026, 11, 22), datetime(2026, 11, 22, 1, 0)
ROWS = [("1", "苏和"), ("2", "𬭎㛃𠮷"), ("10", None)]
CSV = "id,姓名\n1,苏和\n2,𬭎㛃𠮷\n10,\n".encode()


def resource_of(source: dict, **changes) -> Resource:
    told = {
        "kind": "CatalogEntry",
        "id": "civil.persons",
        "code": "306001/000001",
        "title": "测试资源",
        "summary": "测试",
        "sharing": {"type": "unconditional"},
        "source": source,
        "update": {"cycle": "daily"},
        "load": {"mode": "replace", "key": ["id"]},
        "fields": [{"name": "id", "title": "编号"}, {"name": "name", "from": "姓名", "title": "姓名"}],
        **changes,
    }
    department = Department(title="民政局", credit_code="11150624MA0N00016E")
    return Resource(Entry.model_validate(told), Path("persons.yaml"), "d" * 64, department, {}, Project(Path("/")))


def sftp(path: str = "/out/persons_{date:%Y%m%d}.csv", **more) -> Resource:
    return resource_of({"type": "sftp", "connection": "civil", "path": path, "format": {"type": "csv"}, **more})


def table(name: str = "persons", **more) -> Resource:
    changes = {key: more.pop(key) for key in ("fields", "load") if key in more}
    return resource_of({"type": "database", "connection": "civil_db", "table": name, **more}, **changes)


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    root = tmp_path_factory.mktemp("frontends")
    folders = {name: root / name for name in ("civil", "police")}
    for folder in folders.values():
        (folder / "out").mkdir(parents=True)
    with start_frontends(root / "state", folders) as running:
        yield folders, running


@pytest.fixture
def out(machines) -> Path:
    folder = machines[0]["civil"] / "out"
    for path in folder.iterdir():
        path.unlink()
    return folder


@pytest.fixture
def civil(machines, monkeypatch) -> Connection:
    monkeypatch.setenv("AIRFLOW_CONN_CIVIL", machines[1].connections["civil"])
    return connection_from_environment("civil")


@pytest.fixture
def database(tmp_path) -> Connection:
    path = tmp_path / "their.db"
    with sqlite3.connect(path) as line:
        line.execute('create table persons (id text, "姓名" text, extra blob)')
        line.executemany("insert into persons values (?, ?, x'00ff')", ROWS)
        line.execute('create view adults as select id, "姓名" from persons')
    line.close()
    return Connection("civil_db", "sqlite", str(path))


def problem(resource: Resource, workdir: Path, connection: Connection, now: datetime = NOW) -> ShuyuanError:
    with pytest.raises(ShuyuanError) as caught:
        sources.fetch(resource, DAY, workdir, connection, now)
    assert not list(workdir.glob("raw/*.data"))
    assert not list(workdir.glob("raw/*.parquet"))
    for language in ("zh", "en"):
        os.environ["SHUYUAN_LANG"] = language
        assert "{" not in str(caught.value)
        assert "苏和" not in str(caught.value)
    del os.environ["SHUYUAN_LANG"]
    return caught.value


def code(error: ShuyuanError) -> tuple[type, str]:
    return type(error), error.problem.code


# What every source owes


@pytest.fixture(params=["sftp", "database"])
def source(request, tmp_path):
    if request.param == "sftp":
        folder, line = request.getfixturevalue("out"), request.getfixturevalue("civil")
        (folder / "persons_20261122.csv").write_bytes(CSV)
        (folder / "persons.ok").touch()
        return sftp(ready_when="/out/persons.ok"), line
    return table(), request.getfixturevalue("database")


def test_a_delivery_says_what_it_is_and_where_from(source, tmp_path):
    resource, line = source
    delivery = sources.fetch(resource, DAY, tmp_path / "w", line, NOW)
    assert (delivery.entry_id, delivery.spec_digest) == ("civil.persons", "d" * 64)
    assert (delivery.data_date, delivery.received_at) == (DAY, NOW)
    assert len(delivery.files) == 1
    path = tmp_path / "w" / delivery.files[0].path
    assert path.parent == tmp_path / "w" / "raw"
    assert path.stat().st_size == delivery.files[0].size
    assert delivery.files[0].name not in path.name
    delivery.save(tmp_path / "w")
    assert type(delivery).read(tmp_path / "w") == delivery


def test_the_same_content_has_the_same_identity(source, tmp_path):
    resource, line = source
    first = sources.fetch(resource, DAY, tmp_path / "v", line, NOW)
    second = sources.fetch(resource, DAY, tmp_path / "w", line, NOW + timedelta(days=1))
    again = sources.fetch(resource, DAY, tmp_path / "w", line, NOW + timedelta(days=2))
    assert first.sha256 == second.sha256 == again.sha256


def test_only_the_delivery_is_left_in_the_run_directory(source, tmp_path):
    resource, line = source
    delivery = sources.fetch(resource, DAY, tmp_path / "w", line, NOW)
    assert [path.name for path in (tmp_path / "w" / "raw").iterdir()] == [Path(delivery.files[0].path).name]


def test_a_full_disk_is_ours(source, tmp_path, monkeypatch):
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    assert code(problem(source[0], tmp_path / "w", source[1])) == (PlatformError, "P201")


# Front-end machines


def test_a_file_is_received_byte_by_byte(out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    os.utime(out / "persons_20261122.csv", (1_790_000_000, 1_790_000_000))
    (out / "ok").touch()
    delivery = sources.fetch(sftp(ready_when="/out/ok"), DAY, tmp_path, civil, NOW)
    assert (tmp_path / delivery.files[0].path).read_bytes() == CSV
    assert delivery.sha256 == delivery.files[0].sha256 == hashlib.sha256(CSV).hexdigest()
    assert delivery.files[0].name == "persons_20261122.csv"
    assert delivery.files[0].modified_at == datetime.fromtimestamp(1_790_000_000, UTC).replace(tzinfo=None)
    assert (delivery.evidence, delivery.rows_declared) == ("marker", None)


def test_an_empty_file_is_a_delivery(out, civil, tmp_path):
    (out / "persons_20261122.csv").touch()
    (out / "ok").touch()
    assert sources.fetch(sftp(ready_when="/out/ok"), DAY, tmp_path, civil, NOW).files[0].size == 0


@pytest.mark.parametrize("path", ["/out/persons_{date:%Y%m%d}.csv", "/out/persons_*.csv", "/none/{date:%Y}/*.csv"])
def test_nothing_there_is_not_yet(out, civil, tmp_path, path):
    error = problem(sftp(path, settle="5m"), tmp_path, civil)
    assert code(error) == (NotYetDelivered, "D101")
    assert error.problem.facts["retry_after"] == 300


def test_without_a_promise_two_looks_must_agree(out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV[:10])
    resource = sftp(settle="1m")
    error = problem(resource, tmp_path, civil)
    assert code(error) == (NotYetDelivered, "D102")
    assert error.problem.facts["retry_after"] == 60
    error = problem(resource, tmp_path, civil, NOW + timedelta(seconds=45))
    assert error.problem.facts["retry_after"] == 15
    (out / "persons_20261122.csv").write_bytes(CSV)
    error = problem(resource, tmp_path, civil, NOW + timedelta(seconds=70))
    assert error.problem.facts["retry_after"] == 60
    delivery = sources.fetch(resource, DAY, tmp_path, civil, NOW + timedelta(seconds=130))
    assert delivery.evidence == "stable"
    assert delivery.sha256 == hashlib.sha256(CSV).hexdigest()


def test_a_clock_that_goes_back_begins_the_look_anew(out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    problem(sftp(), tmp_path, civil, NOW)
    error = problem(sftp(), tmp_path, civil, NOW - timedelta(days=3))
    assert error.problem.facts["retry_after"] == 60


def test_several_files_are_one_delivery(out, civil, tmp_path):
    for name, content in (("persons_b.csv", b"b"), ("persons_a.csv", b"a"), ("persons_a.txt", b"c")):
        (out / name).write_bytes(content)
    (out / "ok").touch()
    delivery = sources.fetch(sftp("/out/persons_*.csv", ready_when="/out/ok"), DAY, tmp_path, civil, NOW)
    assert [(file.name, file.path) for file in delivery.files] == [
        ("persons_a.csv", "raw/0000.data"),
        ("persons_b.csv", "raw/0001.data"),
    ]
    hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in "ab"}
    listing = f"{hashes['a']}  persons_a.csv\n{hashes['b']}  persons_b.csv\n"
    assert delivery.sha256 == hashlib.sha256(listing.encode()).hexdigest()


def manifest(**files: bytes) -> dict:
    return {
        "files": [
            {"name": f"{name}.csv", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "rows": 3,
    }


@pytest.mark.parametrize("key", ["manifest", "ready_when"])
def test_a_manifest_is_the_best_evidence(out, civil, tmp_path, key):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "persons.json").write_text("\ufeff" + json.dumps(manifest(persons_20261122=CSV)))
    resource = sftp(**{key: "/out/persons.json"})
    delivery = sources.fetch(resource, DAY, tmp_path, civil, NOW)
    assert (delivery.evidence, delivery.rows_declared) == ("manifest", 3)


def test_a_manifest_chooses_among_the_files(out, civil, tmp_path):
    for name in ("persons_1.csv", "persons_2.csv", "persons_old.csv"):
        (out / name).write_text(name)
    told = manifest(persons_2=b"persons_2.csv", persons_1=b"persons_1.csv")
    (out / "m.json").write_text(json.dumps(told))
    delivery = sources.fetch(sftp("/out/persons_*.csv", manifest="/out/m.json"), DAY, tmp_path, civil, NOW)
    assert [file.name for file in delivery.files] == ["persons_2.csv", "persons_1.csv"]


def test_a_marker_that_only_counts_rows_is_a_marker(out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "ok").write_text('{"rows": 3}')
    delivery = sources.fetch(sftp(ready_when="/out/ok"), DAY, tmp_path, civil, NOW)
    assert (delivery.evidence, delivery.rows_declared) == ("marker", 3)


@pytest.mark.parametrize("text", ["", "ok", "20261122", "[]", "{", "完成"])
def test_a_marker_may_say_anything(out, civil, tmp_path, text):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "ok").write_bytes(text.encode("gbk"))
    assert sources.fetch(sftp(ready_when="/out/ok"), DAY, tmp_path, civil, NOW).evidence == "marker"


@pytest.mark.parametrize("key", ["manifest", "ready_when"])
def test_without_its_promise_a_file_is_not_yet_there(out, civil, tmp_path, key):
    (out / "persons_20261122.csv").write_bytes(CSV)
    error = problem(sftp(**{key: "/out/{date:%Y%m%d}.ok"}), tmp_path, civil)
    assert code(error) == (NotYetDelivered, "D101")
    assert error.problem.facts["path"] == "/out/20261122.ok"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"bytes": len(CSV) + 1}, (NotYetDelivered, "D102")),
        ({"bytes": len(CSV) - 1}, (DeliveryError, "D104")),
        ({"sha256": "0" * 64}, (DeliveryError, "D104")),
        ({"name": "persons_20261121.csv"}, (DeliveryError, "D107")),
        ({"name": "../persons_20261122.csv"}, (DeliveryError, "D107")),
    ],
)
def test_what_is_not_as_declared_is_not_accepted(out, civil, tmp_path, change, expected):
    (out / "persons_20261122.csv").write_bytes(CSV)
    told = manifest(persons_20261122=CSV)
    told["files"][0] |= change
    (out / "m.json").write_text(json.dumps(told))
    error = problem(sftp(manifest="/out/m.json"), tmp_path, civil)
    assert code(error) == expected
    assert not list(tmp_path.glob("raw/*.part"))


def test_a_declared_file_that_is_missing_is_not_yet_there(out, civil, tmp_path):
    (out / "persons_1.csv").write_text("1")
    (out / "m.json").write_text(json.dumps(manifest(persons_1=b"1", persons_2=b"2")))
    error = problem(sftp("/out/persons_*.csv", manifest="/out/m.json"), tmp_path, civil)
    assert code(error) == (NotYetDelivered, "D101")
    assert error.problem.facts["path"] == "/out/persons_2.csv"


@pytest.mark.parametrize(
    "text",
    [
        '{"files": [{"name": "pers',
        "[]",
        '{"files": {}}',
        '{"files": [{"bytes": 1}]}',
        '{"files": [{"name": "a", "bytes": -1}]}',
        '{"files": [{"name": "a", "sha256": "x"}]}',
        '{"files": [{"name": "a"}, {"name": "a"}]}',
        '{"rows": true}',
        "[" * 100_000,
    ],
)
def test_an_unreadable_manifest_is_wrong_once_it_has_settled(out, civil, tmp_path, text):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "m.json").write_text(text)
    resource = sftp(manifest="/out/m.json")
    assert code(problem(resource, tmp_path, civil)) == (NotYetDelivered, "D102")
    assert code(problem(resource, tmp_path, civil, NOW + timedelta(minutes=1))) == (DeliveryError, "D107")


def test_a_delivery_beyond_the_agreed_size_is_refused(out, civil, tmp_path):
    for name in ("persons_1.csv", "persons_2.csv"):
        (out / name).write_bytes(b"x" * 60)
    (out / "ok").touch()
    error = problem(sftp("/out/persons_*.csv", ready_when="/out/ok", max_bytes=100), tmp_path, civil)
    assert code(error) == (DeliveryError, "D106")


def test_a_department_sees_only_its_own_folder(machines, out, monkeypatch, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    monkeypatch.setenv("AIRFLOW_CONN_POLICE", machines[1].connections["police"])
    police = connection_from_environment("police")
    assert code(problem(sftp(), tmp_path, police)) == (NotYetDelivered, "D101")
    (machines[0]["police"] / "out" / "persons_20261122.csv").symlink_to(out / "persons_20261122.csv")
    assert code(problem(sftp(), tmp_path, police)) == (PlatformError, "P110")
    told = json.loads(machines[1].connections["civil"])
    stranger = Connection("x", "sftp", "127.0.0.1", told["port"], "police", extra=told["extra"])
    assert code(problem(sftp(), tmp_path, stranger)) == (PlatformError, "P104")


# Receipts


def test_a_receipt_is_put_where_the_department_may_read_it(machines, out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "ok").touch()
    resource = sftp(ready_when="/out/ok", receipts="/receipts")
    delivery = sources.fetch(resource, DAY, tmp_path, civil, NOW)
    for outcome in ("published", "unchanged"):
        assert sources.put_receipt(resource, civil, delivery, {"结果": outcome, "at": NOW})
    receipts = machines[0]["civil"] / "receipts"
    assert [path.name for path in receipts.iterdir()] == ["persons_20261122.csv.receipt.json"]
    assert json.loads(next(receipts.iterdir()).read_text())["结果"] == "unchanged"
    assert (out / "persons_20261122.csv").read_bytes() == CSV


def test_a_receipt_that_cannot_be_put_is_a_passing_problem(out, civil, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "ok").touch()
    resource = sftp(ready_when="/out/ok", receipts="/out")
    delivery = sources.fetch(resource, DAY, tmp_path, civil, NOW)
    with pytest.raises(PassingError) as caught:
        sources.put_receipt(resource, civil, delivery, {})
    assert caught.value.problem.code == "P114"
    assert sorted(path.name for path in out.iterdir()) == ["ok", "persons_20261122.csv"]


def test_no_receipt_where_none_is_wanted(out, civil, database, tmp_path):
    (out / "persons_20261122.csv").write_bytes(CSV)
    (out / "ok").touch()
    delivery = sources.fetch(sftp(ready_when="/out/ok"), DAY, tmp_path, civil, NOW)
    assert sources.put_receipt(sftp(ready_when="/out/ok"), civil, delivery, {}) is False
    assert sources.put_receipt(table(), database, delivery, {}) is False


# Databases


def test_a_table_is_read_whole_as_text(database, tmp_path):
    delivery = sources.fetch(table(), DAY, tmp_path, database, NOW)
    read = pq.read_table(tmp_path / delivery.files[0].path)
    assert read.column_names == ["id", "姓名"]
    assert {str(kind) for kind in read.schema.types} == {"string"}
    assert [tuple(row.values()) for row in read.to_pylist()] == [("1", "苏和"), ("10", None), ("2", "𬭎㛃𠮷")]
    assert (delivery.evidence, delivery.rows_declared) == ("snapshot", 3)
    assert delivery.query == 'SELECT "id", "姓名" FROM "persons" ORDER BY "id"'
    assert delivery.files[0].name == "persons"


def test_the_identity_is_that_of_the_rows(database, tmp_path):
    whole = sources.fetch(table(), DAY, tmp_path / "1", database, NOW)
    view = sources.fetch(table("adults"), DAY, tmp_path / "2", database, NOW)
    small = sources.fetch(table(fetch_rows=100), DAY, tmp_path / "3", database, NOW)
    assert whole.sha256 == view.sha256 == small.sha256
    with sqlite3.connect(database.host) as line:
        line.execute("update persons set id = '11' where id = '10'")
    line.close()
    assert sources.fetch(table(), DAY, tmp_path / "4", database, NOW).sha256 != whole.sha256


def test_an_empty_table_is_a_delivery(database, tmp_path):
    with sqlite3.connect(database.host) as line:
        line.execute("delete from persons")
    line.close()
    delivery = sources.fetch(table(), DAY, tmp_path, database, NOW)
    assert delivery.rows_declared == 0
    assert pq.read_table(tmp_path / delivery.files[0].path).column_names == ["id", "姓名"]


def test_their_database_cannot_be_written(database, tmp_path):
    before = Path(database.host).read_bytes()
    os.chmod(database.host, 0o444)
    sources.fetch(table(), DAY, tmp_path, database, NOW)
    assert Path(database.host).read_bytes() == before


def fields(*names: str) -> list[dict]:
    return [{"name": f"c{number}", "from": name, "title": name} for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (table("missing"), (DeliveryError, "D108")),
        (table(fields=fields("id", "电话"), load={"mode": "replace", "key": ["c0"]}), (DeliveryError, "D108")),
        (table(fields=fields("id", "extra"), load={"mode": "replace", "key": ["c0"]}), (DeliveryError, "D109")),
    ],
)
def test_what_their_database_lacks_is_theirs(database, tmp_path, resource, expected):
    assert code(problem(resource, tmp_path, database)) == expected


def test_text_that_is_not_text_is_not_shown(database, tmp_path):
    with sqlite3.connect(database.host) as line:
        line.execute("update persons set 姓名 = cast(x'cbd5bacd' as text) where id = '1'")
    line.close()
    assert code(problem(table(), tmp_path, database)) == (DeliveryError, "D109")


def test_a_database_that_is_not_there_passes(tmp_path):
    error = problem(table(), tmp_path, Connection("civil_db", "sqlite", str(tmp_path / "none.db")))
    assert code(error) == (PassingError, "P112")
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_does_not_listen_passes(tmp_path):
    away = Connection("civil_db", "mysql", "127.0.0.1", 1, "me", "secret", "db")
    error = problem(table(), tmp_path, away)
    assert code(error) == (PassingError, "P112")
    assert "secret" not in repr(error) + repr(away)


@pytest.mark.parametrize("kind", ["cobol", "oracle", "postgres+nodriver"])
def test_an_unknown_kind_of_database_is_ours(tmp_path, kind):
    away = Connection("civil_db", kind, "127.0.0.1", 1, "me", "secret", "db")
    assert code(problem(table(), tmp_path, away)) == (PlatformError, "P116")


def test_a_query_beyond_its_time_passes(database, tmp_path):
    assert code(problem(table(timeout=timedelta(0)), tmp_path, database)) == (PassingError, "P113")


def test_a_cursor_lost_in_the_middle_leaves_nothing(database, tmp_path, monkeypatch):
    from shuyuan.sources import driver_rows as module

    real, batches = module.canonical_column, []

    def lost(values):
        batches.append(len(values))
        if len(batches) > 3:
            raise ConnectionResetError
        return real(values)

    with sqlite3.connect(database.host) as line:
        line.executemany("insert into persons values (?, ?, null)", [(f"x{n}", "n") for n in range(500)])
    line.close()
    monkeypatch.setattr(module, "canonical_column", lost)
    assert code(problem(table(fetch_rows=100), tmp_path, database)) == (PassingError, "P112")
    assert list((tmp_path / "raw").iterdir()) == []
