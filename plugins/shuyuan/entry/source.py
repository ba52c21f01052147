"""Where an entry's data comes from: a front-end machine over SFTP, or a department's database."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Key
from pydantic import field_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.values import Flag, Identifier, Line, Model, Span, Text

Encoding = Literal["gb18030", "gbk", "utf-8", "utf-16"]


class CsvFormat(Model):
    """Delimited text. ``delimiter`` is one character or a short string such as ``|+|``."""

    type: Literal["csv", "tsv"]
    encoding: Annotated[Encoding, Key(title="字符编码", description="部门导出时用的编码；gbk 按 gb18030 读取")] = "utf-8"
    delimiter: Annotated[Text, Key(title="分隔符", min_length=1, max_length=4)] = ","
    quote: Annotated[Text, Key(title="引号", description="留空表示没有引号", max_length=1)] = '"'
    header: Annotated[Flag, Key(title="首行为列名", description="false 时按信息项的顺序对应")] = True
    null: Annotated[tuple[Text, ...], Key(title="空值写法", description="除空串外，按空值处理的写法")] = ()


class ExcelFormat(Model):
    """One sheet of an xlsx or xls workbook; the first row (or ``header_row``) names the columns."""

    type: Literal["excel"]
    sheet: Annotated[Text | None, Key(title="工作表", description="留空为第一个工作表")] = None
    header_row: Annotated[int, Key(title="列名所在行", ge=1, le=50)] = 1
    null: Annotated[tuple[Text, ...], Key(title="空值写法")] = ()


class JsonLinesFormat(Model):
    """One JSON object a line, UTF-8."""

    type: Literal["jsonl"]
    null: Annotated[tuple[Text, ...], Key(title="空值写法")] = ()


class ParquetFormat(Model):
    """Parquet; every column is read as text and cast by our own rules."""

    type: Literal["parquet"]
    null: Annotated[tuple[Text, ...], Key(title="空值写法")] = ()


Format = Annotated[CsvFormat | ExcelFormat | JsonLinesFormat | ParquetFormat, Key(discriminator="type")]


class SftpSource(Model):
    """Files on a department's front-end machine (前置机)."""

    type: Literal["sftp"]
    connection: Annotated[Identifier, Key(title="连接名", description="Airflow 连接名；口令不进仓库")]
    path: Annotated[Line, Key(title="文件路径", description="可用 {date:%Y%m%d} 与末段的 * 通配；不得含 ..")]
    ready_when: Annotated[Line | None, Key(title="就绪标志", description="部门写完数据后放的标志文件；留空则两次查看大小不变才取")] = None
    manifest: Annotated[Line | None, Key(title="清单文件", description="JSON：files[{name,bytes,sha256}] 与 rows")] = None
    receipts: Annotated[Line | None, Key(title="回执目录", description="部门允许写入时，把接收回执放到这里")] = None
    format: Annotated[Format, Key(title="格式")]
    unpack: Annotated[Literal["none", "gz", "zip"], Key(title="压缩方式")] = "none"
    settle: Annotated[Span, Key(title="静置时间", description="没有就绪标志时，两次查看之间至少相隔这么久", validate_default=True)] = "1m"  # type: ignore[assignment]
    max_bytes: Annotated[int, Key(title="大小上限（字节）", gt=0)] = 20 * 1024**3
    max_unpacked_bytes: Annotated[int, Key(title="解压后大小上限（字节）", gt=0)] = 50 * 1024**3

    @field_validator("path", "ready_when", "manifest", "receipts")
    @classmethod
    def _stays_inside(cls, value: str | None) -> str | None:
        if value is not None and (".." in value.split("/") or "\x00" in value or not value.startswith("/")):
            raise PydanticCustomError("path", "an absolute path without '..'")
        return value


class DatabaseSource(Model):
    """A table (or view) of a department's database, read whole in one snapshot."""

    type: Literal["database"]
    connection: Annotated[Identifier, Key(title="连接名", description="Airflow 连接名；口令不进仓库")]
    table: Annotated[Line, Key(title="表或视图", pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$")]
    timeout: Annotated[Span, Key(title="查询时限", validate_default=True)] = "30m"  # type: ignore[assignment]
    fetch_rows: Annotated[int, Key(title="每批行数", ge=100, le=1_000_000)] = 20_000
    null: Annotated[tuple[Text, ...], Key(title="空值写法")] = ()


Source = Annotated[SftpSource | DatabaseSource, Key(discriminator="type")]
