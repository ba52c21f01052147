"""How one name, address or number comes to be written in two ways: other values, and mere spellings of one value.

A *value* really differs: another name, an address of before the move, a slip of the pen. A *spelling* says the same
to anybody: another interpunct, traditional characters, full-width digits, blanks. Each function gets a cell and
returns it as the other department has it; a spelling that does not apply returns the cell as it is.
"""

from __future__ import annotations

import re

_TRADITIONAL = str.maketrans(
    "张陈杨赵黄吴孙马罗郑谢韩冯萧邓许吕苏卢蒋贾叶阎刘东丽强军刚兰国飞龙凤华伟涛艳杰娟红鑫敏乌云",
    "張陳楊趙黃吳孫馬羅鄭謝韓馮蕭鄧許呂蘇盧蔣賈葉閻劉東麗強軍剛蘭國飛龍鳳華偉濤艷傑娟紅鑫敏烏雲",
)
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x30, 0x3A)}
_SOUNDS = dict(
    zip("伟芳娜静丽强磊军洋勇艳娟涛超秀霞平刚英华玉红", "炜方那晶莉祥雷君阳永燕涓韬朝绣侠萍钢瑛桦钰虹", strict=True)
)


def sound_alike(name: str) -> str:
    """Another character of the same sound in the last place: what a clerk hears and types."""
    last = name[-1]
    return name[:-1] + _SOUNDS.get(last, "珍" if last != "珍" else "真")


def earlier_name(name: str) -> str:
    """The name of before it was changed."""
    return name.split("·")[0][:1] + ("建军" if not name.endswith("建军") else "援朝")


def cut_name(name: str) -> str:
    """Two characters of a long name, as a form with short boxes leaves it; short names get a slip instead."""
    return name[:2] if len(name) > 2 else sound_alike(name)


def earlier_address(address: str) -> str:
    """Another door: the family has moved and only one department knows."""
    return re.sub(r"第([0-9]+)社区([0-9]+)号", lambda found: f"第{int(found[1]) + 1}社区{int(found[2]) + 6}号", address)


def vague_address(address: str) -> str:
    """The address without its door."""
    return re.sub(r"[0-9]+号$", "", address)


def earlier_phone(phone: str) -> str:
    """Another number; an empty cell stays empty."""
    return phone and phone[:7] + f"{(int(phone[7:]) + 4321) % 10_000:04d}"


def earlier_firm(name: str) -> str:
    """The firm's name of before it was changed."""
    return re.sub("(有限责任公司|经营部|专业合作社)$", "服务部", name)


def abbreviated_firm(name: str) -> str:
    """The firm's name without its legal form."""
    return re.sub("(有限责任公司|经营部|专业合作社)$", "", name)


def earlier_status(status: str) -> str:
    """Deregistered here and still in business there, or the other way round."""
    return "4" if status != "4" else "1"


def traditional(name: str) -> str:
    """Traditional characters."""
    return name.translate(_TRADITIONAL)


def bulleted(name: str) -> str:
    """The interpunct as the bullet that keyboards offer."""
    return name.replace("·", "•")


def middle_dotted(name: str) -> str:
    """The interpunct as the full-width dot of Japanese fonts."""
    return name.replace("·", "・")


def spaced(name: str) -> str:
    """A blank between the two characters of a short name, to align a printed list."""
    return "\u3000".join(name) if len(name) == 2 else name


def full_width_digits(text: str) -> str:
    """Full-width digits, as a Chinese input method writes them."""
    return text.translate(_FULL_WIDTH)


def blank_before_door(address: str) -> str:
    """Blanks between the parts of an address."""
    return address.replace("第", " 第").replace("社区", "社区 ")


def blank_after_place(name: str) -> str:
    """A blank behind the place in a firm's name."""
    return name.replace("示例旗", "示例旗 ", 1)
