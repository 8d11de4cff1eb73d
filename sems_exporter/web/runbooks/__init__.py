"""A page for each alert that says what to do, as Markdown beside this file and as HTML at /runbooks/NAME."""
