#!/usr/bin/env bash
# Create the environment in the given folder from requirements.lock; later commands need no network.
# Root access is not needed; as root on Debian, graphviz is installed too, to draw the rule graph.
set -euo pipefail
venv=$1
python=${PYTHON:-python3}
cd "$(dirname "$0")/.."

"$python" - <<'PY' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"rainscore needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
             "Choose another one: make run PYTHON=python3.11")
try:
    import ensurepip, venv
except ImportError:
    sys.exit("this Python cannot create environments; on Debian or Ubuntu: apt-get install python3-venv")
PY

command -v dot >/dev/null || bash tools/debian.sh "to draw the rule graph anew" graphviz
ldconfig -p 2>/dev/null | grep -q libgomp.so.1 || bash tools/debian.sh "by LightGBM" libgomp1

echo "Installing into $venv (about two minutes, 2 GB) ..."
"$python" -m venv "$venv"
index=()
if ! command -v nvidia-smi >/dev/null 2>&1; then
  # Without a GPU, the CPU build of torch saves gigabytes; its index is used if it can be reached.
  cpu=https://download.pytorch.org/whl/cpu
  "$python" - "$cpu" <<'PY' 2>/dev/null && index=(--extra-index-url "$cpu")
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=5)
PY
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check "${index[@]}" -r requirements.lock \
  2> >(grep -v "is ignored: it is neither a file nor a directory" >&2)
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
# Byte-compile all packages once, so that jobs start faster.
PYTHONDONTWRITEBYTECODE= "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
