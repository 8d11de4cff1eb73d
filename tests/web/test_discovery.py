"""Parts of the metrics, and the list of them that Prometheus asks for."""

import json

import pytest

from sems_exporter.exposition import ALL_SERIES, SeriesFilter
from sems_exporter.web.http.messages import Refused, Request, Scope, part_of
from tests.homes import home
from tests.serving import Site
from tests.web.test_app import ask


def request(query: bytes) -> Request:
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
    return Request(scope)


class TestParts:
    """What the query of a scrape can name."""

    @pytest.mark.parametrize(
        "query, part",
        [
            (b"", ALL_SERIES),
            (b"station=plant-1", SeriesFilter(station="plant-1")),
            (b"station=a%26b%20%C3%BC", SeriesFilter(station="a&b ü")),
            (b"account=north", SeriesFilter(account="north")),
            (b"account=", SeriesFilter(account="")),
            (b"only=exporter", SeriesFilter(exporter=True)),
        ],
    )
    def test_a_station_an_account_or_the_exporter(self, query: bytes, part: SeriesFilter) -> None:
        assert part_of(request(query)) == part

    @pytest.mark.parametrize(
        "query",
        [
            b"x=1",
            b"station=a&station=a",
            b"station=a&x=1",
            b"station=a&account=b",
            b"only=stations",
            b"only=",
            b"Station=a",
            b"&".join(b"station=%d" % number for number in range(50)),
        ],
    )
    def test_anything_else_is_refused(self, query: bytes) -> None:
        with pytest.raises(Refused) as caught:
            part_of(request(query))

        assert caught.value.response.status == 400

    def test_a_part_is_served(self) -> None:
        application = Site(home(), home(key="plant-2")).application

        _, _, body = ask(application, "/metrics?station=plant-2")
        _, _, own = ask(application, "/metrics?only=exporter")

        assert b'{station="plant-2"}' in body
        assert b"plant-1" not in body
        assert b"sems_build_info" in own
        assert b"plant-" not in own

    @pytest.mark.parametrize("query", ["station=plant-3", "station=", "account=south"])
    def test_a_name_nobody_knows_is_not_found(self, query: str) -> None:
        assert ask(Site(home()).application, f"/metrics?{query}")[0] == 404


class TestTargets:
    """The list."""

    def targets(self, site: Site, path: str = "/sd", host: str = "sems:10736", scheme: str = "http") -> object:
        status, headers, body = ask(site.application, path, "GET", ("host", host), scheme=scheme)
        assert (status, headers["content-type"]) == (200, "application/json")
        return json.loads(body)

    def test_it_has_each_station_and_the_exporter(self) -> None:
        found = self.targets(Site(home()))

        assert found == [
            {
                "targets": ["sems:10736"],
                "labels": {
                    "__metrics_path__": "/metrics",
                    "part": "plant-1",
                    "__param_station": "plant-1",
                    "__meta_sems_station": "plant-1",
                    "__meta_sems_station_name": "Home",
                    "__meta_sems_account": "",
                },
            },
            {
                "targets": ["sems:10736"],
                "labels": {"__metrics_path__": "/metrics", "part": "exporter", "__param_only": "exporter"},
            },
        ]

    def test_the_one_account_of_plain_settings_is_scraped_whole(self) -> None:
        found = self.targets(Site(home(), home(key="plant-2")), "/sd?by=account")

        assert found == [{"targets": ["sems:10736"], "labels": {"__metrics_path__": "/metrics"}}]

    def test_accounts_with_names_are_scraped_one_by_one_whether_they_show_stations_or_not(self) -> None:
        site = Site(accounts=["a", "b"])

        found = self.targets(site, "/sd?by=account")

        assert isinstance(found, list)
        labels = [group["labels"] for group in found]
        assert [label.get("__param_account") for label in labels] == ["a", "b", None]
        assert [label.get("__param_only") for label in labels] == [None, None, "process"]
        assert [label["part"] for label in labels] == ["a", "b", "process"]

    def test_over_tls_the_scheme_is_said(self) -> None:
        found = self.targets(Site(), host="sems", scheme="https")

        assert isinstance(found, list)
        assert found[0]["targets"] == ["sems:443"]
        assert found[0]["labels"]["__scheme__"] == "https"

    @pytest.mark.parametrize(
        "host, target", [("192.0.2.1", "192.0.2.1:80"), ("[::1]:10736", "[::1]:10736"), ("[::1]", "[::1]:80")]
    )
    def test_hosts_of_all_kinds(self, host: str, target: str) -> None:
        found = self.targets(Site(), host=host)

        assert isinstance(found, list)
        assert found[0]["targets"] == [target]

    @pytest.mark.parametrize("host", ["", "a b", "sems:port", "http://sems", "sems/x", "[::1", "x" * 300, "a,b", "ü"])
    def test_a_host_that_is_none_is_not_repeated(self, host: str) -> None:
        status, _, body = ask(Site().application, "/sd", "GET", ("host", host))

        assert (status, b"name or an address" in body) == (400, True)

    def test_an_address_that_is_set_counts_more_than_the_host(self) -> None:
        site = Site(telemetry_path="/m", external_url="https://example.com/solar")

        found = self.targets(site, host="")

        labels = {"__metrics_path__": "/solar/m", "__scheme__": "https", "part": "exporter", "__param_only": "exporter"}
        assert found == [{"targets": ["example.com:443"], "labels": labels}]

    @pytest.mark.parametrize("query", ["by=city", "to=station", "by=station&by=account"])
    def test_what_it_does_not_know_is_refused(self, query: str) -> None:
        assert ask(Site().application, f"/sd?{query}", "GET", ("host", "sems"))[0] == 400
