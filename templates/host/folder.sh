# A folder that stands for a host: $root before every path, the user's own programs, and services kept by $program.
# What is unpacked is kept in $store, once for all such folders.
path=$PATH
# Through a link, another directory would be changed and removed.
[ ! -L "$root" ] || { echo "$root is a symbolic link, and a node's folder must be a directory" >&2; exit 1; }
# Stand-ins for programs that only Linux has.
flock() { # as util-linux's, as far as the scripts use it: -n or -w SECONDS, and a descriptor, which the lock stays with
  seconds=
  case $1 in
  -n) seconds=0; shift ;;
  -w) seconds=$2; shift 2 ;;
  esac
  "$program" flock $seconds <&"$1"
}
setsid() { exec "$program" setsid "$@"; } # for a command in the background: its PID must be the job's PID
# The locks are the script's, and not its services'.
systemctl() { "$program" systemctl "$root" "$@" 7>&- 8>&- 9>&-; }
journalctl() { # the options of it that are used
  follow= lines=50 units=
  while [ $# -gt 0 ]; do
    case $1 in
    -u) units="$units $2"; shift ;;
    -n) lines=$2; shift ;;
    -o) shift ;;
    -f) follow=-F ;;
    esac
    shift
  done
  set --
  for unit in $units; do
    log=$root/run/provision/$unit.log
    [ -e "$log" ] || continue
    set -- "$@" "$log"
    # Older lines are in the rotated log.
    more=$((lines - $(wc -l <"$log")))
    [ "$more" -le 0 ] || [ ! -e "$log.old" ] || tail -n "$more" -- "$log.old"
  done
  [ $# -gt 0 ] || { echo "nothing has run here yet" >&2; return 0; }
  exec tail -q -n "$lines" $follow -- "$@"
}
