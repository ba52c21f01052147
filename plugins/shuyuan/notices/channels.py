"""Channels: how a message gets out. One protocol, one file a way, chosen by the channel's type.

A channel's secrets come from its Airflow connection. Nothing that a server says is quoted: it may repeat the token or
the address. Every attempt ends as delivered, as ``NotSent`` (certainly not) or as ``PerhapsSent`` (the line broke after
the message was handed over).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from importlib import import_module
from threading import Thread

from shuyuan.entry import Channel
from shuyuan.notices.message import Message
from shuyuan.problems import PlatformError
from shuyuan.sources import Connection

TIMEOUT = 10.0
"""Seconds for each step on the line where the connection's ``extra.timeout`` says nothing else."""
LONGEST = 60.0
WHOLE = 300.0
"""Seconds for one attempt."""


class NotSent(PlatformError):
    """The message was certainly not delivered: P375 no line, P376 the connection's settings, P377 our account, P378
    refused, P380 too many messages, P381 no trusted encryption."""


class PerhapsSent(PlatformError):
    """P379: the line broke after the message was handed over; nobody knows whether it was delivered."""


Send = Callable[[str, Channel, Connection, Message], None]

CHANNELS = {
    "mail": "shuyuan.notices.mail:send_mail",
    "wecom": "shuyuan.notices.robots:send_to_robot",
    "dingtalk": "shuyuan.notices.robots:send_to_robot",
    "feishu": "shuyuan.notices.robots:send_to_robot",
}
"""Type of a channel → the function that sends."""


def send(name: str, channel: Channel, connection: Connection, message: Message) -> None:
    """Send ``message`` by the channel ``name``. Raises ``NotSent`` or ``PerhapsSent``.

    Each step on the line has its own limit, but a server that answers letter by letter keeps within all of them. So
    the attempt as a whole is left alone after ``WHOLE`` seconds, its outcome unknown whatever becomes of it.
    """
    module, _, function = CHANNELS[channel.type].partition(":")
    way: Send = getattr(import_module(module), function)
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            way(name, channel, connection, message)
        except BaseException as error:
            raised.append(error)

    thread = Thread(target=attempt, name=f"notice by {name}", daemon=True)
    thread.start()
    thread.join(WHOLE)
    if thread.is_alive():
        raise PerhapsSent("P379", channel=name)
    if raised:
        raise raised[0]


def timeout_of(connection: Connection) -> float:
    """Seconds that each step on the line may take, ``extra.timeout``, at most a minute."""
    return min(connection.number("timeout", TIMEOUT), LONGEST)


def trust_of(name: str, connection: Connection) -> ssl.SSLContext:
    """What certificates are held against: the machine's authorities, or those of the file ``extra.ca_file``."""
    path = connection.extra.get("ca_file")
    if path is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError:
        raise NotSent("P376", channel=name, what="extra.ca_file") from None
