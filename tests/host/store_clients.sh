#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's own store clients (xenstore-utils, xen-utils-4.17) against our
# daemon, without a hypervisor: store_clients.sh XENSTORED
# Skips, and says so, what is not installed.
set -u
daemon=$(realpath "$1")
dir=$(mktemp -d /tmp/store_clients.XXXXXX)
export XENSTORED_RUNDIR=$dir
fails=0 passes=0 skips=0
pid=

cleanup() {
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

check() { # what, expected, got
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
		passes=$((passes + 1))
	else
		echo "FAILED: $1: expected '$2', got '$3'"
		fails=$((fails + 1))
	fi
}

start() {
	"$daemon" --no-xen -N --pid-file "$dir/pid" "$@" >"$dir/log" 2>&1 &
	pid=$!
	for _ in $(seq 200); do
		[ -S "$dir/socket" ] && xenstore-read /tool >/dev/null 2>&1 &&
			return 0
		sleep 0.05
	done
	echo "FAILED: the daemon does not answer:"
	cat "$dir/log"
	exit 1
}

stop() {
	kill "$pid"
	wait "$pid"
	check "the daemon ends well" 0 $?
	pid=
}

command -v xenstore-ls >/dev/null || {
	echo "SKIP: xenstore-utils is not installed"
	echo "summary: 0 passed, 0 failed, 1 skipped"
	exit 0
}

start --dump "$dir/state"
check "pid file" "$pid" "$(cat "$dir/pid")"
xenstore-write /t/a 1 /t/b 2 /t/c/d "three words here"
check "write and read" "three words here" "$(xenstore-read /t/c/d)"
check "list" "a b c" "$(xenstore-list /t | tr '\n' ' ' | sed 's/ $//')"
check "ls -f" '/t/a = "1"' "$(xenstore-ls -f /t | head -n 1)"
xenstore-chmod /t/a n3 r4
check "chmod" '/t/a = "1"   (n3,r4)' "$(xenstore-ls -fp /t | head -n 1)"
xenstore-exists /t/a
check "exists" 0 $?
xenstore-rm /t/c
xenstore-exists /t/c/d
check "rm" 1 $?
check "error" "xenstore-read: couldn't read path /t/none" \
	"$(xenstore-read /t/none 2>&1)"
xenstore-write rel/x 5
check "relative path" 5 "$(xenstore-read /local/domain/0/rel/x)"

timeout 10 xenstore-watch -n 3 /t >"$dir/watch" &
watcher=$!
for _ in $(seq 100); do
	[ -s "$dir/watch" ] && break
	sleep 0.05
done
xenstore-write /t/w 1
for _ in $(seq 100); do
	grep -q /t/w "$dir/watch" && break
	sleep 0.05
done
xenstore-rm /t/w
wait $watcher
check "watch" "/t /t/w /t/w " "$(tr '\n' ' ' <"$dir/watch")"

seq -f '/many/%g x' 3000 | xargs -n 200 xenstore-write
check "a directory of 3000" 3000 "$(xenstore-list /many | wc -l)"
xenstore-rm /many

t=/usr/lib/xen-4.17/bin/test-xenstore
if [ -x $t ]; then
	out=$(timeout 120 $t 2>&1)
	check "test-xenstore" 0 $?
	check "test-xenstore lines" 12 "$(grep -c ns <<<"$out")"
else
	echo "SKIP: $t is not installed"
	skips=$((skips + 1))
fi

# Eight writers at once: nothing may be lost.
for i in $(seq 8); do
	(for j in $(seq 50); do xenstore-write "/par/$i/$j" "$j"; done) &
done
wait $(jobs -p | grep -v "^$pid$")
check "parallel writers" 400 "$(xenstore-ls -f /par | grep -c '/par/./')"
xenstore-rm /par

before=$(xenstore-ls -fp)
stop
start --restore "$dir/state"
check "restart keeps all" "$before" "$(xenstore-ls -fp)"
stop
check "socket removed" "" "$(ls "$dir" | grep socket)"

echo "summary: $passes passed, $fails failed, $skips skipped"
exit $((fails != 0))
