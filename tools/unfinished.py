"""An addition that is half done: a generator says what is missing instead of writing a page with a gap."""


class Unfinished(Exception):
    """Something is declared that another place has to know too; the message names both."""
