// Dashboards and rules as a monitoring mixin: nothing is written here, all is taken from the files that everybody uses.
// Vendor the whole repository, since the files are above this folder.
{
  grafanaDashboards+:: {
    'sems-alarms.json': import '../../grafana/dashboards/alarms.json',
    'sems-battery.json': import '../../grafana/dashboards/battery.json',
    'sems-devices.json': import '../../grafana/dashboards/devices.json',
    'sems-energy.json': import '../../grafana/dashboards/energy.json',
    'sems-exporter.json': import '../../grafana/dashboards/exporter.json',
    'sems-fleet.json': import '../../grafana/dashboards/fleet.json',
    'sems-home.json': import '../../grafana/dashboards/home.json',
    'sems-home-without-battery.json': import '../../grafana/dashboards/home-without-battery.json',
    'sems-home-without-meter.json': import '../../grafana/dashboards/home-without-meter.json',
    'sems-inverter.json': import '../../grafana/dashboards/inverter.json',
    'sems-money.json': import '../../grafana/dashboards/money.json',
    'sems-phone.json': import '../../grafana/dashboards/phone.json',
  },
  prometheusAlerts+:: std.parseYaml(importstr '../../prometheus/rules/alerts.yml'),
  prometheusRules+:: std.parseYaml(importstr '../../prometheus/rules/recording.yml'),
}
