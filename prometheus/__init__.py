"""The alerting side: rules for Prometheus from their source, and what makes them."""
