"""The exporter about itself: metrics, log lines, and what must never be in them."""
