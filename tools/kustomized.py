"""Checks what kustomize makes of the base, of each overlay and of the dashboards against the schemas of Kubernetes."""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
KUBERNETES = ROOT / "deploy" / "kubernetes"
BIN = Path(sys.executable).parent
OF_OTHERS = "monitoring.coreos.com/"
"""Kinds of the Prometheus Operator, of which Kubernetes has no schema."""


def main() -> None:
    """End with what is wrong, if something is."""
    for folder in (KUBERNETES / "base", *sorted((KUBERNETES / "overlays").iterdir()), ROOT / "grafana"):
        made = _output(BIN / "kubectl", "kustomize", folder)
        known = [one for one in yaml.safe_load_all(made) if not one["apiVersion"].startswith(OF_OTHERS)]
        with tempfile.TemporaryDirectory() as work:
            file = Path(work) / f"{folder.name}.yml"
            file.write_text(yaml.safe_dump_all(known), "utf-8")
            _output(BIN / "kubernetes-validate", "--strict", file)


def _output(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
