"""Formats: the bytes of a delivery → typed Parquet, with every record accounted for."""

from shuyuan.formats.reading import read, read_keys

__all__ = ["read", "read_keys"]
