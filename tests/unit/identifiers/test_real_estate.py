"""Certificate numbers: what they are, and by which spelling they are compared."""

import pytest

from identifier_vectors import INVALID
from shuyuan.identifiers import certificate_kind, is_certificate_number, plain_certificate_number

KINDS = {
    "蒙(2018)鄂托克旗不动产权第0000001号": "canonical",
    "蒙（2018）鄂托克旗不动产权第0000001号": "canonical",
    "国（2019）林不动产证明第0000001号": "canonical",
    "蒙(2018）鄂托克旗不动产权第0000001号": "unusual",
    "蒙〔2018〕鄂托克旗不动产权第0000001号": "unusual",
    "蒙(2018)鄂托克旗不动产权第000001号": "unusual",
    "蒙(2018)鄂托克旗不动产权第00000001号": "unusual",
    "蒙(2018) 鄂托克旗不动产权第0000001号": "unusual",
    "鄂房权证鄂托克旗字第00123号": "historical",
    "鄂托克旗国用（2008）第00123号": "historical",
}


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_kinds_of_certificate_numbers(text, kind):
    assert certificate_kind(text) == kind
    assert is_certificate_number(text)


@pytest.mark.parametrize("text", INVALID["certificate_number"])
def test_other_texts_are_of_no_kind(text):
    assert certificate_kind(text) is None


def test_spellings_of_one_number_are_one_when_compared():
    plain = "蒙(2018)鄂托克旗不动产权第0000001号"
    for spelled in (
        "蒙（2018）鄂托克旗不动产权第0000001号",
        "蒙〔2018〕鄂托克旗不动产权第0000001号",
        "蒙【2018】鄂托克旗 不动产权 第０００００01号",
        " 蒙［2018］鄂托克旗不动产权第\u30000000001号",
    ):
        assert plain_certificate_number(spelled) == plain
    assert plain_certificate_number(plain) == plain
