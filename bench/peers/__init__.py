"""Servers that the exporter is measured beside, each with the same families; what is absent is left out."""
