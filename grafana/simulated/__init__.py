"""Days of simulated plants in a real Prometheus, without waiting for them: for tests and pictures."""
