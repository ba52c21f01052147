"""Mail by SMTP (RFC 5321), always encrypted: STARTTLS (the default), or TLS from the first byte.

The connection has ``host``, ``port`` (587, or 465 with TLS), ``login`` and ``password``; ``extra``: ``security``
(``starttls`` or ``tls``), ``ca_file``, ``timeout``.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from shuyuan.entry import Channel, MailChannel
from shuyuan.notices.channels import NotSent, PerhapsSent, timeout_of, trust_of
from shuyuan.notices.message import Message
from shuyuan.sources import Connection
from shuyuan.workdays import LOCAL

MOST_BYTES = 200_000
_PORTS = {"starttls": 587, "tls": 465}


def send_mail(name: str, channel: Channel, connection: Connection, message: Message) -> None:
    """Send ``message`` to all addresses of its recipient in one go: the server takes it for all of them or for none.

    Raises:
        NotSent: P375, P376, P377, P378, P381.
        PerhapsSent: P379.
    """
    assert isinstance(channel, MailChannel)
    security = str(connection.extra.get("security", "starttls"))
    if not connection.host or security not in _PORTS:
        raise NotSent("P376", channel=name, what="host" if security in _PORTS else "extra.security")
    trust, seconds = trust_of(name, connection), timeout_of(connection)
    port = connection.port or _PORTS[security]
    letter, domain = _letter(channel, message), channel.sender.partition("@")[2]
    step = "connect"
    server: smtplib.SMTP | None = None
    try:
        if security == "tls":
            server = smtplib.SMTP_SSL(connection.host, port, domain, timeout=seconds, context=trust)
        else:
            server = smtplib.SMTP(connection.host, port, domain, timeout=seconds)
            server.starttls(context=trust)
        step = "login"
        if connection.login:
            server.login(connection.login, connection.password or "")
        step = "hand_over"
        _hand_over(name, server, channel, message, letter)
    except ssl.SSLError:
        raise NotSent("P381", channel=name) from None
    except smtplib.SMTPNotSupportedError:
        raise NotSent("P381" if step == "connect" else "P377", channel=name) from None
    except smtplib.SMTPAuthenticationError:
        raise NotSent("P377", channel=name) from None
    except smtplib.SMTPResponseException as error:
        raise NotSent("P378", channel=name, status=error.smtp_code) from None
    except UnicodeError:
        raise NotSent("P376", channel=name, what="host, login, password") from None
    except (smtplib.SMTPException, OSError):
        raise NotSent("P375", channel=name) from None
    finally:
        if server is not None:
            server.close()


def _hand_over(name: str, server: smtplib.SMTP, channel: MailChannel, message: Message, letter: bytes) -> None:
    """The mail transaction. Once the text is on its way, a line that breaks leaves the outcome unknown."""
    server.ehlo_or_helo_if_needed()
    to = message.recipient.route.to if message.recipient.route else ()
    _expect(250, server.mail(channel.sender, [f"size={len(letter)}"] if server.has_extn("size") else []))
    for address in to:
        _expect(250, server.rcpt(address))
    _expect(354, server.docmd("data"))
    try:
        server.send(_dotted(letter) + b".\r\n")
        answer = server.getreply()
    except (smtplib.SMTPServerDisconnected, OSError):
        raise PerhapsSent("P379", channel=name) from None
    _expect(250, answer)


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != code and not (code == 250 and answer[0] == 251):
        raise smtplib.SMTPResponseException(answer[0], b"")


def _dotted(letter: bytes) -> bytes:
    """Double the dot that a line begins with (RFC 5321, 4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", letter)


def _letter(channel: MailChannel, message: Message) -> bytes:
    """The letter as bytes: plain text, so that nothing in it can be an instruction to the reader's program."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = channel.sender
    letter["To"] = ", ".join(message.recipient.route.to if message.recipient.route else ())
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(datetime.now(LOCAL))
    letter["Message-ID"] = f"<{message.identity}@{channel.sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text(MOST_BYTES), charset="utf-8", cte="base64")
    return letter.as_bytes()
