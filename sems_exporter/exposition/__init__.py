"""Stations into bytes, in both formats.

`families` says which metrics there are, `samples` which values of a station they have, and `text_format` writes them.
`renderer` joins and compresses them into bodies, `self_metrics` are the lines that the exporter adds about itself,
`expiry_queue` knows what age will change, and `prefetch` when the next scrape will come.
"""

from sems_exporter.exposition.renderer import ALL_SERIES, Renderer, SeriesFilter
from sems_exporter.exposition.text_format import Format

__all__ = ["ALL_SERIES", "Format", "Renderer", "SeriesFilter"]
