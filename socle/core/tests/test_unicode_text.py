"""What turns or hides text is taken out of names; what scripts need stays."""

import unicodedata

import pytest

from socle.core.unicode_text import one_line, paragraphs

KEPT = {
    "plain": "IMG_2041 (1).jpg",
    "French": "Été à Nîmes – l’été.jpg",
    "Arabic": "صورة العائلة.jpg",
    "Hebrew with marks of direction": "תמונה \u200fב־2024\u200e.jpg",
    "Persian with a non-joiner": "می\u200cخواهم.jpg",
    "Sinhala with a joiner": "ශ්\u200dරී ලංකා",
    "Hindi with a joiner": "क्\u200dष",
    "a family": "👨\u200d👩\u200d👧\u200d👦 at the lake",
    "skin and profession": "👩🏽\u200d🚒",
    "a heart in red": "❤\ufe0f\u200d🔥",
    "Scotland": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a name with a variant": "葛\U000e0100城市",
    "a number sign of Arabic": "\u0601١٢",
    "private use": "\uf8ff computer",
    "Japanese": "東京\u3000タワー.jpg",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_a_script_needs_stays(text):
    assert one_line(text) == text


CLEANED = {
    "photo\u202egpj.exe": "photogpj.exe",
    "a\u202ab\u202bc\u202cd\u202de": "abcde",
    "\u2066a\u2067b\u2068c\u2069": "abc",
    "left\u200eto\u200fright\u061c": "lefttoright",
    "ze\u200bro\u2060wi\ufeffdth": "zerowidth",
    "no\u200cjoin\u200der": "nojoiner",
    "soft\u00adhyphen": "softhyphen",
    "two\nlines\r\nand\u2028more\u2029": "two lines and more",
    "tab\tand\x00bell\x07\x1b[31m\x9b": "tab andbell[31m",
    "\U000e0001\U000e0041hidden": "hidden",
    "none\ufdd0\uffff\U0010fffe": "none",
    "half\ud800a pair\udfff": "halfa pair",
    "fillers\u3164\uffa0": "fillers",
    "data\ufe00\ufe01\ufe02\U000e0120": "data\ufe00",
    "note\ufff9a\ufffab\ufffb": "noteab",
    "\u200b\u202e\u2066": "",
    "  both ends \u200b ": "both ends",
    "می\u200c\u200c\u200c\u200cخ": "می\u200cخ",
}


@pytest.mark.parametrize(("text", "expected"), CLEANED.items(), ids=map(ascii, CLEANED))
def test_what_turns_or_hides_text_is_taken_out(text, expected):
    assert one_line(text) == expected


def test_text_is_composed():
    taken_apart = unicodedata.normalize("NFD", "Été à Nîmes")

    assert one_line(taken_apart) == "Été à Nîmes"
    assert one_line("e\u200b\u0301") == "é"  # also when something stood between


def test_lines_of_a_longer_text_stay():
    text = "First\u202e line\r\nsecond\u2028third\n\n\tend\n"

    assert paragraphs(text) == "First line\nsecond\nthird\n\n\tend"


@pytest.mark.parametrize("clean", [one_line, paragraphs])
@pytest.mark.parametrize("text", [*KEPT.values(), *CLEANED])
def test_what_is_clean_is_not_changed_again(text, clean):
    assert clean(clean(text)) == clean(text)
