"""Who of several gets what, so that all who ask find the same without a word to each other (rendezvous hashing).

Each name goes to the member whose hash with it is the highest. A member that comes takes from the others only what is
its own from then on; what one that goes has had is spread over the rest.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable


def chosen(name: str, members: Iterable[str]) -> str:
    """The member that `name` goes to; raises ValueError where there is none."""
    return max(members, key=lambda member: _weight(name, member))


def spread(names: Collection[str], members: Collection[str]) -> dict[str, str]:
    """The member that each name goes to, so that no two members differ by more than one name; {} without members."""
    if not members:
        return {}
    fewest, left_over = divmod(len(names), len(members))
    count: Counter[str] = Counter()
    found: dict[str, str] = {}
    for name in sorted(names):
        full = sum(number > fewest for number in count.values()) >= left_over
        most = fewest if full else fewest + 1
        found[name] = chosen(name, [member for member in members if count[member] < most])
        count[found[name]] += 1
    return found


def _weight(name: str, member: str) -> bytes:
    return hashlib.sha256(f"{member}\n{name}".encode()).digest()
