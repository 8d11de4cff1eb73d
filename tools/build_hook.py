"""What a wheel has beside the files of this repository: the dashboards in other languages than English."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    """Makes the dashboards from their source and the catalogues while the wheel is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the dashboards as further files of the wheel; whoever works in a checkout makes them by `make`."""
        self._folder = Path(tempfile.mkdtemp(prefix="sems-exporter-dashboards-"))
        if version == "editable":
            return
        os.environ.pop("MONITORING_VALUES", None)  # nobody else's thresholds
        sys.path.insert(0, self.root)
        from grafana.build.__main__ import write  # noqa: PLC0415 - found in this source alone, by the line above
        from languages import LANGUAGES  # noqa: PLC0415

        for language in LANGUAGES:
            write(self._folder / language, language)
            build_data["force_include"][str(self._folder / language)] = f"sems_exporter/share/dashboards-{language}"

    def finalize(self, *_: object) -> None:
        """Remove what is in the wheel now."""
        shutil.rmtree(self._folder)
