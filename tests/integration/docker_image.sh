#!/bin/bash
# docker_image.sh FILE: writes a root file system with MySQL 9.7 as a tar archive, for an image that
# an engine imports: an initialized data folder (without its server's uuid) and no shell.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
out=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mysqld=$(deploy/mysql/obtain 9.7 --json | sed 's/.*"mysqld": "\([^"]*\)".*/\1/')
tree=${mysqld%/usr/sbin/mysqld}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

libraries=usr/lib/x86_64-linux-gnu
mkdir -p "$root"/{dev,docker-entrypoint-initdb.d,etc,proc,sys,tmp} "$root/usr/"{bin,lib/mysql,lib64,sbin,share} \
    "$root/$libraries" "$root/var/"{lib/mysql,run}
chmod 1777 "$root/tmp"
chmod 755 "$root"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
cp -a "$tree/$libraries/." "$root/$libraries/"
ln -s "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$root/usr/lib64/ld-linux-x86-64.so.2"
cp -a "$tree/usr/sbin/mysqld" "$root/usr/sbin/"
cp -a "$tree/usr/share/mysql" "$root/usr/share/"
cp -a "$tree/usr/lib/mysql/plugin" "$root/usr/lib/mysql/"
echo 'root:x:0:0::/:/bin/false
mysql:x:999:999::/var/lib/mysql:/bin/false' >"$root/etc/passwd"
echo 'root:x:0:
mysql:x:999:' >"$root/etc/group"
chown 999:999 "$root/var/lib/mysql"
chroot "$root" /usr/sbin/mysqld --no-defaults --initialize-insecure --user=mysql \
    --datadir=/var/lib/mysql --innodb-redo-log-capacity=8M --innodb-buffer-pool-size=16M \
    --innodb-use-native-aio=OFF --log-error-verbosity=1
# Each machine makes up its own.
rm "$root/var/lib/mysql/auto.cnf"
# What runs at each start; an order's user data take its place.
touch "$root/docker-entrypoint-initdb.d/user-data.sql"
tar -C "$root" -cf "$out" .
