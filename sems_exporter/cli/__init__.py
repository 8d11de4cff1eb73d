"""The commands: what each does, and what it tells a person."""
