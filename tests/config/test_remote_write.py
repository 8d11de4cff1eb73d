"""The list `remote_write`: Prometheus' keys, and where a mistake is said to be."""

from pathlib import Path

import pytest
import trustme
import yaml

from sems_exporter.config.remote_write import QueueSettings, load_remote_write
from sems_exporter.errors import SettingError

URL = "https://mimir.example.com/api/v1/push"
LEAST = {"url": URL}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text("correct horse")
    return str(path)


def test_an_address_is_enough() -> None:
    [found] = load_remote_write([LEAST])

    assert (found.name, found.url, found.timeout, found.secret) == ("mimir.example.com", URL, 30.0, None)
    assert found.queue == QueueSettings(2000, 1.0, 60.0, 172_800.0, 268_435_456)


def test_the_block_of_prometheus_is_understood(secret: str, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(ca := str(tmp_path / "ca.pem"))
    document = yaml.safe_load(f"""
- url: {URL}
  name: cloud
  remote_timeout: 20s
  headers: {{ X-Scope-OrgID: home }}
  basic_auth: {{ username: "12345", password_file: {secret} }}
  tls_config: {{ ca_file: {ca} }}
  queue_config: {{ max_samples_per_send: 500, min_backoff: 5s, max_backoff: 5m, sample_age_limit: 7d }}
  labels: {{ job: solar, instance: hut }}
""")

    [found] = load_remote_write(document)

    assert found.basic is not None
    assert (found.basic.username, found.basic.password.reveal()) == ("12345", "correct horse")
    assert (found.name, found.timeout, found.headers) == ("cloud", 20.0, (("X-Scope-OrgID", "home"),))
    assert found.queue == QueueSettings(500, 5.0, 300.0, 604_800.0)
    assert found.labels == (("job", "solar"), ("instance", "hut"))


@pytest.mark.parametrize(
    "told, place",
    [
        ({}, "remote_write"),
        ([LEAST | {"send_exemplars": True}], "remote_write[0].send_exemplars"),
        ([{}], "remote_write[0].url"),
        ([{"url": "ftp://x/y"}], "remote_write[0].url"),
        ([{"url": "https://me:correct horse@x/y"}], "remote_write[0].url"),
        ([LEAST, LEAST], "remote_write[1].name"),
        ([LEAST | {"remote_timeout": "10m"}], "remote_write[0].remote_timeout"),
        ([LEAST | {"basic_auth": {"username": "me"}}], "remote_write[0].basic_auth"),
        ([LEAST | {"basic_auth": {"password": "correct horse"}}], "remote_write[0].basic_auth.password"),
        ([LEAST | {"authorization": {"credentials": "correct horse"}}], "remote_write[0].authorization.credentials"),
        ([LEAST | {"authorization": {"type": "Bearer"}}], "remote_write[0].authorization.credentials_file"),
        ([LEAST | {"bearer_token": "correct horse"}], "remote_write[0].bearer_token"),
        ([LEAST | {"write_relabel_configs": []}], "remote_write[0].write_relabel_configs"),
        ([LEAST | {"headers": {"Authorization": "x"}}], "remote_write[0].headers.Authorization"),
        ([LEAST | {"headers": {"X-A": "a\r\nX-B: b"}}], "remote_write[0].headers.X-A"),
        ([LEAST | {"headers": {"X A": "b"}}], "remote_write[0].headers.X A"),
        ([LEAST | {"queue_config": {"max_shards": 5}}], "remote_write[0].queue_config.max_shards"),
        ([LEAST | {"queue_config": {"max_samples_per_send": 1}}], "remote_write[0].queue_config.max_samples_per_send"),
        ([LEAST | {"queue_config": {"min_backoff": "2m"}}], "remote_write[0].queue_config.min_backoff"),
        ([LEAST | {"labels": {"__name__": "x"}}], "remote_write[0].labels.__name__"),
        ([LEAST | {"labels": {"job": ""}}], "remote_write[0].labels.job"),
        ([LEAST | {"labels": ["job"]}], "remote_write[0].labels"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_secrets(told: object, place: str) -> None:
    with pytest.raises(SettingError) as wrong:
        load_remote_write(told)

    assert str(wrong.value).startswith(f"{place}: ")
    assert "horse" not in str(wrong.value)


def test_who_writes_is_told_in_one_way_only(secret: str) -> None:
    both = {"basic_auth": {"username": "me", "password_file": secret}, "authorization": {"credentials_file": secret}}

    with pytest.raises(SettingError, match=r"^remote_write\[0\]: basic_auth and authorization exclude each other"):
        load_remote_write([LEAST | both])


def test_a_password_that_everybody_on_the_way_can_read_is_warned_of(secret: str) -> None:
    login = {"basic_auth": {"username": "me", "password_file": secret}}

    def warned(told: object) -> bool:
        return bool(load_remote_write([told])[0].warning)

    assert warned({"url": "http://mimir.example.com/push", **login})
    assert not warned({"url": "http://mimir.example.com/push"})
    assert not warned({"url": "http://127.0.0.1:9090/api/v1/write", **login})
    assert not warned({**LEAST, **login})
