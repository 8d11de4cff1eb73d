"""A language that nobody speaks, to see what is not translated and what becomes too long."""

import re

_KEPT = re.compile(r"(\{\{.*?\}\}|\{\w*\}|\$\w+|`[^`]*`)")
"""Placeholders, and what stands in code."""
_LETTERS = str.maketrans("aceiknosuyzACEIKNOSUYZ", "áčéíķñőšúýžÁČÉÍĶÑŐŠÚÝŽ")
_LONGER = 0.2
"""About as much as most texts need in the longest of the real languages."""


def pseudo(text: str, _context: str | None = None) -> str:
    """The text with accents and in brackets, longer by tildes after its first word."""
    parts = _KEPT.split(text)
    strange = "".join(part if number % 2 else part.translate(_LETTERS) for number, part in enumerate(parts))
    length = len("".join(parts[::2]))
    first, space, rest = strange.partition(" ")
    return f"[{first}{'~' * max(0, round(length * _LONGER - 2))}{space}{rest}]"
