#!/bin/sh
# After the files are there, for Debian (configure OLD-VERSION) and Red Hat (1 for the first, 2 for an upgrade).
set -e

if ! getent passwd sems-exporter >/dev/null; then
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers sems-exporter.conf
    else
        useradd --system --user-group --home-dir /var/lib/sems-exporter --no-create-home --shell /usr/sbin/nologin \
            sems-exporter
    fi
fi
install -d -o sems-exporter -g sems-exporter -m 0700 /var/lib/sems-exporter
# The service cannot write beside its own code, and would compile it anew at each start.
python3 -m compileall -q /usr/lib/sems-exporter || true

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart sems-exporter.service
fi
if [ ! -e /etc/sems-exporter/config.yml ]; then
    echo "sems-exporter: as root, run 'sems-exporter init', then 'systemctl enable --now sems-exporter'"
fi
