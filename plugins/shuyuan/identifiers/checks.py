"""The registry of field checks (``check:`` of a field or element): one line an identifier.

A check is either a shape (a regular expression that means the same to RE2 and to Python, and perhaps bounds of
length) or has a check character and then a vectorised judge. ``quality`` makes of each one Great
Expectations expectation; to add a check, add a line here and its name to ``entry.fields.Check``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shuyuan.identifiers.organization import (
    CREDIT_LENGTH,
    ORGANIZATION_WIDTHS,
    are_credit_codes,
    are_organization_codes,
    is_credit_code,
    is_organization_code,
)
from shuyuan.identifiers.people import NAME_LENGTH, NAME_SHAPE, PHONE_SHAPE, is_person_name, is_phone
from shuyuan.identifiers.real_estate import (
    CERTIFICATE_LENGTH,
    CERTIFICATE_SHAPE,
    UNIT_SHAPE,
    is_certificate_number,
    is_real_estate_unit,
)
from shuyuan.identifiers.regions import DIVISION_SHAPE, is_division_code
from shuyuan.identifiers.resident import LENGTH, are_resident_ids, is_resident_id
from shuyuan.identifiers.vehicles import PLATE_SHAPE, VIN_SHAPE, is_plate_number, is_vin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Check:
    """How one identifier is judged. ``plural`` names its expectation: ``expect_column_values_to_be_<plural>``.

    A shape has ``pattern`` (for the whole value) and perhaps ``length`` (characters, least and most). Any other check
    has ``judge``, which takes a byte matrix of shape (n, one of ``widths``), and is false for texts of other widths.
    """

    name: str
    plural: str
    is_valid: Callable[[str], bool]
    pattern: str | None = None
    length: tuple[int, int] | None = None
    widths: tuple[int, ...] = ()
    judge: Callable[[NDArray[np.uint8]], NDArray[np.bool_]] | None = None


_ALL = (
    Check("resident_id", "resident_ids", is_resident_id, widths=(LENGTH,), judge=are_resident_ids),
    Check("credit_code", "credit_codes", is_credit_code, widths=(CREDIT_LENGTH,), judge=are_credit_codes),
    Check(
        "organization_code",
        "organization_codes",
        is_organization_code,
        widths=ORGANIZATION_WIDTHS,
        judge=are_organization_codes,
    ),
    Check("real_estate_unit", "real_estate_units", is_real_estate_unit, UNIT_SHAPE),
    Check(
        "certificate_number",
        "certificate_numbers",
        is_certificate_number,
        CERTIFICATE_SHAPE,
        CERTIFICATE_LENGTH,
    ),
    Check("division_code", "division_codes", is_division_code, DIVISION_SHAPE),
    Check("phone", "phones", is_phone, PHONE_SHAPE),
    Check("plate_number", "plate_numbers", is_plate_number, PLATE_SHAPE),
    Check("vin", "vins", is_vin, VIN_SHAPE),
    Check("person_name", "person_names", is_person_name, NAME_SHAPE, NAME_LENGTH),
)

CHECKS: Mapping[str, Check] = {check.name: check for check in _ALL}
"""Check by its name in the catalog."""
