"""No content of a configuration file ends the program but with a sentence, or takes a time that anybody notices."""

import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from sems_exporter.cli import commands, serve
from sems_exporter.config import accounts, yaml_file
from sems_exporter.config.options import SETTINGS
from sems_exporter.config.yaml_file import KeyTwice, NotYaml, document
from sems_exporter.errors import SettingError
from sems_exporter.web.security.reload import WebConfigFile
from sems_exporter.web.security.tls import KEYS
from tests.web.certificates import HASH

KINDS = ("bool", "int", "float", "timestamp", "binary", "null", "str", "set", "omap", "pairs", "seq", "map", "merge")
TAGS = ("", *(f"!!{name} " for name in KINDS))
WORDS = (
    *("", "maybe", "x", "1:30", "017", "0x1F", "1_000", ".inf", "-.inf", ".nan", "1e400", "1.0e+400", "9" * 5000),
    *(
        "2026-13-45",
        "2026-01-01",
        "yes",
        "null",
        "~",
        "'",
        '"\\0"',
        '"\\ud800"',
        '"\\x1b[2J"',
        "*nobody",
        "&a b",
        "&a [*a]",
    ),
    *(
        "[a, b]",
        "[[1]]",
        "{a: b}",
        "{a}",
        "{<<: {a: 1}}",
        "{<<: 3}",
        "? [1, 2]",
        "{[1, [2]]: 3}",
        "{{}: 1}",
        "|\n",
        HASH,
    ),
)
VALUES = st.builds(str.__add__, st.sampled_from(TAGS), st.sampled_from(WORDS) | st.text(max_size=8))
MAIN_KEYS = [*(setting.key for setting in SETTINGS), "password", "accounts", "<<"]
WEB_KEYS = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit", "<<"]
INNER_KEYS = [*KEYS, "headers", "http2", "alice", "name", "account", *accounts.BY_KEY, "password"]


def mapping(keys: list[str], values: st.SearchStrategy[str], indent: str) -> st.SearchStrategy[str]:
    lines = st.tuples(st.sampled_from(keys), values).map(lambda pair: f"{indent}{pair[0]}: {pair[1]}\n")
    return st.lists(lines, max_size=4).map("".join)


def texts(keys: list[str]) -> st.SearchStrategy[bytes]:
    """Documents that look like a configuration, and others."""
    inner = mapping(INNER_KEYS, VALUES, "  ").map(lambda text: f"\n{text}")
    entry = mapping(INNER_KEYS, VALUES, "    ").map(lambda text: f"\n  -\n{text}")
    likely = mapping(keys, VALUES | inner | entry, "")
    spoilt = st.binary(max_size=4)
    marks = st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
    return st.builds(lambda *parts: b"".join(parts), marks, likely.map(_encoded), spoilt) | st.binary(max_size=60)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def deep(opening: str) -> bytes:
    return (opening * (yaml_file.LARGEST // len(opening))).encode()


BOMBS = {
    "brackets": deep("["),
    "braces": deep("{a: "),
    "dashes": deep("- "),
    "question marks": deep("? "),
    "tags": deep("!!seq ["),
    "anchors": deep("&a "),
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(20_000)),
    "one key": deep("k: 1\n"),
    "many lists": deep("- [a, b]\n"),
    "aliases": b"a: &a x\nb: [" + b"*a, " * 60_000 + b"]\n",
    "laughs": b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (b + 1, b + 1, b, b) for b in range(97, 121)),
    "merges": b"a: &a {x: 1, y: 2}\n"
    + b"".join(b"%c: &%c {<<: [%s]}\n" % (b + 1, b + 1, b", ".join([b"*%c" % b] * 9)) for b in range(97, 121)),
    "a line": b"a: " + b"x" * 200_000,
    "quotes": b"a: '" + b"''" * 100_000,
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=list(BOMBS))
def test_no_document_takes_long_or_ends_in_a_fault(content: bytes) -> None:
    """What can be made of a quarter of a megabyte."""
    assert len(content) <= yaml_file.LARGEST

    with contextlib.suppress(KeyTwice, NotYaml):
        document(content)


