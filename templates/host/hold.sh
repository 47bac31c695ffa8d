# Holds the lease of this host as long as heartbeats come: it ends when the connection, the heartbeats or the host end. POSIX sh.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision

fail() { printf 'fail\t%s\n' "$*"; exit 1; }

note() { # file of the state, text. Made anew, never opened: what lies there by this name is somebody's leftover.
  t=$state/$1.provision-new
  why=$( { rm -f "$t" && (set -C; printf '%s\n' "$2" >"$t") && chmod 644 "$t" && sync "$t" && mv -fT "$t" "$state/$1" && sync "$state"; } 2>&1) ||
    { rm -f "$t"; fail "cannot write $state/$1: $(all_of "$why")"; }
}
hold() { # who, seconds without a heartbeat after which it is over, our claim: identity, name, digest of the anchors; our lease
  mkdir -p "$run" && chmod 755 "$run" || fail "cannot make $run"
  [ -z "$root" ] || [ ! -L "$run/lease" ] || fail "refusing to write $run/lease: it is a symbolic link"
  touch "$run/lease" 2>/dev/null || fail "cannot write $run/lease"
  exec 8>>"$run/lease"
  flock -n 8
  case $? in
  0) ;;
  1) printf 'held\t'; head -c 500 "$run/holder"; exit 0 ;;
  *) fail "cannot lock $run/lease" ;;
  esac
  there=$(head -c 200 "$state/identity" 2>/dev/null)
  case $there in '' | "$3 "*) ;; *) early "$4 $5" || { printf 'foreign\t%s\n' "$there"; exit 0; } ;; esac
  rm -f "$run/holder"
  printf '%s\t%s\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$run/holder"
  mkdir -p "$state" && chmod 755 "$state" || fail "cannot make $state"
  # An epoch belongs to one lease: it is raised here, while nobody else can hold the lease.
  epoch=$(head -c 20 "$state/epoch" 2>/dev/null || echo 0)
  case $epoch in '' | *[!0-9]* | ???????????*) fail "$state/epoch holds no epoch" ;; esac
  epoch=$((epoch + 1))
  note lease "$epoch $6"
  note epoch "$epoch"
  printf 'mine\t%s\n' "$epoch"
  # Each beat is answered: only an answer tells the holder that it is still heard.
  while [ "$(timeout "$2" head -c 1)" = . ]; do printf .; done
  rm -f "$run/holder"
}
