"""Secrets are struck out of any text, however they are spelled there."""

import base64
import hashlib
import html
import json
import math
import unicodedata
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.telemetry.redaction import MASK, Masks

SECRETS = ["hunter2!", 'pa"ss wörd', "back\\slash", "it's &=?% <done>", "päß☀", "a/b+c d", "0123456789abcdef" * 2]


def masks(*secrets: str) -> Masks:
    made = Masks()
    made.learn(*secrets)
    return made


def latin(secret: str) -> bool:
    try:
        secret.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def spellings(secret: str) -> list[str]:
    raw = secret.encode()
    return [
        secret,
        secret.upper() if secret.upper().lower() == secret.lower() else secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(secret, safe="").lower(),
        urllib.parse.quote_plus(secret),
        html.escape(secret),
        raw.hex(),
        raw.hex(" "),
        secret.encode("utf-16-le").hex(),
        secret.encode("utf-16-be").hex().upper(),
        base64.b64encode(secret.encode("utf-16-le")).decode(),
        "".join(f"%{byte:02X}" for byte in raw),
        "".join(f"%{byte:02x}" for byte in raw),
        urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
        urllib.parse.quote(urllib.parse.quote(secret)),
        urllib.parse.quote(secret.encode("latin-1", "ignore"), safe="") if latin(secret) else secret,
        "".join(f"&#{ord(character)};" for character in secret),
        "".join(f"&#x{ord(character):X};" for character in secret),
        html.escape(secret).replace("&#x27;", "&#39;"),
        unicodedata.normalize("NFD", secret),
        unicodedata.normalize("NFD", secret).encode().hex(),
        json.dumps(secret)[1:-1].replace("/", "\\/"),
        secret[::-1],
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_every_spelling_is_struck_out(secret: str) -> None:
    known = masks(secret)

    for spelling in spellings(secret):
        masked = known.masked(f"before {spelling} after")

        assert MASK in masked
        assert masked.startswith("before ")
        assert spelling not in masked


@given(st.text(min_size=8, max_size=40), st.binary(max_size=7), st.binary(max_size=7))
def test_base64_hides_nothing_wherever_the_secret_stands_in_it(secret: str, before: bytes, after: bytes) -> None:
    """As in the header of basic authentication, where the account stands before it."""
    try:
        raw = secret.encode()
    except UnicodeEncodeError:
        return
    encoded = base64.b64encode(before + raw + after).decode()

    masked = masks(secret).masked(encoded)

    assert MASK in masked
    # What is left are the neighbours, and the characters that they share with the first and the last byte.
    assert len(masked.replace(MASK, "")) <= 4 * (math.ceil(len(before) / 3) + math.ceil(len(after) / 3) + 1)


def test_the_digests_of_a_password_are_as_good_as_the_password() -> None:
    known = Masks()
    known.learn_password("corréct horse")
    digest = hashlib.md5("corréct horse".encode())
    sent = base64.b64encode(digest.hexdigest().encode()).decode()

    for spelling in (digest.hexdigest(), digest.hexdigest().upper(), sent, urllib.parse.quote(sent, safe="")):
        assert known.masked(f"pwd={spelling}").startswith(f"pwd={MASK}")


def test_of_a_sign_in_answer_what_is_secret_is_told_by_its_key_or_by_its_look() -> None:
    known = Masks()
    cookies = {"cookies": {"JSESSIONID": "abc-12"}, "more": [{"x": "q7Zr0Pf2LmAx"}]}
    known.learn_session("me", {"uid": 471147, "token": "t-4711", "client": "semsPlusWeb", **cookies})

    assert known.masked("471147 t-4711 abc-12 q7Zr0Pf2LmAx semsPlusWeb") == f"{MASK} {MASK} {MASK} {MASK} semsPlusWeb"


@pytest.mark.parametrize("key", ["token", "uid", "cookies", "anything", "x"])
def test_ordinary_words_in_a_sign_in_answer_do_not_blank_the_log(key: str) -> None:
    words = ["signed", "https", "gateway", "level", "info", "127.0.0.1", "2026-06-10T12:00:00", "Europe/Amsterdam"]
    words = words[: 7 if key in ("token", "uid", "cookies") else None]
    known = Masks()
    known.learn_session("me", {key: [*words, {"deep": words}]})
    line = f'level=info msg="signed in" gateway=https://127.0.0.1:443/ {" ".join(words)}'

    assert known.masked(line) == line


@pytest.mark.parametrize("text", ["base32", "BASE32"])
def test_base32_tells_nothing(text: str) -> None:
    secret = "correct horse battery"
    encoded = base64.b32encode(secret.encode() + b"!!").decode()

    masked = masks(secret).masked(f"{text} {encoded if text.isupper() else encoded.lower()}")

    assert masked.startswith(f"{text} {MASK}")
    assert len(masked) < len(text) + len(MASK) + 10


def test_a_text_full_of_secrets_is_read_once() -> None:
    """Each secret costs a look at the text, and no more however often it stands there."""
    known = masks("hunter2!")
    seen: list[str] = []

    class Text(str):
        """Counts how often it is cut."""

        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            seen.append("cut")
            return super().__getitem__(key)  # type: ignore[index]

    masked = known.masked(Text("hunter2! " * 1000))

    assert masked == f"{MASK} " * 1000
    assert len(seen) <= 1001


def test_the_sessions_before_the_last_two_are_forgotten_and_those_of_others_are_not() -> None:
    """They are worth nothing any more, and years of them would slow down each line."""
    known = Masks()
    known.learn_session("you", {"token": "your-token"})
    for number in range(1000):
        known.learn_session("me", {"token": f"my-token-{number:04}"})

    assert known.masked("my-token-0000 my-token-0998 my-token-0999") == f"my-token-0000 {MASK} {MASK}"
    assert known.masked("your-token") == MASK
    assert len(known._known) < 100


def test_what_is_too_short_to_be_told_from_words_is_left_alone() -> None:
    assert masks("abc", "").masked("abc of it") == "abc of it"


def test_a_secret_within_another_leaves_nothing_of_it() -> None:
    assert masks("horse", "correct horse").masked("the correct horse") == f"the {MASK}"


@pytest.mark.parametrize("text", ["", "İstanbul hunter2!", "HUNTER2!", "hunter2!hunter2!"])
def test_places_are_found_whatever_case_does_to_a_text(text: str) -> None:
    assert "hunter2" not in masks("hunter2!").masked(text).lower()


def test_a_secret_that_is_part_of_the_mask_comes_to_an_end() -> None:
    assert "hunter2" not in masks("secret", "hunter2").masked("secret hunter2")


def test_a_password_of_three_characters_is_no_secret_that_could_be_struck_out() -> None:
    """It would mask half of every line, and its digest would tell it."""
    made = Masks()

    made.learn_password("abc")

    assert made.masked("abcabc " + hashlib.md5(b"abc").hexdigest()) == "abcabc " + hashlib.md5(b"abc").hexdigest()
