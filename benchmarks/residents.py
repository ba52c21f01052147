"""A resident registry of any size for benchmarks: typed Parquet in the layout of ``stages.Batch``, 0.5 % dirty.

All IDs are of the fixture region 159901, which no one can have.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuyuan.entry import Entry
from shuyuan.identifiers import RESIDENT_CHECKS, RESIDENT_WEIGHTS
from shuyuan.stages import Batch

PIECE = 250_000
DAYS = 32_000
"""Birth dates, of which each can have a thousand IDs: up to 32 million rows without a repeated ID."""

REGIONS = [f"{150000 + 7 * number}" for number in range(3000)]
FAMILY = np.array(list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"))
GIVEN = np.array(list("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红"))


def write_residents(folder: Path, rows: int) -> Batch:
    """Write ``batch.parquet`` and ``regions.csv`` into ``folder`` (kept when they are there) and return the batch."""
    path = folder / "batch.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "regions.csv").write_text("code,name\n" + "".join(f"{code},\n" for code in REGIONS), encoding="utf-8")
    if not path.exists():
        with pq.ParquetWriter(path, _piece(0, 1).schema, compression="zstd") as writer:
            for first in range(0, rows, PIECE):
                writer.write_table(_piece(first, min(PIECE, rows - first)))
    return Batch(
        entry_id="public_security.residents", files=("residents.csv",), path=path.name, rows=rows, counted=rows
    )


def _piece(first: int, rows: int) -> pa.Table:
    dice = np.random.default_rng(first)
    numbers = np.arange(first, first + rows)
    born = np.datetime64("1935-01-01") + numbers * 7919 % DAYS  # each day once before any day twice
    ids = _ids(born, numbers // DAYS)
    updated = np.datetime64("2024-01-01T00:00:00", "us") + dice.integers(0, 6 * 10**13, rows).astype("timedelta64[us]")
    created = updated - dice.integers(0, 10**13, rows).astype("timedelta64[us]")
    names = np.char.add(
        np.char.add(FAMILY[dice.integers(0, 20, rows)], GIVEN[dice.integers(0, 26, rows)]),
        GIVEN[dice.integers(0, 26, rows)],
    )
    income = dice.integers(0, 3_000_000, rows)
    columns: dict[str, Any] = {
        "id_card_no": ids,
        "person_name": names.astype(object),
        "sex": np.array(["1", "2"], dtype=object)[dice.integers(0, 2, rows)],
        "born_on": born,
        "region": np.array(REGIONS, dtype=object)[dice.integers(0, 3000, rows)],
        "phone": np.char.add("13", np.char.zfill(dice.integers(0, 10**9, rows).astype(str), 9)).astype(object),
        "household": np.char.add("H", np.char.zfill((numbers // 3).astype(str), 12)).astype(object),
        "member": (numbers % 3 + 1).astype(np.int64),
        "address": np.char.add("城川镇", numbers.astype(str)).astype(object),
        "income": income,
        "created_at": created,
        "updated_at": updated,
    }
    uncast = np.zeros(rows, np.int64)
    _spoil(columns, uncast, dice, rows)
    return pa.table(
        {
            "_row": numbers,
            "_file": np.zeros(rows, np.int16),
            "_line": numbers + 2,
            "_uncast": uncast,
            "_raw": pa.array([None if not bit else '{"born_on": "1990.13.40"}' for bit in uncast], pa.string()),
            **_typed(columns),
        }
    )


def _ids(born: np.ndarray, sequence: np.ndarray) -> np.ndarray:
    days = np.char.replace(np.datetime_as_string(born), "-", "")
    texts = np.char.add(np.char.add("159901", days), np.char.zfill(sequence.astype(str), 3)).astype("S17")
    digits = np.frombuffer(texts.tobytes(), np.uint8).reshape(-1, 17).astype(np.int64) - 48
    checks = np.array(list(RESIDENT_CHECKS))[(digits * np.array(RESIDENT_WEIGHTS)).sum(axis=1) % 11]
    return np.char.add(texts.astype(str), checks).astype(object)


def _spoil(columns: dict[str, Any], uncast: np.ndarray, dice: np.random.Generator, rows: int) -> None:
    """Half a percent of the rows, in a dozen ways; and one phone in twenty is missing, as it may be."""
    columns["phone"][dice.random(rows) < 0.05] = None
    for name, wrong in (
        ("id_card_no", "159901195001010010"),
        ("id_card_no", "15990119500101A016"),
        ("id_card_no", None),
        ("person_name", "Bob"),
        ("person_name", None),
        ("sex", "男"),
        ("region", "999999"),
        ("phone", "23000000000"),
        ("household", None),
        ("address", ""),
    ):
        columns[name][dice.random(rows) < 0.0004] = wrong
    columns["income"][dice.random(rows) < 0.0004] = -100
    columns["born_on"][dice.random(rows) < 0.0004] = np.datetime64("2099-01-01")
    uncast[dice.random(rows) < 0.0002] = 1 << 3
    columns["born_on"][uncast > 0] = np.datetime64("NaT")


def _typed(columns: dict[str, Any]) -> dict[str, pa.Array]:
    typed = {name: pa.array(values) for name, values in columns.items() if name != "income"}
    typed["born_on"] = pa.array(columns["born_on"].astype("datetime64[D]")).cast(pa.date32())
    typed["income"] = pa.array(columns["income"]).cast(pa.decimal128(19, 0)).cast(pa.decimal128(21, 2))
    return typed


def residents_entry() -> Entry:
    """Return the entry of the registry: two dozen rules about rows."""

    def item(name: str, title: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "title": title, **more}

    return Entry.model_validate(
        {
            "kind": "CatalogEntry",
            "id": "public_security.residents",
            "code": "300001/000001",
            "title": "居民登记信息",
            "summary": "居民登记",
            "sharing": {"type": "unconditional"},
            "source": {"type": "sftp", "connection": "gaj", "path": "/out/residents.csv", "format": {"type": "csv"}},
            "update": {"cycle": "daily"},
            "load": {"mode": "replace", "key": ["id_card_no"]},
            "fields": [
                item("id_card_no", "身份证件号码", required=True, length=18, check="resident_id"),
                item("person_name", "姓名", required=True, pattern="[一-龥·]{2,20}"),
                item("sex", "性别", required=True),
                item("born_on", "出生日期", type="date"),
                item("region", "行政区划", codes="regions"),
                item("phone", "电话", pattern="1[3-9][0-9]{9}"),
                item("household", "户号", required=True, pattern="H[0-9]{12}"),
                item("member", "成员号", type="integer", required=True),
                item("address", "住址"),
                item("income", "年收入", type="decimal(21,2)"),
                item("created_at", "建档时间", type="datetime"),
                item("updated_at", "更新时间", type="datetime"),
            ],
            "quality": {
                "rules": [
                    {"rule": "one_of", "field": "sex", "values": ["1", "2"]},
                    {"rule": "length", "field": "address", "min": 1, "max": 100},
                    {"rule": "between", "field": "income", "min": "0", "max": "10000000"},
                    {"rule": "between", "field": "created_at", "min": "1990-01-01T00:00:00"},
                    {"rule": "not_after", "field": "born_on", "than": "data_date"},
                    {"rule": "not_after", "field": "created_at", "than": "updated_at"},
                    {"rule": "unique", "fields": ["household", "member"]},
                ]
            },
        }
    )
