"""One account among all its processes: session, login throttle, rate limiter, lock, and what is kept on disk."""
