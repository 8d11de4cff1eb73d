"""What can be set, how flags, environment and file say it, and where the password comes from."""
