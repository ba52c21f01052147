"""Correction requests (疑义): asked for after a comparison, listed for the departments, closed by themselves.

``steps`` decides (pure), ``records`` reads and writes the ledger's lines, ``settling`` follows a comparison,
``answers`` takes what a department says, ``sheets`` and ``returns`` are the workbook that goes out and comes back.
"""

from shuyuan.one_source.corrections.answers import Answer, AnswerError, Taken, answer, take_answers
from shuyuan.one_source.corrections.settling import Correction, Settled, close_unlinked, list_corrections, settle
from shuyuan.one_source.corrections.steps import Action, Group

__all__ = [
    "Action",
    "Answer",
    "AnswerError",
    "Correction",
    "Group",
    "Settled",
    "Taken",
    "answer",
    "close_unlinked",
    "list_corrections",
    "settle",
    "take_answers",
]
