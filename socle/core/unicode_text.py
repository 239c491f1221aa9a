"""
Text that people write: the same however it was typed, and nothing hidden in it.

A name with a mark that turns text around shows `photo‹exe.gpj` for what is called
`photo‹gpj.exe`; two names that look the same may differ by a character without width.
Both are taken out. What scripts and emoji need to be written right stays.
"""

import re
import unicodedata

# Marks of direction mean something beside letters that are written from the right.
DIRECTION_MARKS = "\u200e\u200f\u061c\u034f"
FROM_THE_RIGHT = {"R", "AL"}
JOINERS = "\u200c\u200d"
# Shown, although Unicode calls them formats: signs of numbers and verses, hieroglyphs.
SHOWN_FORMATS = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    "\U00013430-\U0001343f]"
)
# Letters to Unicode, blank to the eye.
BLANKS = "\u3164\uffa0\u17b4\u17b5"
SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Flags such as Scotland's: a black flag, a few letters of tags, the tag that ends it.
TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f")
# Scripts that are written with joiners: Arabic and its kin, those of India and around.
JOINED_SCRIPTS = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0e80-\u109f\u1780-\u18af\u1a20-\u1aaf\ua800-\uabff"
    "\ufb50-\ufdff\ufe70-\ufeff]"
)
PICTURE = re.compile(
    "[\u00a9\u00ae\u203c-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff]"
)
LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
ASCII_LINE = re.compile(r"[ -~]*\Z")


def one_line(text: str) -> str:
    """A name: composed (NFC), on one line, without what turns or hides text."""
    if ASCII_LINE.match(text):
        return text.strip()
    flat = LINE_ENDS.sub(" ", text).replace("\t", " ")
    return composed(visible(flat)).strip()


def paragraphs(text: str) -> str:
    """As `one_line`, but lines and tabs stay."""
    lines = LINE_ENDS.sub("\n", text).split("\n")
    return "\n".join(
        "\t".join(composed(visible(part)) for part in line.split("\t"))
        for line in lines
    ).strip()


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def visible(text: str) -> str:
    """`text` without the characters that turn or hide it."""
    from_the_right = any(map(is_from_the_right, text))
    flags = {
        place for match in TAGGED_FLAG.finditer(text) for place in range(*match.span())
    }
    kept: list[str] = []
    for place, sign in enumerate(text):
        before = kept[-1] if kept else ""
        behind = text[place + 1 : place + 2]
        if place in flags or stays(sign, before, behind, from_the_right=from_the_right):
            kept.append(sign)
    return "".join(kept)


def is_from_the_right(sign: str) -> bool:
    is_letter = sign not in DIRECTION_MARKS  # to Unicode a mark is one as well
    return is_letter and unicodedata.bidirectional(sign) in FROM_THE_RIGHT


def stays(sign: str, before: str, behind: str, *, from_the_right: bool) -> bool:
    """before, behind: its neighbours; empty at the ends."""
    if sign in DIRECTION_MARKS:
        return from_the_right and before not in DIRECTION_MARKS
    if sign in JOINERS:
        return joins(sign, before, behind)
    if SELECTOR.match(sign):  # of a form of what stands before it: one, never a row
        return bool(before) and not (before.isspace() or SELECTOR.match(before))
    if sign in BLANKS:
        return False
    category = unicodedata.category(sign)
    if category == "Cf":
        return bool(SHOWN_FORMATS.match(sign))
    return category not in {"Cc", "Cs"} and not is_no_character(sign)


def joins(sign: str, before: str, behind: str) -> bool:
    if not before or not behind:
        return False
    if JOINED_SCRIPTS.match(before):
        return True
    is_emoji = PICTURE.match(before) and PICTURE.match(behind)
    return sign == "\u200d" and bool(is_emoji)


def is_no_character(sign: str) -> bool:
    """The places of Unicode that never hold one."""
    place = ord(sign)
    return 0xFDD0 <= place <= 0xFDEF or place & 0xFFFE == 0xFFFE
