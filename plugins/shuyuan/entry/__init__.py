"""The models: what a catalog entry, a department, an element and a rule may say (= the YAML's schema)."""

from shuyuan.entry.assessment import Assessment
from shuyuan.entry.demand import Demand, DemandStep
from shuyuan.entry.department import Contact, Department, FrontEnd
from shuyuan.entry.fields import Element, Field
from shuyuan.entry.model import Cycle, Entry, Load, Opening, Owner, Sharing, Status, Update, with_date
from shuyuan.entry.one_source import OneSource
from shuyuan.entry.rules import (
    BetweenRule,
    Gate,
    GxExpectation,
    KnownRegionRule,
    LengthRule,
    MatchesIdRule,
    NotAfterRule,
    NotExcelDamagedRule,
    OneOfRule,
    PatternRule,
    Quality,
    RowCountRule,
    Rule,
    UniqueRule,
)
from shuyuan.entry.source import (
    CsvFormat,
    DatabaseSource,
    Encoding,
    ExcelFormat,
    Format,
    JsonLinesFormat,
    ParquetFormat,
    SftpSource,
    Source,
)
from shuyuan.entry.subject import Subject
from shuyuan.entry.values import Model, Untyped

__all__ = [
    "Assessment",
    "BetweenRule",
    "Contact",
    "CsvFormat",
    "Cycle",
    "DatabaseSource",
    "Demand",
    "DemandStep",
    "Department",
    "Element",
    "Encoding",
    "Entry",
    "ExcelFormat",
    "Field",
    "Format",
    "FrontEnd",
    "Gate",
    "GxExpectation",
    "JsonLinesFormat",
    "KnownRegionRule",
    "LengthRule",
    "Load",
    "MatchesIdRule",
    "Model",
    "NotAfterRule",
    "NotExcelDamagedRule",
    "OneOfRule",
    "OneSource",
    "Opening",
    "Owner",
    "ParquetFormat",
    "PatternRule",
    "Quality",
    "RowCountRule",
    "Rule",
    "SftpSource",
    "Sharing",
    "Source",
    "Status",
    "Subject",
    "UniqueRule",
    "Untyped",
    "Update",
    "with_date",
]
