"""Samples of each minute to a receiver of Prometheus' remote write 1.0, and none lost while there is no way to it.

`sampler` takes the samples, `encoding` writes them as protobuf and `snappy` packs them, `disk_queue` keeps each request
until `target`, which sends it, was told that it arrived.
"""
