"""Secrets are struck out of any text, however they are spelled there."""

import base64
import hashlib
import html
import json
import math
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.masks import MASK, Masks

SECRETS = ["hunter2!", 'pa"ss wörd', "back\\slash", "it's &=?% <done>", "päß☀", "a/b+c d", "0123456789abcdef" * 2]


def masks(*secrets: str) -> Masks:
    made = Masks()
    made.learn(*secrets)
    return made


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


def test_of_a_sign_in_answer_everything_is_secret_but_the_portals_own_words() -> None:
    known = Masks()
    known.learn_session("me", {"uid": "u-4711", "token": "t-4711", "client": "semsPlusWeb", "more": [{"x": "cookie"}]})

    assert known.masked("u-4711 t-4711 cookie semsPlusWeb") == f"{MASK} {MASK} {MASK} semsPlusWeb"


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
