"""What is measured: the declarations that names, checks, pages and exposition follow from."""
