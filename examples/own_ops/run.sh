#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the test of the operations of one's own on two machines.
# Usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES
set -eu

built=$(cd "${1:?usage: run.sh DIRECTORY-OF-THE-BUILT-EXAMPLES}" && pwd)
for machine in pc pc-swiotlb worst; do
	echo "== own_ops on $machine"
	DMASIM_OPTIONS=machine=$machine "$built/own_ops"
done
