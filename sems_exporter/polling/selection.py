"""Which stations of an account are read: named or left out by id, or by a pattern of their names."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from sems_exporter.portal import StationRef

MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """The stations to read, and the words of the settings that no station answers to.

    `examples` names some of the account's stations, for whoever has to correct such a word.
    """

    stations: tuple[StationRef, ...]
    missing: tuple[str, ...] = ()
    excluding_nothing: tuple[str, ...] = ()
    examples: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids or patterns of what to read, all where empty, and of what not to read, which wins."""

    wanted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def of(self, listed: Iterable[StationRef]) -> Choice:
        """Select what of the account's list is read."""
        refs = {ref.id: ref for ref in listed}
        wanted = {word: _answering(word, refs.values()) for word in self.wanted}
        excluded = {word: _answering(word, refs.values()) for word in self.excluded}
        chosen = [key for keys in wanted.values() for key in keys] if self.wanted else list(refs)
        left_out = {key for keys in excluded.values() for key in keys}
        return Choice(
            tuple(refs[key] for key in dict.fromkeys(chosen) if key not in left_out),
            tuple(word for word, keys in wanted.items() if not keys),
            tuple(word for word, keys in excluded.items() if not keys),
            _examples(list(refs.values())),
        )


def _examples(refs: list[StationRef]) -> str:
    named = ", ".join(f"{ref.id} ({ref.name})" if ref.name else ref.id for ref in refs[:MOST_EXAMPLES]) or "none"
    return f"{named} and {len(refs) - MOST_EXAMPLES} more" if len(refs) > MOST_EXAMPLES else named


def _answering(word: str, refs: Iterable[StationRef]) -> list[str]:
    return [ref.id for ref in refs if _answers(word.casefold(), ref)]


def _answers(word: str, ref: StationRef) -> bool:
    """Tell whether `word` is the station's id or name, or a shell pattern of its name; case does not matter."""
    name = (ref.name or "").casefold()
    return word in (ref.id.casefold(), name) or fnmatchcase(name, word)
