"""Where an entry's data comes from: a front-end machine over SFTP, or a department's database."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Key
from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from shuyuan.entry.values import Flag, Identifier, Line, Model, Span, Text

Encoding = Literal["gb18030", "gbk", "utf-8", "utf-16"]
Nulls = Annotated[
    tuple[Text, ...],
    Key(alias="nulls", title="空值写法", description="除空串外，按空值处理的写法，如 - 、无；加引号"),
]
_FORMATS = "csv 分隔文本 | tsv 制表符分隔 | excel 电子表格 | jsonl 每行一个 JSON | parquet 列存文件"
_SOURCES = "sftp 前置机文件 | database 部门数据库"
_CONNECTION = Key(title="连接名", description="Airflow 连接名；地址与口令在连接里，不进仓库")


class CsvFormat(Model):
    """Delimited text. ``delimiter`` is one character or a short string such as ``|+|``; a tab for ``tsv``."""

    type: Annotated[Literal["csv", "tsv"], Key(title="格式", description=_FORMATS)]
    encoding: Annotated[
        Encoding, Key(title="字符编码", description="部门导出时用的编码；gbk 按 gb18030 读取，不猜测")
    ] = "utf-8"
    delimiter: Annotated[
        Text, Key(title="分隔符", description="一个字符，或 |+| 这样的短串；tsv 为制表符", min_length=1, max_length=4)
    ] = ","
    quote: Annotated[Text, Key(title="引号", description="留空串表示没有引号", max_length=1)] = '"'
    header: Annotated[Flag, Key(title="首行为列名", description="true 按列名对应；false 按信息项的顺序对应")] = True
    null: Nulls = ()

    @model_validator(mode="before")
    @classmethod
    def _tab_for_tsv(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("type") == "tsv" and "delimiter" not in value:
            return {**value, "delimiter": "\t"}
        return value


class ExcelFormat(Model):
    """One sheet of an xlsx or xls workbook; the first row (or ``header_row``) names the columns."""

    type: Annotated[Literal["excel"], Key(title="格式", description=_FORMATS)]
    sheet: Annotated[Text | None, Key(title="工作表", description="工作表名；留空为第一个工作表")] = None
    header_row: Annotated[int, Key(title="列名所在行", description="从 1 数起；它之前的行不读", ge=1, le=50)] = 1
    null: Nulls = ()


class JsonLinesFormat(Model):
    """One JSON object a line, UTF-8."""

    type: Annotated[Literal["jsonl"], Key(title="格式", description=_FORMATS)]
    null: Nulls = ()


class ParquetFormat(Model):
    """Parquet; every column is read as text and cast by our own rules."""

    type: Annotated[Literal["parquet"], Key(title="格式", description=_FORMATS)]
    null: Nulls = ()


Format = Annotated[CsvFormat | ExcelFormat | JsonLinesFormat | ParquetFormat, Key(discriminator="type")]


class SftpSource(Model):
    """Files on a department's front-end machine (前置机)."""

    type: Annotated[Literal["sftp"], Key(title="来源类型", description=_SOURCES)]
    connection: Annotated[Identifier, _CONNECTION]
    path: Annotated[Line, Key(title="文件路径", description="绝对路径；可用 {date:%Y%m%d}，末段可用 * 通配；不得含 ..")]
    ready_when: Annotated[
        Line | None,
        Key(title="就绪标志", description="部门写完数据后放的标志文件（绝对路径）；留空则两次查看大小不变才取"),
    ] = None
    manifest: Annotated[
        Line | None,
        Key(title="清单文件", description="部门随数据给的 JSON（绝对路径）：files[{name,bytes,sha256}] 与 rows"),
    ] = None
    receipts: Annotated[
        Line | None, Key(title="回执目录", description="部门允许写入时，把接收回执放到这个目录（绝对路径）")
    ] = None
    format: Annotated[Format, Key(title="格式", description="文件的格式，按 type 不同有不同的键")]
    unpack: Annotated[
        Literal["none", "gz", "zip"], Key(title="压缩方式", description="none 不压缩 | gz 单文件压缩 | zip 压缩包")
    ] = "none"
    settle: Annotated[
        Span,
        Key(
            title="静置时间",
            description="没有就绪标志时，两次查看之间至少相隔这么久，如 1m",
            validate_default=True,
        ),
    ] = "1m"  # type: ignore[assignment]
    max_bytes: Annotated[int, Key(title="大小上限（字节）", description="超过即停止接收", gt=0)] = 20 * 1024**3
    max_unpacked_bytes: Annotated[
        int, Key(title="解压后大小上限（字节）", description="超过即停止解压，防压缩炸弹", gt=0)
    ] = 50 * 1024**3

    @field_validator("path", "ready_when", "manifest", "receipts")
    @classmethod
    def _stays_inside(cls, value: str | None) -> str | None:
        if value is not None and (".." in value.split("/") or "\\" in value or not value.startswith("/")):
            raise PydanticCustomError("path", "an absolute path without '..'")
        return value

    @field_validator("path", "ready_when", "manifest", "receipts")
    @classmethod
    def _wildcard_comes_last(cls, value: str | None) -> str | None:
        if value is not None and set("*?[") & set(value.rpartition("/")[0]):
            raise PydanticCustomError("path", "wildcards only after the last '/'")
        return value


class DatabaseSource(Model):
    """A table (or view) of a department's database, read in one snapshot: whole, or what changed since last time."""

    type: Annotated[Literal["database"], Key(title="来源类型", description=_SOURCES)]
    connection: Annotated[Identifier, _CONNECTION]
    table: Annotated[
        Line,
        Key(
            title="表或视图",
            description="表名，或 模式名.表名；不能写 SQL",
            pattern=r"^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$",
        ),
    ]
    sync: Annotated[
        Literal["full", "incremental"],
        Key(title="同步方式", description="full 每次全量 | incremental 只取水位之后变化的行"),
    ] = "full"
    watermark: Annotated[
        Identifier | None,
        Key(title="水位信息项", description="incremental 必填：行变化时随之变大的日期、日期时间或整数信息项的英文名"),
    ] = None
    overlap: Annotated[
        Span,
        Key(
            title="重叠时间",
            description="每次从上次水位再往前多取这么久，兜住晚提交的行，如 30m；日期水位可用 1d",
            validate_default=True,
        ),
    ] = "30m"  # type: ignore[assignment]
    overlap_numbers: Annotated[
        int, Key(title="重叠号数", description="整数水位每次往前多取多少个号", ge=0, le=1_000_000_000)
    ] = 1000
    compare_keys: Annotated[
        Span | None,
        Key(
            title="比对主键的间隔",
            description="incremental 可用：每隔这么久把来源的主键读一遍，来源已经没有的从共享表移出，如 7d；留空不比对",
        ),
    ] = None
    hours: Annotated[
        Line | None,
        Key(
            title="允许取数的时段",
            description='北京时间，可跨零点，加引号，如 "20:00-06:00"；留空不限',
            pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$",
        ),
    ] = None
    rows_per_second: Annotated[
        int | None, Key(title="每秒行数上限", description="限制取数速度，不与部门的业务争抢；留空不限", ge=100)
    ] = None
    timeout: Annotated[
        Span, Key(title="查询时限", description="超过即放弃，不拖垮部门的库，如 30m", validate_default=True)
    ] = "30m"  # type: ignore[assignment]
    fetch_rows: Annotated[int, Key(title="每批行数", description="每次从库里取多少行", ge=100, le=1_000_000)] = 20_000
    null: Nulls = ()


Source = Annotated[SftpSource | DatabaseSource, Key(discriminator="type")]
