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

# Started only where a lab asks for it, with as little memory as does; lsyncd only where pairadm wants it.
systemctl disable --quiet postgresql.service lsyncd.service 2> /dev/null
for conf in /etc/postgresql/*/main/conf.d; do
    printf 'shared_buffers = 16MB\njit = off\ndynamic_shared_memory_type = mmap\n' > "$conf/practice.conf"
done
# Queries of a practice node are not worth compiling: 150 MB.
rm -rf /usr/lib/postgresql/*/lib/bitcode /usr/lib/postgresql/*/lib/llvmjit* \
    /usr/lib/*-linux-gnu/libLLVM* /usr/lib/*-linux-gnu/libz3.*

# Kamailio's tables, as its packages define them, in both databases; each node adds its rows.
tables='standard permissions dispatcher uac usrloc dialog auth_db htable'
schema() {
    for table in $tables; do cat "/usr/share/kamailio/$1/$table-create.sql"; done
}
schema db_sqlite | sqlite3 -bail /etc/kamailio/kamailio.sqlite
chown kamailio:kamailio /etc/kamailio/kamailio.sqlite
chmod 640 /etc/kamailio/kamailio.sqlite
postgresql() {
    runuser -u postgres -- /usr/lib/postgresql/*/bin/pg_ctl "$1" --silent --wait -D /var/lib/postgresql/*/main \
        -l /var/log/postgresql/setup.log -o "-c config_file=$(echo /etc/postgresql/*/main/postgresql.conf)" < /dev/null
}
postgresql start
trap "postgresql stop" EXIT
runuser -u postgres -- psql --quiet --set=ON_ERROR_STOP=1 << 'SQL'
CREATE ROLE kamailio LOGIN PASSWORD 'practice';
CREATE DATABASE kamailio OWNER kamailio TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
SQL
schema postgres | runuser -u kamailio -- psql --quiet --set=ON_ERROR_STOP=1
trap - EXIT
postgresql stop
rm /var/log/postgresql/setup.log
mkdir -p /etc/systemd/system/kamailio.service.d
printf '[Unit]\nAfter=postgresql.service\n' > /etc/systemd/system/kamailio.service.d/database.conf

rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/locale /usr/share/doc
