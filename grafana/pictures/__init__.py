"""Pictures of the dashboards: `python -m grafana.pictures` draws their JSON with real answers of Prometheus.

There is no Grafana in it, only Grafana's own components in a browser; the few panels that these lack are approximated.
Needed beside the tools of the tests: Prometheus, Chromium, Node.js, and `npm ci` in this folder.
"""
