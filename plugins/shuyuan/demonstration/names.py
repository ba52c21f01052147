"""People's names as a banner in Inner Mongolia really sees them.

Han names, Mongolian names without a surname, long names joined by ``·`` (U+00B7), characters that GBK cannot hold
(䶮 𬭎 𠮷), and characters whose second GBK byte is 0x7C, the ``|`` that departments use as delimiter.
"""

from __future__ import annotations

import numpy as np

from shuyuan.demonstration.chance import Cells, Numbers, choose, draw

SURNAMES = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
)
GIVEN = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国梅鑫宇浩然子轩梓涵思远嘉怡欣雨晨曦博文佳慧志海天云飞龙凤春夏秋冬山川江河东南西北"
)
RARE = tuple("䶮𬭎𠮷㼆𬺈")
PIPE_TRAILED = tuple("東鄚榺瑋緗蓔祙纜")
MONGOLIAN = (
    "巴特尔", "苏和", "朝鲁", "那顺", "孟克", "娜仁", "托娅", "格日勒", "斯琴", "高娃", "敖登", "布和", "宝音",
    "其木格", "乌兰", "萨仁", "阿拉坦", "额尔敦", "青格勒", "图雅", "哈斯", "毕力格", "达来", "乌云", "赛汗",
    "吉日嘎拉", "巴雅尔", "阿荣", "牧仁", "海日",
)  # fmt: skip


def person_names(seed: int, people: Numbers, families: Numbers, is_mongolian: Numbers) -> Cells:
    """Return one name a person; people of one family share their surname.

    ``is_mongolian`` is 1 for people with a Mongolian name. Names are 2 to 15 characters.
    """
    surname = choose(seed, "surname", families, SURNAMES)
    first = choose(seed, "given 1", people, GIVEN)
    second = choose(seed, "given 2", people, (*GIVEN, *[""] * 20))
    special = draw(seed, "special character", people, 1000)
    first = np.where(special < 4, choose(seed, "rare", people, RARE), first)
    first = np.where((special >= 4) & (special < 10), choose(seed, "pipe", people, PIPE_TRAILED), first)
    han = surname + first + second
    part, other = (choose(seed, f"mongolian {index}", people, MONGOLIAN) for index in (1, 2))
    joined = np.where(draw(seed, "long name", people, 4) == 0, "·", "").astype(object)
    third = np.where(joined == "·", choose(seed, "mongolian 3", people, MONGOLIAN), "").astype(object)
    names: Cells = np.where(is_mongolian == 1, part + other + joined + third, han).astype(object)
    return names
