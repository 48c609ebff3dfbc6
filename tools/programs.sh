#!/bin/sh
# What tests drive besides Python: a Chromium for the pages, and programs that photolib has to get on with: others' readers of
# photos, clients, and the servers people put in front. Put Debian's on the PATH where we may; elsewhere say what is missing.
PATH="$PATH:/usr/sbin"
missing=""
for each in chromium:chromium exiftool:libimage-exiftool-perl rclone:rclone curl:curl nginx:nginx-light caddy:caddy systemd-analyze:systemd; do
    command -v "${each%%:*}" >/dev/null 2>&1 || missing="$missing ${each#*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    case "$missing" in *chromium*) missing="$missing fonts-dejavu-core" ;; esac
    # Debian starts servers it installs; ours are started by the tests that want them.
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Some tests will be skipped, as these are missing (on Debian and Ubuntu: apt install$missing)." >&2
fi
