"""Group robots of 企业微信 (WeCom), 钉钉 (DingTalk) and 飞书 (Feishu), by their webhooks.

The connection's ``password`` is the secret part of the robot's address (``key``, ``access_token``, or the last step of
the path), ``extra.secret`` the signing secret (加签, 签名校验) of DingTalk and Feishu, ``host`` and ``port`` another
server than the vendor's, for a private installation; ``extra.ca_file``, ``extra.timeout``. Always HTTPS.

Messages are of the type ``text``, which knows no markup; what mentions people in it is replaced. All three answer HTTP
200 with a code in the body, 0 for delivered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from shuyuan.entry import Channel
from shuyuan.notices.channels import NotSent, PerhapsSent, timeout_of, trust_of
from shuyuan.notices.message import Message
from shuyuan.sources import Connection

Body = dict[str, Any]
MOST_ANSWER_BYTES = 65_536
HARMLESS = str.maketrans("@<>", "＠＜＞")
"""What mentions people or opens a tag in a robot's text, and what it is replaced by."""


@dataclass(frozen=True)
class Vendor:
    """What differs. ``sign`` returns (address parameters, additions to the body) for a secret and a Unix time."""

    host: str
    path: Callable[[str], tuple[str, dict[str, str]]]
    body: Callable[[str], Body]
    sign: Callable[[str, float], tuple[dict[str, str], Body]]
    most_bytes: int
    too_many: frozenset[int]


def sign_dingtalk(secret: str, now: float) -> tuple[dict[str, str], Body]:
    """Sign milliseconds and the secret with the secret; both go into the address."""
    moment = str(round(now * 1000))
    return {"timestamp": moment, "sign": _signature(secret, f"{moment}\n{secret}")}, {}


def sign_feishu(secret: str, now: float) -> tuple[dict[str, str], Body]:
    """Sign nothing with seconds and the secret as the key; both go into the body."""
    moment = str(int(now))
    return {}, {"timestamp": moment, "sign": _signature(f"{moment}\n{secret}", "")}


VENDORS: dict[str, Vendor] = {
    "wecom": Vendor(
        host="qyapi.weixin.qq.com",
        path=lambda token: ("/cgi-bin/webhook/send", {"key": token}),
        body=lambda text: {"msgtype": "text", "text": {"content": text}},
        sign=lambda secret, now: ({}, {}),
        most_bytes=2048,
        too_many=frozenset({45009}),
    ),
    "dingtalk": Vendor(
        host="oapi.dingtalk.com",
        path=lambda token: ("/robot/send", {"access_token": token}),
        body=lambda text: {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}},
        sign=sign_dingtalk,
        most_bytes=15_000,
        too_many=frozenset({130101}),
    ),
    "feishu": Vendor(
        host="open.feishu.cn",
        path=lambda token: (f"/open-apis/bot/v2/hook/{quote(token, safe='')}", {}),
        body=lambda text: {"msg_type": "text", "content": {"text": text}},
        sign=sign_feishu,
        most_bytes=15_000,
        too_many=frozenset({11232, 99991400}),
    ),
}


def send_to_robot(name: str, channel: Channel, connection: Connection, message: Message) -> None:
    """Post ``message`` to the group.

    Raises:
        NotSent: P375, P376, P378, P380, P381.
        PerhapsSent: P379.
    """
    vendor = VENDORS[channel.type]
    if not connection.password:
        raise NotSent("P376", channel=name, what="password")
    text = f"{message.subject}\n\n{message.text(vendor.most_bytes - len(message.subject.encode()) - 2)}"
    path, parameters = vendor.path(connection.password)
    body = vendor.body(text.translate(HARMLESS))
    if secret := connection.extra.get("secret"):
        more, additions = vendor.sign(str(secret), time.time())
        parameters, body = parameters | more, body | additions
    query = f"?{urlencode(parameters)}" if parameters else ""
    place = f"{connection.host or vendor.host}:{connection.port or 443}"
    _judge(name, vendor, *_post(name, connection, f"https://{place}{path}{query}", body))


def _post(name: str, connection: Connection, address: str, body: Body) -> tuple[int, bytes]:
    """Post JSON; return (HTTP status, the body's first bytes).

    httpx's transport alone: its client would follow redirects and write the address, which holds the token, to the log.
    """
    seconds = timeout_of(connection)
    content = json.dumps(body, ensure_ascii=False).encode()
    waits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
    try:
        request = httpx.Request(
            "POST",
            address,
            headers={"Content-Type": "application/json; charset=utf-8"},
            content=content,
            extensions={"timeout": waits},
        )
    except httpx.InvalidURL:
        raise NotSent("P376", channel=name, what="host") from None
    try:
        with httpx.HTTPTransport(verify=trust_of(name, connection), trust_env=False) as transport:
            answer = transport.handle_request(request)
            return answer.status_code, _beginning(answer, time.monotonic() + seconds)
    except httpx.ConnectError as error:
        raise NotSent("P381" if _is_distrust(error) else "P375", channel=name) from None
    except (httpx.ConnectTimeout, httpx.UnsupportedProtocol):
        raise NotSent("P375", channel=name) from None
    except httpx.HTTPError:
        raise PerhapsSent("P379", channel=name) from None


def _beginning(answer: httpx.Response, deadline: float) -> bytes:
    """Read what a vendor's answer can be long, and no longer than it may take."""
    read = b""
    for piece in answer.iter_raw():
        read += piece
        if len(read) > MOST_ANSWER_BYTES or time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer does not end")
    return read


def _judge(name: str, vendor: Vendor, status: int, answer: bytes) -> None:
    """Raise unless the vendor says 0. An answer that is none of the vendor's leaves the outcome unknown."""
    if status == 429:
        raise NotSent("P380", channel=name, status=status)
    if 300 <= status < 500:
        raise NotSent("P378", channel=name, status=status)
    code = _code_of(answer)
    if status >= 500 or code is None:
        raise PerhapsSent("P379", channel=name)
    if code in vendor.too_many:
        raise NotSent("P380", channel=name, status=code)
    if code != 0:
        raise NotSent("P378", channel=name, status=code)


def _code_of(answer: bytes) -> int | None:
    """``errcode`` (企业微信, 钉钉), ``code`` or ``StatusCode`` (飞书, new and old)."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    found = [told[key] for key in ("errcode", "code", "StatusCode") if key in told] if isinstance(told, dict) else []
    return found[0] if found and type(found[0]) is int else None


def _is_distrust(error: BaseException) -> bool:
    """Whether the line was refused because the server's certificate is not trusted."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _signature(key: str, text: str) -> str:
    """HMAC-SHA256 in Base64."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()
