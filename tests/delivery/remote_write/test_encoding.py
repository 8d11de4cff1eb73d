"""Requests as they go out, read by a decoder that was written apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.delivery.remote_write.encoding import Encoder, sampled
from sems_exporter.delivery.remote_write.snappy import compress
from tests.delivery.remote_write.receiver import points, unpacked

EXPOSITION = b"""# HELP sems_up 1 if the latest refresh reached the portal and read a station.
# TYPE sems_up gauge
sems_up 1.0
sems_station_info{station="plant-1",name="The \\"old\\" mill\\\\\\nby the \xc3\xb6re"} 1.0
sems_refresh_duration_seconds_bucket{le="+Inf"} 7.0
sems_pv{station="plant-1",empty=""} -1.5e-07
sems_odd NaN
"""
PIECES = st.sampled_from([b"station=", b"\0" * 70, b"abcdefgh", b"x", bytes(range(256))])


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)))
def test_what_was_packed_is_unpacked_again(data: bytes) -> None:
    assert unpacked(compress(data)) == data


def test_what_repeats_itself_beyond_the_reach_of_a_reference_is_whole_too() -> None:
    data = bytes(range(256)) * 2 + b"\x01\x02\x03" * 30_000 + bytes(range(256)) + bytes(70_000)

    assert unpacked(compress(data)) == data
    assert len(compress(data)) < len(data) / 15


def test_each_sample_goes_out_with_its_labels_escapes_undone_and_the_instant() -> None:
    encoder = Encoder([("job", "sems"), ("instance", "pi:10736")], 1000)

    [request] = encoder.requests(sampled(EXPOSITION), [], 1_781_085_600_123)

    found = points(request.body)
    assert {(point.series, point.value) for point in found if point.series != "sems_odd"} == {
        ("sems_up", 1.0),
        ('sems_station_info{name="The "old" mill\\\nby the öre",station="plant-1"}', 1.0),
        ('sems_refresh_duration_seconds_bucket{le="+Inf"}', 7.0),
        ('sems_pv{station="plant-1"}', -1.5e-07),
    }
    assert {point.timestamp for point in found} == {1_781_085_600_123}
    assert request.samples == len(found) == 5


def test_a_number_that_is_none_is_no_mark() -> None:
    [request] = Encoder([], 10).requests({b"sems_odd": float("nan")}, [], 0)

    [point] = points(request.body)
    assert point.value is not None


def test_labels_of_the_settings_give_way_to_those_of_the_sample() -> None:
    encoder = Encoder([("station", "mine"), ("site", "Hill")], 10)

    [request] = encoder.requests({b'sems_x{station="plant-1"}': 1.0}, [], 0)

    assert [point.series for point in points(request.body)] == ['sems_x{site="Hill",station="plant-1"}']


def test_a_series_that_is_gone_is_ended() -> None:
    [values, marks] = Encoder([], 10).requests({b"sems_up": 1.0}, [b'sems_pv{station="x"}'], 5)

    assert [point.value for point in points(values.body)] == [1.0]
    assert points(marks.body) == [('sems_pv{station="x"}', None, 5)]


@pytest.mark.parametrize("series, sizes", [(99, [99]), (100, [100]), (250, [100, 100, 50])])
def test_a_request_has_no_more_samples_than_is_set(series: int, sizes: list[int]) -> None:
    values = {f"sems_x{number}".encode(): 1.0 for number in range(series)}

    requests = list(Encoder([], 100).requests(values, [], 0))

    assert [request.samples for request in requests] == sizes
    assert len({point.series for request in requests for point in points(request.body)}) == series
