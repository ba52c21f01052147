"""Identifiers of people, organisations, real estate and vehicles, and how numbers and dates are written.

``resident`` · ``organization`` · ``real_estate`` · ``people`` · ``vehicles`` · ``regions`` hold one standard each,
``checks`` the registry of what a field may declare as its ``check``; ``written`` reads dates and decimals,
``spreadsheets`` sees what a spreadsheet program has done to an identifier.

Each check has a scalar form for any text; those with a check character also have a vectorised form over a byte
matrix, which costs about 20 ns a value. The scalar and vectorised forms, DuckDB's and Great Expectations' give the
same answer for every text; a contract test holds them to it. Values are judged as they are: no blank is stripped,
no full-width digit narrowed, no lower-case letter raised, since what is published must already be clean.
"""

from shuyuan.identifiers.checks import CHECKS, Check
from shuyuan.identifiers.organization import (
    CREDIT_ALPHABET,
    CREDIT_WEIGHTS,
    are_credit_codes,
    are_organization_codes,
    is_credit_code,
    is_organization_code,
    organization_code_of,
)
from shuyuan.identifiers.people import has_lost_character, is_person_name, is_phone
from shuyuan.identifiers.real_estate import (
    CANONICAL_SHAPE,
    certificate_kind,
    is_certificate_number,
    is_real_estate_unit,
    plain_certificate_number,
)
from shuyuan.identifiers.regions import DIVISION_LENGTH, REGION_PLACES, is_division_code, region_of
from shuyuan.identifiers.resident import (
    LENGTH,
    RESIDENT_CHECKS,
    RESIDENT_SHAPE,
    RESIDENT_WEIGHTS,
    RESIDENT_YEARS,
    are_resident_ids,
    birth_of,
    is_old_resident_id,
    is_resident_id,
    modern_resident_id,
    sex_of,
)
from shuyuan.identifiers.spreadsheets import (
    date_of_serial,
    find_damaged,
    has_lost_zeros,
    is_above_chance,
    is_scientific,
    is_zeroed,
)
from shuyuan.identifiers.vehicles import has_vin_check_digit, is_plate_number, is_vin
from shuyuan.identifiers.written import is_decimal, is_integer, read_date, read_datetime

__all__ = [
    "CANONICAL_SHAPE",
    "CHECKS",
    "CREDIT_ALPHABET",
    "CREDIT_WEIGHTS",
    "DIVISION_LENGTH",
    "LENGTH",
    "REGION_PLACES",
    "RESIDENT_CHECKS",
    "RESIDENT_SHAPE",
    "RESIDENT_WEIGHTS",
    "RESIDENT_YEARS",
    "Check",
    "are_credit_codes",
    "are_organization_codes",
    "are_resident_ids",
    "birth_of",
    "certificate_kind",
    "date_of_serial",
    "find_damaged",
    "has_lost_character",
    "has_lost_zeros",
    "has_vin_check_digit",
    "is_above_chance",
    "is_certificate_number",
    "is_credit_code",
    "is_decimal",
    "is_division_code",
    "is_integer",
    "is_old_resident_id",
    "is_organization_code",
    "is_person_name",
    "is_phone",
    "is_plate_number",
    "is_real_estate_unit",
    "is_resident_id",
    "is_scientific",
    "is_vin",
    "is_zeroed",
    "modern_resident_id",
    "organization_code_of",
    "plain_certificate_number",
    "read_date",
    "read_datetime",
    "region_of",
    "sex_of",
]
