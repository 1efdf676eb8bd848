# Runs as root inside a fresh root file system: makes it one that boots cleanly as a practice node.

# Identity is per node.
rm -f /etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf /var/lib/dbus/machine-id
: > /etc/machine-id
: > /etc/resolv.conf

# Nodes have no console to log in at, no firmware, no disks to trim, and no Internet to update from.
systemctl mask --quiet console-getty.service getty.target systemd-pstore.service \
    e2scrub_reap.service e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount

# The clock belongs to the host: chronyd runs, is configured and asked, but never sets it (-x).
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\nConditionCapability=\n' > /etc/systemd/system/chrony.service.d/container.conf
printf 'DAEMON_OPTS="-F 1 -x"\n' > /etc/default/chrony

rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/locale /usr/share/doc
