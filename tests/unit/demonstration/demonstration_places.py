"""Where the project is, and the data date of these tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[3]
DAY = date(2026, 11, 20)
