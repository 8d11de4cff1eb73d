"""SEMS+, the dialect of the portal since 2026."""
