"""What the outside sees: metrics, the status page, health."""
