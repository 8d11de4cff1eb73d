"""Who may read: TLS, passwords, and the file that says so."""
