# Reads everything that a plan wants to know of this host, in one go. POSIX sh; nothing is changed.
# Every fact is a line of fields separated by tabs; what may hold anything comes as base64.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision

fact() {
  printf '%s' "$1"; shift
  for field do printf '\t%s' "$field"; done
  printf '\n'
}
encoded() { base64 | tr -d '\n'; }
text() { # key, file: the file's bytes, if there is one
  [ -f "$2" ] || return 0
  printf '%s\t%s\t' "$1" "$2"; encoded <"$2"; printf '\n'
}
# The nearest directory above a path that exists.
above() {
  p=$1
  while [ ! -d "$p" ]; do p=${p%/*}; [ -n "$p" ] || p=/; done
  printf '%s' "$p"
}

machine() { # the programs to look for
  fact clock "$(date +%s%N)"
  for tool do command -v "$tool" >/dev/null 2>&1 && fact tool "$tool"; done
  if [ -r /proc/meminfo ]; then of_linux; else of_others; fi
}
of_linux() {
  fact machine "$(cat /etc/machine-id /proc/sys/kernel/random/boot_id 2>/dev/null | tr '\n' ' ')"
  fact memory "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
  # Listening sockets: address and port in hexadecimal, and the owner's uid. The state 0A is LISTEN.
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk '$4 == "0A" { split($2, a, ":"); print "listen\t" a[1] "\t" a[2] "\t" $8 }' | sort -u
}
of_others() { # a folder of a machine that is no Linux: sysctl and netstat of macOS and the BSDs, which few have on their path
  PATH=$PATH:/usr/sbin:/sbin
  fact machine "$(sysctl -n kern.uuid kern.hostuuid kern.bootsessionuuid 2>/dev/null | tr '\n\t' '  ')"
  bytes=$(sysctl -n hw.memsize 2>/dev/null || sysctl -n hw.physmem)
  fact memory "$((bytes / 1024))"
  # Listening sockets as 127.0.0.1.20000 or *.22; whose they are it does not say.
  netstat -an -p tcp 2>/dev/null |
    awk '$NF == "LISTEN" { n = match($4, /[.][0-9]+$/); print "listening\t" substr($4, 1, n - 1) "\t" substr($4, n + 1) }' | sort -u
}
java_facts() { # the oldest that will do
  if java=$(command -v java); then
    real=$(readlink -f "$java")
    version=$(sed -n 's/^JAVA_VERSION="\(.*\)"/\1/p' "${real%/bin/java}/release" 2>/dev/null)
    [ -n "$version" ] || version=$(java -version 2>&1 | sed -n 's/.*version "\([^"]*\)".*/\1/p' | head -n 1)
    fact java "$real" "$version"
    return
  fi
  [ "$(id -u)" = 0 ] || return 0
  for v in 17 21 25; do
    [ "$v" -ge "$1" ] || continue
    # A fresh image has no package lists yet: installing will fetch them.
    if apt-cache show "openjdk-$v-jre-headless" >/dev/null 2>&1 ||
      { command -v apt-get >/dev/null 2>&1 && [ -z "$(find /var/lib/apt/lists -name '*Packages*' 2>/dev/null | head -n 1)" ]; }; then fact apt-java "openjdk-$v-jre-headless"; return; fi
  done
}
space() { fact space "$1" "$(df -Pk "$(above "$1")" | awk 'NR == 2 { print $4 }')"; }
users() { getent passwd "$@" | awk -F: '{ print "user\t" $1 "\t" $3 }'; }
paths() { stat --printf='path\t%n\t%F\t%U\t%G\t%a\t%i:%Y\n' -- "$@" 2>/dev/null; }
# Digests, and the text of what differs from $expected (lines of digest and path), as far as it is short.
digests() {
  sha256sum -- "$@" 2>/dev/null | while read -r digest path; do
    fact sum "$digest" "$path"
    case "$expected" in
      *"$digest $path
"*) ;;
      *"$path
"*) [ "$(stat -c %s -- "$path")" -le 65536 ] && text text "$path" ;;
    esac
  done
}
secret() { # path, nonce: a digest that tells nothing to who does not know the secret
  [ -f "$1" ] && fact secret "$1" "$({ printf %s "$2"; cat -- "$1"; } | sha256sum | cut -d ' ' -f 1)"
}
units() {
  systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts,InvocationID -- "$@" | awk '{ print "unit\t" $0 }'
  for unit do text started "$run/$unit.started"; done
}
distribution() { # home, archive or -, and of an archive that was asked for before: identity and digest, or - -
  if [ -f "$1/.provision-origin" ]; then
    fact origin "$1" "$(cat "$1/.provision-origin")"
  elif [ "$2" != - ] && [ -f "$2" ]; then
    id=$(stat -c %i:%Y:%s -- "$2")
    if [ "$id" = "$3" ]; then sum=$4; else sum=$(sha512sum <"$2" | cut -d ' ' -f 1); fi
    fact archive "$2" "$sum" "$id"
  fi
}
member() { # data directory, log directory: data is there only when snapshots and log both are
  if [ -n "$(ls -d "$1"/version-2/snapshot.* 2>/dev/null)" ]; then
    if [ "$1" = "$2" ] || [ -n "$(ls -d "$2"/version-2/log.* 2>/dev/null)" ]; then fact data "$1"; fi
  fi
  [ -e "$2/initialize" ] && fact marker "$2/initialize"
}
# Directories that hold something.
filled() { for d do [ -d "$d" ] && [ -n "$(ls -A "$d")" ] && fact filled "$d"; done; }
ask() { # name, address, port, request in base64: what the other side answers until it closes, within 4 s
  answer=$(timeout 4 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf %s "$3" | base64 -d >&3 && cat <&3' ask "$2" "$3" "$4" 2>/dev/null | encoded)
  fact answer "$1" "$answer"
}
reach() { # address, port: a refusal shows that packets get there; silence, or a route that leads nowhere, is said
  why=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' reach "$1" "$2" 2>&1) && return 0
  # In one write: several of these run at once.
  case $why in *refused*) ;; *) printf 'silent\t%s\t%s\n' "$1" "$2" ;; esac
}
memory() {
  for name in stamp birth intended applied; do text file "$state/$name.json"; done
  [ -s "$state/made" ] && fact made
  [ -f "$state/epoch" ] && fact epoch "$state/epoch" "$(cat "$state/epoch")"
}

# A banner that a login shell printed may lack its line break.
printf '\n'
fact begin
