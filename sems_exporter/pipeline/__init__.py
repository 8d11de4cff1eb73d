"""A decoded station in, a trustworthy one out: counters, sums, age, and what follows from the rest."""
