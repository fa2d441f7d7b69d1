#!/usr/bin/env bash
# Install Debian packages that are absent: debian.sh PURPOSE PACKAGE...
# Without root access or without apt-get, say what is missing and go on.
set -u
purpose=$1
shift
missing=()
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >/dev/null 2>&1 && exit 0
fi
echo "Not installed, needed $purpose: ${missing[*]}" >&2
