#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# xl_dry.sh XL: tests of what xl does without hypervisor, store and daemon:
# dry runs, the host's settings, and the words it refuses.

xl=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XL_CONF="$dir/xl.conf"
: >"$XL_CONF"
passed=0 failed=0

# expect STATUS PATTERN ARGUMENT...: xl's status, and a line of what it says.
expect() {
	status=$1 pattern=$2
	shift 2
	out=$("$xl" "$@" 2>&1)
	got=$?
	if [ $got != "$status" ] || ! printf '%s\n' "$out" | grep -q -e "$pattern"; then
		echo "xl $*: status $got, wanted $status and \"$pattern\" in:"
		printf '%s\n' "$out"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

guest="name=g kernel=/k"

# The form that programs know of libxl.
"$xl" create -n $guest 'disk=["/a,,xvda"]' 'vif=[""]' on_crash=rename-restart \
	root=/dev/xvda extra=quiet vcpus=2 'cpus=["1","0,2"]' >"$dir/out"
python3 - "$dir/out" <<'END' && passed=$((passed + 1)) || failed=$((failed + 1))
import json
import sys
c = json.load(open(sys.argv[1]))
assert c['c_info'] == {'type': 'pv', 'name': 'g'}, c
b = c['b_info']
assert b['vcpu_hard_affinity'] == [[1], [0, 2]], b
assert b['avail_vcpus'] == [0, 1] and b['max_vcpus'] == 2, b
assert b['max_memkb'] == b['target_memkb'] == 128 * 1024, b
assert b['kernel'] == '/k' and b['cmdline'] == 'root=/dev/xvda quiet', b
assert c['disks'][0]['pdev_path'] == '/a', c
assert c['nics'][0]['bridge'] == 'xenbr0', c
assert c['on_crash'] == 'rename_restart', c
END

# -N before the command means the same, where there is such a thing.
expect 0 '"name": "g"' -N create $guest
expect 0 '^disk: {' -N block-attach g /x,,xvdb,r
expect 0 '^vif: {' -N network-attach g mac=00:16:3e:00:00:01
expect 1 'no dry run (-N) of this command' -N destroy g
expect 1 'did you mean "bridge"' -N network-attach g brigde=x
expect 1 'vdev is missing' -N block-attach g /x

# The host's settings.
cat >"$XL_CONF" <<'END'
vif.default.bridge = "br9"
vm.cpumask = "1-2"
lockfile = "/var/lock/xl"
END
expect 0 '"bridge": "br9"' create -n $guest 'vif=[""]'
expect 0 '"bridge": "br9"' -N network-attach g mtu=9000
expect 0 'lockfile has no effect' -v create -n $guest
expect 1 'vCPU 0 has no CPU' create -n $guest 'cpus="0"'
expect 0 'vcpu_hard_affinity' create -n $guest cpus=0 --ignore-global-affinity-masks
expect 1 'none of the CPUs 0 is among those' vcpu-pin g 0 0
"$xl" create -n $guest 2>&1 | grep lockfile && failed=$((failed + 1))
echo 'vif.default.brigde = "x"' >"$XL_CONF"
expect 0 'warning: .*did you mean "vif.default.bridge"' create -n $guest
echo 'max_grant_version = 9' >"$XL_CONF"
expect 1 'xl.conf:1: max_grant_version: this must be' list
echo 'vif.default' >"$XL_CONF"
expect 1 'xl.conf:1: unexpected' list
rm "$XL_CONF"
expect 1 'No such file' list
expect 0 'usage: xl list' help list

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
