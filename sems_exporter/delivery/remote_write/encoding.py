"""Samples as requests of remote write 1.0: a protobuf message of four nested kinds, packed with Snappy.

    WriteRequest { repeated TimeSeries timeseries = 1; }
    TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
    Label        { string name = 1; string value = 2; }
    Sample       { double value = 1; int64 timestamp = 2; }     # milliseconds since 1970

Written by hand: the library of protobuf is a hundred times this file, and knows more versions than it is old.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from prometheus_client.parser import text_string_to_metric_families

from sems_exporter.delivery.remote_write.snappy import compress, varint

STALE = (0x7FF0000000000002).to_bytes(8, "little")
"""The NaN by which Prometheus marks the end of a series. As bytes: some processors turn it into another NaN."""
_LENGTH, _FIXED64, _VARINT = 2, 1, 0


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """The body of one request, with the instant of its samples in milliseconds and how many they are."""

    body: bytes
    timestamp: int
    samples: int


def sampled(exposition: bytes) -> dict[bytes, float]:
    """The values in a text of format 0.0.4 by series, which is written there as `name{label="value"}`."""
    found = {}
    for line in exposition.split(b"\n"):
        if line and not line.startswith(b"#"):
            series, _, value = line.rpartition(b" ")
            found[series] = float(value)
    return found


class Encoder:
    """Makes requests for one receiver. Each series gets those of `labels` that it lacks."""

    def __init__(self, labels: Iterable[tuple[str, str]], samples_per_request: int) -> None:
        self._labels = dict(labels)
        self._samples_per_request = samples_per_request
        self._known: dict[bytes, bytes] = {}

    def requests(self, values: Mapping[bytes, float], gone: Iterable[bytes], timestamp: int) -> Iterator[WriteRequest]:
        """All samples of one instant, and a mark for each series that is gone since the last."""
        instant = _number(2, timestamp)
        self._known = {series: self._known.get(series) or self._encoded(series) for series in values}
        every = (
            _message(1, labels + _message(2, _double(1, struct.pack("<d", values[series])) + instant))
            for series, labels in self._known.items()
        )
        marks = (_message(1, self._encoded(series) + _message(2, _double(1, STALE) + instant)) for series in gone)
        for entries in (every, marks):
            while batch := list(islice(entries, self._samples_per_request)):
                yield WriteRequest(compress(b"".join(batch)), timestamp, len(batch))

    def _encoded(self, series: bytes) -> bytes:
        """The labels of a series, sorted by name as the protocol wants them; an empty one is none."""
        [sample] = next(iter(text_string_to_metric_families(f"{series.decode()} 0\n"))).samples
        labels = {**self._labels, **sample.labels, "__name__": sample.name}
        return b"".join(
            _message(1, _message(1, name.encode()) + _message(2, text.encode()))
            for name, text in sorted(labels.items())
            if text
        )


def _message(field: int, content: bytes) -> bytes:
    return bytes((field << 3 | _LENGTH,)) + varint(len(content)) + content


def _double(field: int, eight: bytes) -> bytes:
    return bytes((field << 3 | _FIXED64,)) + eight


def _number(field: int, number: int) -> bytes:
    return bytes((field << 3 | _VARINT,)) + varint(number)
