#!/usr/bin/env bash
# Install Slurm and munge from Debian's packages, for tests/cluster; elsewhere these tests are skipped.
set -euo pipefail
if command -v sbatch munged >/dev/null && [ -x /usr/sbin/slurmctld ]; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Slurm can be installed as root on Debian only; the tests on Slurm will be skipped" >&2
  exit 0
fi
options=(-y -qq -o DPkg::Lock::Timeout=300)
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install "${options[@]}" --no-install-recommends slurm-wlm munge; } >/dev/null 2>&1 ||
  echo "Slurm could not be installed; the tests on Slurm will be skipped" >&2
