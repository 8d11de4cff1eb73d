"""One gzip member from pieces that were compressed apart (RFC 1951, RFC 1952).

A piece ends with a full flush: on a byte, and without a look back across it. So pieces can be replaced and joined like
plain text. Several members in a row would be simpler, but not every client reads on behind the first.
"""

import zlib

from sems_exporter.exposition.checksum import Sum

HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""gzip, deflated, no name, no time, unknown system."""
END = b"\x03\x00"
"""The last block of a member, with nothing in it."""

BEST = 6
QUICK = 1
"""Level for pieces of a few kilobytes, where a higher one gains 1 % for half as much time again."""


def deflated(text: bytes, level: int) -> bytes:
    """`text` as a piece of a member."""
    if not text:
        return b""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)


def trailer(total: Sum) -> bytes:
    """What follows after the last block: checksum and length of the whole text."""
    return total.crc.to_bytes(4, "little") + (total.length & 0xFFFFFFFF).to_bytes(4, "little")
