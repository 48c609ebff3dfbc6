#!/bin/sh
# The browser tests drive a Chromium that is on the PATH. Put Debian's there where we may; elsewhere say what is missing.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "Chromium is missing, so the browser tests will be skipped (on Debian and Ubuntu: apt install chromium)." >&2
fi
