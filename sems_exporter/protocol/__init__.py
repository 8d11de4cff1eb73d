"""What the portal calls things, as data: three files of the package, and one of the user's that is laid over them.

`portal.toml`, `semsplus.toml` and `classic.toml` hold hosts, paths, identities, recipes, codes and tables. `shapes`
checks them against named tuples, `semsplus` and `classic` say which, `loading` puts them together, and `in_use` hands
out what counts now, which a changed file replaces while the program runs.
"""

from sems_exporter.protocol.in_use import cached, classic, current, semsplus, use
from sems_exporter.protocol.loading import Protocol, load, packaged

__all__ = ["Protocol", "cached", "classic", "current", "load", "packaged", "semsplus", "use"]
