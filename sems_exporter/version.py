"""The version of the installed package; pyproject.toml is the only place that states it."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """The installed version of the exporter."""
    try:
        return version("sems-exporter")
    except PackageNotFoundError:
        return "unknown"