@pytest.mark.parametrize(
    "content, where",
    [
        (b"a: 1\nb: !!bool maybe\n", ", line 2, column 4"),
        (b"a: 1\nb: !!timestamp x\n", ", line 2, column 4"),
        (b"a: 1\nb: " + b"9" * 5000, ", line 2, column 4"),
        (b"a: 1\nb: 2026-13-45\n", ", line 2, column 4"),
        (b"a: 1\n[1, [2]]: 3\n", ", line 2, column 1"),
        (b'a: 1\nb: "\\0"\n', ", line 2, column 4"),
        ("a: ä\nb: ä\nc: \0\n".encode(), ", line 3"),
        (b"a: 1\nb: caf\xe9\n", ", line 2"),
        (b"\xff\xfe\n\0a", ", line 2"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(content: bytes, where: str) -> None:
    with pytest.raises(NotYaml) as caught:
        document(content)

    assert caught.value.where == where


@pytest.mark.parametrize(
    "text, value",
    [("90", 90), ("-1.5", -1.5), ("1.5e+3", 1500.0), ("1:30", "1:30"), ("017", "017"), ("0x1F", "0x1F"), ("1_0", "1_0"),
     (".inf", ".inf"), (".nan", ".nan"), ("1.0e+400", "1.0e+400"), ("1:30.5", "1:30.5"), ("yes", True)],
)  # fmt: skip
def test_a_number_is_what_everybody_takes_for_one(text: str, value: object) -> None:
    """YAML alone reads 1:30 as 90, and 017 as 15."""
    found = document(f"a: {text}\n".encode())

    assert found == {"a": value}


@tries(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=texts(MAIN_KEYS))
def test_any_configuration_file_serves_or_ends_in_one_line_and_exit_code_2(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sems.yml"
    path.write_bytes(content)
    monkeypatch.setattr(serve, "serve", lambda _: None)
    said = io.StringIO()

    with contextlib.redirect_stderr(said), pytest.raises(SystemExit) as ended:
        commands.main([f"--config.file={path}"])

    assert ended.value.code in (0, 2)
    if ended.value.code == 2:
        assert said.getvalue().startswith("sems-exporter: ")
        assert is_one_line(said.getvalue())


def is_one_line(said: str) -> bool:
    """Whether a message is one a terminal shows as it is, and a person reads to its end."""
    return said.endswith("\n") and said[:-1].isprintable() and len(said) < 3000


@pytest.mark.parametrize("option", ["--config.file", "--web.config.file"])
@pytest.mark.parametrize(
    "text",
    [
        '"\\e[31mred\\nlevel=info msg=\\"all is well\\"": 1',
        '"\\u202egnp.exe": 1',
        "? '" + "k" * 200_000 + "'\n: 1",
        "interval: '" + "9" * 200_000 + "'",
        'interval: "\\e[2Jnow\\n"',
        "basic_auth_users: {'" + "u" * 200_000 + "': x}",
        "accounts: [{name: '" + "n" * 200_000 + "', account: a, password: p, '\\e': 1}]",
    ],
    ids=["escape", "turned", "long key", "long value", "escape in a value", "long user", "long entry"],
)
def test_what_is_repeated_of_a_file_is_short_and_moves_no_cursor(tmp_path: Path, option: str, text: str) -> None:
    path = tmp_path / "sems.yml"
    path.write_text(text)
    said = io.StringIO()

    with contextlib.redirect_stderr(said), pytest.raises(SystemExit) as ended:
        commands.main(["demo", f"{option}={path}"] if option == "--web.config.file" else [f"{option}={path}"])

    assert ended.value.code == 2
    assert is_one_line(said.getvalue())


@tries(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=texts(WEB_KEYS))
def test_any_web_configuration_is_taken_or_refused(content: bytes, tmp_path: Path) -> None:
    """At the start with a setting error, while the program runs without any change."""
    path, good = tmp_path / "web.yml", f"basic_auth_users: {{alice: {HASH}}}\n"
    path.write_bytes(content)
    with contextlib.suppress(SettingError):
        WebConfigFile(path, lambda **_: None)

    path.write_text(good)
    config = WebConfigFile(path, lambda **_: None)
    path.write_bytes(content)
    config.renew(anyway=True)

    assert config.current.basic_auth.asks
