"""`python -m sems_exporter`."""

from sems_exporter.cli import main

if __name__ == "__main__":
    main()
