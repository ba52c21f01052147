"""Notices: who has to do what is told once a day, reminded before a deadline, and never told the same twice."""

from shuyuan.notices.message import Message, Recipient
from shuyuan.notices.records import Told, read_told
from shuyuan.notices.sending import Attempt, preview, send_notices

__all__ = ["Attempt", "Message", "Recipient", "Told", "preview", "read_told", "send_notices"]
