#!/bin/sh
# Before the files go: Debian says remove or upgrade, Red Hat 0 when the last version goes.
set -e

case "$1" in
    remove | 0)
        if [ -d /run/systemd/system ]; then
            systemctl disable --now sems-exporter.service
        fi
        ;;
esac
find /usr/lib/sems-exporter -depth -type d -name __pycache__ -exec rm -rf {} +
