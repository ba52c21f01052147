"""Formats: the bytes of a delivery → typed Parquet, with every record accounted for."""

from shuyuan.formats.reading import read

__all__ = ["read"]
