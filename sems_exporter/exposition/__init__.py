"""Stations into bytes, in both formats, made when data change and handed over when somebody asks.

`families` says which metrics there are, `samples` which values of a station they have, and `lines` writes them.
`shelf` keeps the text of an account's stations by family and block, `gzipped` and `checksum` compress it piece by
piece, `stock` knows what age will change, `front` and `own` are the two parts of a body (the stations, and what the
exporter tells of itself), `ready` keeps whole bodies, and `demand` knows which of them are wanted.
"""

from sems_exporter.exposition.lines import Format
from sems_exporter.exposition.ready import Exposition
from sems_exporter.exposition.stock import WHOLE, Part

__all__ = ["WHOLE", "Exposition", "Format", "Part"]
