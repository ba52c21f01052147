"""Under which names a request and its answer are sealed: the context of their seals, and where the vault keeps them."""

from __future__ import annotations


def request_name(request_id: str) -> str:
    """What was asked: a sealed ``checks.request.Request``."""
    return f"requests/{request_id}"


def answer_name(request_id: str) -> str:
    """What was answered: a sealed ``checks.answer.Answer``."""
    return f"answers/{request_id}"
