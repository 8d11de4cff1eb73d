"""Writes overlays/operator/prometheusrule.yml from the rules in prometheus/rules; needs nothing but Python."""  # noqa: INP001

from pathlib import Path

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "prometheus" / "rules"
TARGET = HERE / "overlays" / "operator" / "prometheusrule.yml"
HEAD = """\
# For the Prometheus Operator. Written by deploy/kubernetes/prometheusrule.py from prometheus/rules; change them there.
# Give it the labels that your Prometheus selects rules by, often `release: ...`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sems-exporter
  labels:
    app.kubernetes.io/name: sems-exporter
spec:
  groups:
"""


def groups(text: str) -> str:
    """The groups of a rule file, deeper by the two columns of `spec`; as text, so that comments come along."""
    _, _, found = text.partition("\ngroups:\n")
    return "".join(f"  {line}" if line.strip() else line for line in found.splitlines(keepends=True))


def document() -> str:
    """The whole manifest."""
    return HEAD + "\n".join(groups((RULES / name).read_text("utf-8")) for name in ("recording.yml", "alerts.yml"))


if __name__ == "__main__":
    TARGET.write_text(document(), "utf-8")
