#!/bin/sh
# After the files are gone. Settings, password and state stay until Debian is told to purge.
set -e

if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ "$1" = purge ]; then
    rm -rf /var/lib/sems-exporter
    rm -f /etc/sems-exporter/config.yml /etc/sems-exporter/password
    rmdir /etc/sems-exporter 2>/dev/null || true
fi
