#!/bin/sh
# SPDX-License-Identifier: MIT
# Measure everything, and print the tables of docs/performance.md.
#
#   run.sh BUILD OUT [--update]
#
# Runs every benchmark of the build (configure it with `cmake --preset release`), leaves their JSON and CSV in OUT, and
# prints the tables in Markdown; --update writes them into docs/performance.md as well. About two minutes on a quiet
# machine. BUILD may be -: then nothing is run, and OUT holds the figures of an earlier run.
set -eu

usage() {
	echo "usage: run.sh BUILD OUT [--update]" >&2
	exit 2
}
[ $# -eq 2 ] || { [ $# -eq 3 ] && [ "$3" = --update ]; } || usage
build=$1 out=$2 update=${3-}
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/performance.md
mkdir -p "$out"
for b in $([ "$build" = - ] || echo calls map pool sg swiotlb device machine instrument); do
	[ -x "$build/tests/bench/bench_$b" ] || { echo "run.sh: no $build/tests/bench/bench_$b; build it first" >&2; exit 1; }
	"$build/tests/bench/bench_$b" --json "$out/$b.json" --csv "$out/$b.csv" >&2
done

# One line a row of the table: work | budget | peer | names of benchmark rows, with ; between.
table() {
	cat <<'ROWS'
map + mapping_error + unmap, FROM_DEVICE, same address; 0 / 1 k / 60 k / 1 M live | 80 | dma-debug alone 155 / 113 / 159 / 2,091; whole call under UML 1,080-1,530 | map+unmap same address, from device, checked, 0 live;map+unmap same address, from device, checked, 1000 live;map+unmap same address, from device, checked, 60000 live;map+unmap same address, from device, checked, 1000000 live
the same, TO_DEVICE | 80 | dma-debug alone 51 / 51 / 70 / 1,991 | map+unmap same address, to device, checked, 0 live;map+unmap same address, to device, checked, 1000 live;map+unmap same address, to device, checked, 60000 live;map+unmap same address, to device, checked, 1000000 live
the same, random replacement, FROM_DEVICE; 1 k / 60 k / 1 M live | 80; 200 at 1 M | - | map+unmap random replacement, from device, checked, 1000 live;map+unmap random replacement, from device, checked, 60000 live;map+unmap random replacement, from device, checked, 1000000 live
the same, random replacement, TO_DEVICE | 80; 200 at 1 M | - | map+unmap random replacement, to device, checked, 1000 live;map+unmap random replacement, to device, checked, 60000 live;map+unmap random replacement, to device, checked, 1000000 live
checks off, same address; 0 / 1 k / 60 k / 1 M live | 20 | UML 17-22 | map+unmap same address, from device, unchecked, 0 live;map+unmap same address, from device, unchecked, 1000 live;map+unmap same address, from device, unchecked, 60000 live;map+unmap same address, from device, unchecked, 1000000 live
checks off, random replacement; 1 k / 60 k / 1 M live | 20 | - | map+unmap random replacement, from device, unchecked, 1000 live;map+unmap random replacement, from device, unchecked, 60000 live;map+unmap random replacement, from device, unchecked, 1000000 live
guard=snapshot, same address, FROM / TO_DEVICE | - | - | map+unmap same address, from device, snapshot, 0 live;map+unmap same address, to device, snapshot, 0 live
sync pair, coherent, checked, FROM / TO_DEVICE | 30 | dma-debug under UML 31-34 | sync pair, from device, checked, 0 live;sync pair, to device, checked, 0 live
sync pair of a mapping chosen at random; 1 k / 60 k / 1 M live | - | - | sync pair random, from device, checked, 1000 live;sync pair random, from device, checked, 60000 live;sync pair random, from device, checked, 1000000 live
coherent alloc + free 4 KiB, checked; 0 / 1 k / 60 k live | 300 | UML 114 unchecked, 2,700 with dma-debug | coherent alloc+free 4 KiB, both ways, checked, 0 live;coherent alloc+free 4 KiB, both ways, checked, 1000 live;coherent alloc+free 4 KiB, both ways, checked, 60000 live
the same, checks off | - | - | coherent alloc+free 4 KiB, both ways, unchecked, 0 live;coherent alloc+free 4 KiB, both ways, unchecked, 1000 live;coherent alloc+free 4 KiB, both ways, unchecked, 60000 live
dma_pool pair, checked, last in first out; 0 / 1 k / 10 k / 100 k live | 25 | 6.1: 12.6 | pool alloc+free, LIFO, checked, 0 live;pool alloc+free, LIFO, checked, 1000 live;pool alloc+free, LIFO, checked, 10000 live;pool alloc+free, LIFO, checked, 100000 live
dma_pool pair, checked, ring order; 1 k / 10 k / 100 k live | 25 | 6.1: 2,128 at 100 k | pool alloc+free, ring, checked, 1000 live;pool alloc+free, ring, checked, 10000 live;pool alloc+free, ring, checked, 100000 live
dma_pool pair, checked, random order; 1 k / 10 k / 100 k live | 25 | - | pool alloc+free, random, checked, 1000 live;pool alloc+free, random, checked, 10000 live;pool alloc+free, random, checked, 100000 live
dma_pool pair, checks off, last in first out; 0 / 100 k live | - | - | pool alloc+free, LIFO, unchecked, 0 live;pool alloc+free, LIFO, unchecked, 100000 live
swiotlb map + unmap 64 bytes, both directions, checked; pool 0 / 50 / 90 % full | its copies + 40 | kernel code, empty: 90 | swiotlb map+unmap 64 bytes, checked, 0 % full;swiotlb map+unmap 64 bytes, checked, 50 % full;swiotlb map+unmap 64 bytes, checked, 90 % full
the same, checks off | its copies + 40 | - | swiotlb map+unmap 64 bytes, unchecked, 0 % full;swiotlb map+unmap 64 bytes, unchecked, 50 % full;swiotlb map+unmap 64 bytes, unchecked, 90 % full
swiotlb map + unmap 4 KiB, both directions, checked; pool 0 / 50 / 90 % full | its copies + 40 | kernel code, empty: 280 | swiotlb map+unmap 4096 bytes, checked, 0 % full;swiotlb map+unmap 4096 bytes, checked, 50 % full;swiotlb map+unmap 4096 bytes, checked, 90 % full
the same, checks off | its copies + 40 | - | swiotlb map+unmap 4096 bytes, unchecked, 0 % full;swiotlb map+unmap 4096 bytes, unchecked, 50 % full;swiotlb map+unmap 4096 bytes, unchecked, 90 % full
swiotlb map + unmap 64 KiB, both directions, checked; pool 0 / 50 / 90 % full | its copies + 40 | - | swiotlb map+unmap 65536 bytes, checked, 0 % full;swiotlb map+unmap 65536 bytes, checked, 50 % full;swiotlb map+unmap 65536 bytes, checked, 90 % full
the same, checks off | its copies + 40 | - | swiotlb map+unmap 65536 bytes, unchecked, 0 % full;swiotlb map+unmap 65536 bytes, unchecked, 50 % full;swiotlb map+unmap 65536 bytes, unchecked, 90 % full
sg per entry: iterate; 1 / 16 / 128 / 1024 entries | 1.5 | 1.5 | sg iterate per entry, checked, 1 entries;sg iterate per entry, checked, 16 entries;sg iterate per entry, checked, 128 entries;sg iterate per entry, checked, 1024 entries
sg per entry: map + unmap, checked; 1 / 16 / 128 / 1024 entries | 30 | - | sg map+unmap per entry, checked, 1 entries;sg map+unmap per entry, checked, 16 entries;sg map+unmap per entry, checked, 128 entries;sg map+unmap per entry, checked, 1024 entries
sg per entry: sync pair, checked; 1 / 16 / 128 / 1024 entries | - | - | sg sync pair per entry, checked, 1 entries;sg sync pair per entry, checked, 16 entries;sg sync pair per entry, checked, 128 entries;sg sync pair per entry, checked, 1024 entries
device access 64 bytes, checked, write / read, `pc` | 30 | DPDK skeleton 89 batched; libvfio-user look-up 1.3-50 | device writes 64 bytes, pc,guard=api,summary=off;device reads 64 bytes, pc,guard=api,summary=off
device access 64 bytes, checked, write / read, `worst` | 30 | the same | device writes 64 bytes, worst,guard=api,summary=off;device reads 64 bytes, worst,guard=api,summary=off
kmalloc + kfree, 200 bytes | 100 | - | kmalloc+kfree 200 bytes
page alloc + free | - | - | page alloc+free
spin_lock + unlock / irqsave pair | 60 | - | spin_lock+unlock;spin_lock_irqsave+unlock_irqrestore
barrier: a safe point with nothing due | - | - | barrier, a safe point with nothing due
readl of a device register | - | - | readl of a device's register
dmasim_run_for(1), nothing due | - | - | dmasim_run_for(1), nothing due
checked load of memory that is not mapped | - | - | checked load, memory not mapped for DMA
fresh machine + destroy, warm, `pc` / `worst`, in us | 100 | bare memfd 18 | create+destroy pc, warm;create+destroy worst, warm
the same with 64 KiB allocated and freed, in us | 100 | - | create, 64 KiB used, destroy, pc, warm
the first machine of a process, in us | reported | - | create+destroy pc, first of the process
instrumented byte read / write outside the windows | 1 above plain | TSan 17 / 19 | byte reads outside the windows;byte writes outside the windows
instrumented word read outside the windows | 1 above plain | TSan 7.2 | word reads outside the windows
instrumented byte read / write of memory that is not mapped | - | - | byte reads of unmapped kmalloc memory;byte writes of unmapped kmalloc memory
ROWS
}

copies() {
	for what in "writes 65536" "reads 65536" "writes 1048576" "reads 1048576"; do
		echo "device $what bytes, pc,guard=api,summary=off;device $what bytes, worst,guard=api,summary=off"
	done
}

# What the JSON says: number(name, "best"). Each row is a line of its own there.
# shellcheck disable=SC2016
functions='
function value(line, key,   at) {
	at = index(line, "\"" key "\": ")
	return at ? substr(line, at + length(key) + 4) + 0 : 0
}
function figure(v, us) {
	if (us)
		v /= 1000
	return v < 10 ? sprintf("%.1f", v) : sprintf("%.0f", v)
}
FILENAME != "-" {
	if (match($0, /"name": "[^"]*"/)) {
		name = substr($0, RSTART + 9, RLENGTH - 10)
		ns[name] = value($0, "ns"); best[name] = value($0, "best")
		reference[name] = value($0, "reference_ns"); known[name] = 1
	}
	next
}'

tables() {
	echo "| work | budget | best | median | peer |"
	echo "|---|---|---|---|---|"
	table | awk "$functions"'
	{
		split($0, part, / \| /)
		n = split(part[4], names, ";")
		us = part[1] ~ /in us$|process, in us/
		b = m = ""
		for (i = 1; i <= n; i++) {
			if (!known[names[i]]) {
				print "run.sh: no row \"" names[i] "\"" > "/dev/stderr"
				bad = 1
			}
			b = b (i > 1 ? " / " : "") figure(best[names[i]], us)
			m = m (i > 1 ? " / " : "") figure(ns[names[i]], us)
		}
		printf "| %s | %s | %s | %s | %s |\n", part[1], part[2], b, m, part[3]
	}
	END { exit bad }' "$out"/*.json -
	echo
	echo "Device copies of a checked mapping, speed as a share of memcpy of the same bytes in the same run (medians):"
	echo
	echo "| copy | at least | \`pc\` | \`worst\` |"
	echo "|---|---|---|---|"
	copies | awk "$functions"'
	{
		split($0, names, ";")
		split($0, word, " ")
		printf "| %s, %s | 0.9 | %.2f | %.2f |\n", word[2], (word[3] + 0 > 65536 ? "1 MiB" : "64 KiB"),
			reference[names[1]] / ns[names[1]], reference[names[2]] / ns[names[2]]
	}' "$out"/*.json -
}

tables >"$out/tables.md"
cat "$out/tables.md"
if [ "$update" ]; then
	awk -v tables="$out/tables.md" '
	/<!-- figures -->/ { print; print ""; while ((getline line < tables) > 0) print line; print ""; skip = 1; next }
	/<!-- end of figures -->/ { skip = 0 }
	!skip' "$page" >"$out/performance.md"
	cp "$out/performance.md" "$page"
fi
