"""What a server writes, column by column as Arrow text, turned into the canonical text of ``canonical``.

Only what differs is touched, and by Arrow's own functions: most columns pass as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from shuyuan.sources.canonical import Unreadable, canonical_text

Spelling = Callable[[pa.Array], pa.Array]

# Up to fifteen digits read back as the same number and are written by us as they stand.
_PLAIN_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"
_PLAIN_LENGTH = 16


def text(column: pa.Array) -> pa.Array:
    """Text as it is. Raises ``Unreadable`` when it is not UTF-8."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        raise Unreadable from None


def binary(column: pa.Array) -> pa.Array:
    """Bytes that are no text: only nulls can be read. Raises ``Unreadable``."""
    if column.null_count < len(column):
        raise Unreadable
    return pa.nulls(len(column), pa.string())


def zero_filled(column: pa.Array) -> pa.Array:
    """A number that the server fills up with zeros for display."""
    return pc.replace_substring_regex(text(column), r"^(-?)0+([0-9])", r"\1\2")


def real(column: pa.Array) -> pa.Array:
    """A binary floating point number: plain digits, no exponent."""
    texts = text(column)
    plain = pc.match_substring_regex(texts, _PLAIN_NUMBER)
    if pc.any(pc.greater(pc.binary_length(texts), _PLAIN_LENGTH)).as_py():
        # Longer ones are ours when they are the shortest that read back as the same number.
        numbers = pc.if_else(plain, texts, None).cast(pa.float64())
        plain = pc.and_kleene(plain, pc.equal(numbers.cast(pa.string()), texts))
    other = pc.fill_null(pc.invert(plain), False)
    rest = texts.filter(other)
    if not len(rest):
        return texts
    written = pa.array([canonical_text(float(value)) for value in rest.to_pylist()], pa.string())
    return pc.replace_with_mask(texts, other, written)


def clock(column: pa.Array) -> pa.Array:
    """A date-time or a time of day: six digits of a second's fraction, or none when they are zero."""
    texts = text(column)
    broken = pc.fill_null(pc.match_substring_regex(texts, r"\.[0-9]{1,6}$"), False)
    if not pc.any(broken).as_py():
        return texts
    filled = pc.replace_substring_regex(pc.binary_join_element_wise(texts, "000000", ""), r"(\.[0-9]{6})[0-9]*$", r"\1")
    return pc.if_else(broken, pc.replace_substring_regex(filled, r"\.000000$", ""), texts)


def zoned_clock(column: pa.Array) -> pa.Array:
    """A date-time that the server wrote in the session's zone, with its offset."""
    return clock(pc.replace_substring_regex(text(column), r"(:[0-9]{2}(\.[0-9]+)?)[+-][0-9:]{2,9}$", r"\1"))


def boolean(column: pa.Array) -> pa.Array:
    """PostgreSQL's ``t`` and ``f``."""
    return pc.if_else(pc.equal(text(column), "t"), "1", "0")


def bits(column: pa.Array) -> pa.Array:
    """MySQL's BIT, which arrives as bytes: the whole number that they are."""
    coded = column.dictionary_encode()
    numbers = [str(int.from_bytes(value, "big")) for value in coded.dictionary.to_pylist()]
    return pa.array(numbers, pa.string()).take(coded.indices)
