"""The HTTP server: uvicorn behind a listener of our own, within limits."""
