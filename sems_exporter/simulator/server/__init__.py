"""The server under the dialects: requests, answers, faults, dumps."""
