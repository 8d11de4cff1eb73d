"""What a person is told on a terminal, which obeys some characters."""


def legible(text: str) -> str:
    """`text` on one line, without what moves a terminal's cursor or cannot be encoded; names come from the portal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
