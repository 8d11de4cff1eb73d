"""`doctor`: whether Prometheus, Alertmanager and the dashboards do their part, each finding with a way out."""
