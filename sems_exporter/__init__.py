"""Prometheus exporter for GoodWe's SEMS+ cloud."""
