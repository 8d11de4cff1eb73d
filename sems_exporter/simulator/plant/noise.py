"""Repeatable chance: numbers that depend on a seed and a place in time, never on the order of asking."""

from functools import lru_cache
from zlib import crc32

_MASK = (1 << 64) - 1
_CACHE_SIZE = 8192


@lru_cache(maxsize=_CACHE_SIZE)
def uniform(seed: int, topic: str, index: int) -> float:
    """A number in [0, 1) that is always the same for the same arguments (SplitMix64 finaliser)."""
    mixed = (seed * 0x9E3779B97F4A7C15 + crc32(topic.encode()) * 0xD1B54A32D192ED03 + index) & _MASK
    for _ in range(2):
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB & _MASK
        mixed ^= mixed >> 31
    return mixed / 2.0**64


def smooth(seed: int, topic: str, timestamp: float, period: float) -> float:
    """A curve in [0, 1) through one random value every `period` seconds."""
    place, fraction = divmod(timestamp, period)
    share = fraction / period
    share *= share * (3.0 - 2.0 * share)
    before = uniform(seed, topic, int(place))
    return before + (uniform(seed, topic, int(place) + 1) - before) * share
