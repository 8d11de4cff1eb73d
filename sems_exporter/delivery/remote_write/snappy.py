"""The block format of Snappy, which remote write prescribes, as far as packing goes.

An own one, because the known library, cramjam, has no wheels for the stable interface of Python, which the packages for
small boards are built of, and because samples of a minute are packed in a few milliseconds all the same. The format is
frozen: https://github.com/google/snappy/blob/main/format_description.txt
"""

LEAST_MATCH = 8
"""Bytes that have to be the same for a reference to be worth it."""
FARTHEST = 65535
LONGEST_COPY = 64
LONGEST_SHORT_LITERAL = 60
_COPY, _LONG_LITERAL = 2, 62 << 2


def compress(data: bytes) -> bytes:
    """`data` as one block: what stood there before is referred to, greedily."""
    out = bytearray(varint(len(data)))
    seen: dict[bytes, int] = {}
    begin = position = 0
    while position <= len(data) - LEAST_MATCH:
        key = data[position : position + LEAST_MATCH]
        before = seen.get(key)
        seen[key] = position
        if before is None or position - before > FARTHEST:
            position += 1
            continue
        length = LEAST_MATCH
        while position + length < len(data) and data[before + length] == data[position + length]:
            length += 1
        _add_literal(out, data[begin:position])
        _add_copies(out, position - before, length)
        begin = position = position + length
    _add_literal(out, data[begin:])
    return bytes(out)


def varint(number: int) -> bytes:
    """A number in pieces of seven bits, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _add_literal(out: bytearray, piece: bytes) -> None:
    for start in range(0, len(piece), 1 << 24):
        part = piece[start : start + (1 << 24)]
        if len(part) <= LONGEST_SHORT_LITERAL:
            out.append((len(part) - 1) << 2)
        else:
            out.append(_LONG_LITERAL)
            out += (len(part) - 1).to_bytes(3, "little")
        out += part


def _add_copies(out: bytearray, offset: int, length: int) -> None:
    for start in range(0, length, LONGEST_COPY):
        out.append((min(LONGEST_COPY, length - start) - 1) << 2 | _COPY)
        out += offset.to_bytes(2, "little")
