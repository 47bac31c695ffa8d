# Changes this host under its lock, unless another apply has raised its epoch. POSIX sh.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision
# The comment of users that this program adds.
OURS='made by provision'

# Prints a word and a text as one line, whatever the text contains.
word() { printf '%s\t%s\n' "$1" "$(printf %s "$2" | tr '\n\t' '  ' | cut -c 1-500)"; }
say() { word say "$*"; }
fail() { word fail "$*"; exit 1; }
busy() { word busy "$1"; exit 1; }
fenced() { word fenced "$1"; exit 1; }

# A banner that a login shell printed may lack its line break, and say anything.
printf '\nbegin\n'

lock() { # seconds to wait
  [ -z "$root" ] || [ ! -L "$run/lock" ] || fail "refusing to write $run/lock: it is a symbolic link"
  mkdir -p "$run" || fail "cannot make $run"
  chmod 755 "$run"
  # Every machine has a folder for units.
  [ -z "$root" ] || mkdir -p "$root/etc/systemd/system" || fail "cannot make $root"
  # A redirection that fails ends the script before it could say so.
  touch "$run/lock" 2>/dev/null || fail "cannot write $run/lock"
  exec 9>>"$run/lock"
  flock -w "$1" 9
  case $? in
  0) ;;
  1) busy "$1" ;;
  *) fail "cannot lock $run/lock" ;;
  esac
}
seen() { head -c 20 "$state/epoch" 2>/dev/null || echo 0; }
# The lease that has raised this host to an epoch. Two leases can have one epoch only if an anchor has granted its lease to two operators.
leased() { # epoch
  there=$(head -c 100 "$state/lease" 2>/dev/null)
  [ "${there%% *}" != "$1" ] || printf %s "${there#* }"
}
fence() { # our epoch and our lease: exactly what was raised here
  [ "$(seen) $(leased "$1")" = "$1 $2" ] || fenced "$(seen)"
}
raise() { # our epoch, our lease, our identity, our name, where our anchors are: never lowers what the host has seen, never takes another cluster's host
  mkdir -p "$state" || fail "cannot make $state"
  chmod 755 "$state"
  [ ! -e "$state/identity" ] || early "$4 $5" || belongs "$3"
  was=$(seen)
  [ "$was" -le "$1" ] || fenced "$was"
  [ "$was" -lt "$1" ] || case $(leased "$1") in '' | "$2") ;; *) fenced "$1" ;; esac
  printf '%s %s %s\n' "$3" "$4" "$5" | write "$state/identity" - - 644 || exit 1
  printf '%s %s\n' "$1" "$2" | write "$state/lease" - - 644 || exit 1
  printf '%s\n' "$1" | write "$state/epoch" - - 644
}
# Whose host this is: the identity of its cluster, and the cluster's name. Asked under the lock, before anything is done.
belongs() { # our identity
  there=$(head -c 200 "$state/identity" 2>/dev/null)
  [ "${there%% *}" = "$1" ] || { word foreign "$there"; exit 1; }
}
# Fails unless root alone can change names in a directory.
ours() { # directory
  [ "$(keeper "$1")" != 0 ] || return 0
  way=
  [ -z "$root" ] || way=$(link_in "$1")
  for part in $([ -n "$root" ] || printf %s "${1#/}" | tr / ' '); do
    way=$way/$part
    [ "$(keeper "$way")" = 0 ] || break
  done
  [ -z "$root" ] || fail "refusing to work in $1: $way is a symbolic link, which leads out of the node's folder"
  fail "refusing to work as root in $1: users other than root can write to $way ($(stat -c 'it is %U:%G %04a' -- "$way" 2>&1)); chown root:root $way && chmod go-w $way"
}
own() { # path owner group mode
  { [ "$2" = - ] || chown -h "$2:$3" "$1"; } && chmod "$4" "$1"
}
# A file that has the bytes of the new one stays: what started with it has nothing to read again.
keeps() { # path owner group mode
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1")" = "$(sha256sum <"$1.provision-new")" ] &&
    own "$@" && rm -f "$1.provision-new"
}
# Does what `write` (below) does, as the user who owns the directory: anything that has one of the names used here is replaced.
WRITE='t=$1.provision-new; set -C; umask 077
[ -L "$t" ] || [ ! -d "$t" ] || find "$t" -xdev -type d ! -perm -700 -execdir chmod u+rwx {} \;
rm -rf --one-file-system "$t" && cat >"$t" && chmod "$2" "$t" && sync "$t" || { rm -f "$t"; exit 1; }
[ -L "$1" ] || [ ! -d "$1" ] || rmdir "$1"
{ [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$1" "$t" && chmod "$2" "$1" 2>/dev/null && rm -f "$t"; } || mv -fT "$t" "$1"'
# Writes to a temporary name beside the target, syncs and renames it: a reader sees the old bytes or the new ones, even after a power cut.
write() { # path owner group mode; bytes on stdin. An owner - is whoever writes
  t=$1.provision-new dir=${1%/*}
  [ -d "$dir" ] || fail "cannot write $1: $dir is not there"
  who=$(keeper "$dir") || ours "$dir"
  if [ "$who" != 0 ]; then
    [ "$2" != - ] && [ "$(id -u "$2" 2>/dev/null)" = "$who" ] || fail "cannot write $1: $dir belongs to another user"
    why=$(hear 4096 "$who" sh -c "$WRITE" write "$1" "$4")
    ended=$(how "$why")
    [ "$ended" != 0 ] || return 0
    if late "$ended"; then why="it took too long (processes of $2 may stop what is done as that user: pkill -KILL -u $2 ends them)"; else why=$(words "$why"); fi
  else
    # Made anew, never opened: what lies there by this name is somebody's leftover.
    why=$( { rm -f "$t" && (set -C; cat >"$t") && own "$t" "$2" "$3" "$4" && sync "$t" && { keeps "$@" || { mv -fT "$t" "$1" && sync "$dir"; }; }; } 2>&1) && return 0
    rm -f "$t"
  fi
  fail "cannot write $1: $(all_of "$why"); $(df -Pk "$dir" 2>/dev/null | awk 'NR == 2 { print $4 " KiB free on " $6 }')"
}
put() { # path owner group mode; base64 on stdin
  base64 -d | write "$@" || exit 1
}
# A line at the end of a file of ours.
add() { # path, line
  # A line that a power cut has torn is ended first.
  [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || set -- "$1" "
$2"
  [ ! -L "$1" ] && printf '%s\n' "$2" >>"$1" && sync "$1" || fail "cannot write $1"
}
made() { # what this host got from us and did not have before: a destroy takes only that away
  grep -qxF "$1" "$state/made" 2>/dev/null || add "$state/made" "$1"
}
user() { # name home
  getent passwd "$1" >/dev/null && return 0
  # The comment says whose it is: a user that somebody else adds after a failure here is not ours to remove.
  made "user $1"
  # Expired: units run as this user all the same, and nobody logs in as it, by a key in its home, cron or a lingering session.
  why=$(useradd --system --user-group --expiredate 1 --comment "$OURS" --home-dir "$2" --no-create-home --shell /usr/sbin/nologin "$1" 2>&1) ||
    fail "cannot add the user $1: $(all_of "$why")"
  say "user $1"
}
make_directory() { # path: with all above it that is not there yet
  [ -n "$1" ] && [ ! -d "$1" ] || return 0
  [ -e "$1" ] && fail "$1 is in the way: it is not a directory"
  make_directory "${1%/*}"
  above=${1%/*}
  ours "${above:-/}"
  made "dir $1"
  mkdir "$1" || fail "cannot make $1"
  chmod 755 "$1"
}
directory() { # path owner group mode
  [ -L "$1" ] && fail "$1 is a symbolic link: write the directory that it leads to"
  make_directory "$1"
  above=${1%/*}
  ours "${above:-/}"
  adopt "$@"
  why=$( { chown -h "$2:$3" "$1" && chmod "$4" "$1"; } 2>&1) || fail "cannot set owner and mode of $1: $(all_of "$why")"
}
# For a disk left by a former machine of this node: the files that belonged to the service there are given to the service here, whatever UID its user
# had.
# Only what that very UID owns, each file by its name in its own open directory: nothing that a link or a race leads to.
adopt() { # path owner group
  was=$(stat -c %u -- "$1")
  [ -z "$root" ] && [ "$2" != root ] && [ "$was" != 0 ] && [ "$was" != "$(id -u "$2")" ] || return 0
  ! getent passwd "$was" >/dev/null || fail "$1 belongs to the user $(id -nu "$was"), but must belong to $2: inspect it, then run chown -R $2:$3 $1"
  find "$1" -xdev -depth -uid "$was" -execdir chown -h --from="$was" "$2:$3" {} + || fail "cannot give $1 to $2"
}
reload_units() { systemctl daemon-reload || fail "systemd cannot read its units"; }
enable() { systemctl -q enable "$1" 2>/dev/null || fail "cannot enable $1"; }
change() { # verb unit: what systemctl says, and the service's last words, are why it failed
  why=$(systemctl "$1" "$2" 2>&1) && return 0
  fail "$2 does not $1: $({ printf '%s\n' "$why"; systemctl status --no-pager -n 3 "$2" 2>&1 | tail -n 3; } | tr '\n' ' ')"
}
# Where a drop-in keeps a unit active although its process has ended.
is_over() { systemctl show -p Type -p SubState "$1" 2>/dev/null | awk -F = '{ is[$1] = $2 } END { exit !(is["SubState"] == "exited" && is["Type"] != "oneshot") }'; }
# Where a condition of a drop-in is not met, systemd starts nothing, and calls that a success.
is_up() { systemctl -q is-active "$1" || fail "$1 is $(systemctl show -p ActiveState --value "$1") after its start: a drop-in's condition may keep it from starting"; }
# A unit that is up by now, or restarts in a loop, may run with older files than those on disk: then it is restarted.
start() {
  enable "$1"
  systemctl reset-failed "$1" 2>/dev/null
  if sha256sum --check --status "$run/$1.service.started" 2>/dev/null && ! is_over "$1"; then change start "$1"; else change restart "$1"; fi
}
stop() {
  # A unit whose file somebody deleted may run all the same.
  systemctl cat "$1" >/dev/null 2>&1 || [ "$(systemctl show -p ActiveState --value "$1" 2>/dev/null)" = active ] || return 0
  change stop "$1"
}
drop_unit() { # unit file: its service stopped, disabled and forgotten
  stop "$1"
  systemctl -q disable "$1" 2>/dev/null
  # For a masked unit, `systemctl disable` leaves the link that would enable another unit of this name.
  [ -n "$root" ] || rm -f /etc/systemd/system/*.wants/"$1.service"
  rm -rf "$state/kept/$1"
  return 0
}
# Keeps the old files of a unit under the epoch of this apply: what another apply kept is never put back.
keep() { # unit epoch
  rm -rf "$state/kept/$1"
  kept=$state/kept/$1/$2
  mkdir -p "$kept" || fail "cannot make $kept"
}
keep_file() { # unit epoch path
  kept=$state/kept/$1/$2
  ours "${3%/*}"
  if [ -e "$3" ]; then
    mkdir -p "$kept/files$(dirname "$3")" && cp -a "$3" "$kept/files$3" || fail "cannot keep $3"
  else
    printf '%s\n' "$3" >>"$kept/absent" || fail "cannot record that $3 is absent"
  fi
}
put_back() { # unit epoch
  kept=$state/kept/$1/$2
  [ -d "$kept" ] || fail "this apply kept no files of $1"
  if [ -f "$kept/absent" ]; then
    while read -r path; do ours "${path%/*}"; rm -f "$path"; done <"$kept/absent"
  fi
  [ -d "$kept/files" ] || return 0
  cd "$kept/files" || fail "cannot read $kept"
  find . -type f | while read -r path; do
    target=${path#.}
    ours "${target%/*}"
    rm -f "$target.provision-new" && cp -a "$path" "$target.provision-new" && sync "$target.provision-new" && mv -fT "$target.provision-new" "$target" ||
      fail "cannot put back $target"
  done || exit 1
  cd /
}
install_package() { # name of a package of Debian's
  export DEBIAN_FRONTEND=noninteractive
  apt() { apt-get -o DPkg::Lock::Timeout=300 "$@" 2>&1 >/dev/null; }
  made "package $1"
  why=$(apt install -y -q --no-install-recommends "$1") || why=$(apt update -q; apt install -y -q --no-install-recommends "$1") ||
    fail "apt-get cannot install $1: $(all_of "$why")"
}
# Rules of a firewall are tried before they stay: a unit of its own takes them back when the time is over, unless somebody who could
# still come in has said that they may stay.
try_rules() { # seconds; rules in base64 on stdin
  trial=provision-firewall-trial
  end_trial
  # Half of the old rules, on a full disk, would be no way back.
  {
    printf 'table inet provision\ndelete table inet provision\n' &&
      { ! nft list table inet provision >/dev/null 2>&1 || nft list table inet provision; }
  } >"$run/firewall.before" && nft -c -f "$run/firewall.before" 2>/dev/null && base64 -d >"$run/firewall.trial" ||
    { rm -f "$run/firewall.before" "$run/firewall.trial"; fail "cannot keep the old firewall rules and the new ones in $run: $(df -Pk "$run" | awk 'NR == 2 { print $4 " KiB free on " $6 }')"; }
  why=$(nft -c -f "$run/firewall.trial" 2>&1) || { rm -f "$run/firewall.trial"; fail "nft refuses the rules: $(all_of "$why")"; }
  why=$(systemd-run --quiet --collect --unit "$trial" /bin/sh -c "sleep $1; nft -f $run/firewall.before; rm -f $run/firewall.trial $run/firewall.before" 2>&1) ||
    { rm -f "$run/firewall.trial"; fail "cannot schedule the rollback of the firewall: $why"; }
  # Existing connections must survive: conntrack learns them before anything is dropped, within one ZooKeeper heartbeat.
  nft list table inet provision >/dev/null 2>&1 ||
    { nft 'add table inet provision; add chain inet provision known { type filter hook input priority filter; policy accept; }; add rule inet provision known ct state established accept' && sleep 4; }
  why=$(nft -f "$run/firewall.trial" 2>&1) || fail "nft refuses the rules: $(all_of "$why")"
  nft list table inet provision | sha256sum >"$run/firewall.tried"
  # A tunnel that ends here is an open flow to a port that the rules may close: what comes in through it would prove nothing about the day on which it
  # is opened again. So, while they are on trial, what listens here hears nobody but those whom a rule lets in, and no flow of another protocol goes on.
  # (The services' own connections go on, whatever address they come from: a trial that fails must not cost the ensemble its leader.)
  heard=$(listening tcp) told=$(listening udp)
  why=$(awk -v tcp="$heard" -v udp="$told" '
    /^    ct state established,related accept$/ { next }
    /^    #/ { others = /^    # allowed:/ }
    /^    ip saddr .* tcp dport [0-9-]+ accept$/ && !others { own = own (own ? ", " : "") $(NF - 1) }
    /^  }$/ {
      if (own) print "    tcp dport { " own " } ct state established,related accept"
      print "    meta l4proto != { 1, 6, 17, 58 } drop"
      if (tcp) print "    tcp dport { " tcp " } drop"
      if (udp) print "    udp dport { " udp " } drop"
      print "    ct state established,related accept"
    }
    { print }' "$run/firewall.trial" | nft -f - 2>&1) || fail "nft refuses the rules of the trial: $(all_of "$why")"
}
# The ports that listen here for others, as nft writes them: TCP's that listen, and UDP's that hear everybody.
listening() { # tcp or udp
  cat "/proc/net/$1" "/proc/net/${1}6" 2>/dev/null |
    awk -v tcp="$([ "$1" = udp ] || echo 1)" '
      (tcp ? $4 == "0A" : $3 ~ /^0+:0000$/) && $2 !~ /^(0100007F|00000000000000000000000001000000):/ { split($2, at, ":"); print at[2] }' |
    sort -u | head -n 2000 | while read -r port; do printf '%d\n' "0x$port"; done | paste -sd , -
}
# By a connection that came in through them. Until the unit has loaded them, the host still takes them back by itself.
keep_rules() {
  [ -e "$run/firewall.trial" ] || fail "the trial of the firewall is over, and the host has restored its previous rules: apply again"
}
# What the unit has loaded must be what was tried, and stay so: a drop-in may have the unit load other rules, which may lock everybody out.
as_tried() { # unit
  now=$(nft list table inet provision 2>/dev/null | sha256sum)
  if [ "$now" != "$(cat "$run/firewall.tried" 2>/dev/null)" ]; then
    back="the host restored its previous ones"
    why=$(nft -f "$run/firewall.before" 2>&1) || back="the previous ones cannot be restored: $(all_of "$why")"
    fail "$1 loaded other rules than those that were tried; $back. See what its unit and drop-ins run (systemctl cat $1): it loads the same at the next boot"
  fi
  # A boot starts the unit, which is reloaded here: a start with other commands would load what was never tried.
  for drop_in in $(systemctl show -p DropInPaths --value "$1"); do
    grep -q '^[[:space:]]*Exec' "$drop_in" || continue
    nft -f "$run/firewall.before"
    fail "$drop_in changes what $1 runs, so that a boot would load rules that were not tried; the host restored its previous ones. Remove its Exec lines"
  done
  # Before the trial ends: a run that is killed in between leaves rules that are known to be proven. As another version lists rules, their digest is another.
  printf '%s %s\n' "$now" "$(nft --version)" | write "$state/firewall.proven" root root 600 || exit 1
  systemctl stop provision-firewall-trial 2>/dev/null
  [ -e "$run/firewall.trial" ] || fail "the trial of the firewall is over, and the host has restored its previous rules: apply again"
}
# While the first two files exist, `look.sh` knows that the rules in the kernel are ours.
forget_trial() { rm -f "$run/firewall.trial" "$run/firewall.before" "$run/firewall.tried"; }
# Lets a worker finish: SIGPWR decommissions it; then no executor is left, or the time is over.
drain() { # unit, its file, seconds
  systemctl kill -s PWR --kill-who=main "$1" 2>/dev/null || return 0
  # The address and port that it listens on now, from its old unit file, not those that it is about to get.
  page=$(sed -n 's/^ExecStart=.* --host \([^ ]*\) .* --webui-port \([0-9]*\).*/\1 \2/p' "$2" 2>/dev/null | head -n 1)
  end=$(($(date +%s) + $3))
  while [ "$(date +%s)" -lt "$end" ]; do
    sleep 1
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET /json/ HTTP/1.0\r\n\r\n" >&3 && head -c 1048576 <&3' ask "${page% *}" "${page#* }" 2>/dev/null |
      tr -d ' \n' | grep -q '"executors":\[\]' && return 0
  done
  say "still busy after $3 s"
}
ask() { # address port request: the answer in base64, as far as one comes within 4 s
  timeout 4 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf %s "$3" | base64 -d >&3 && head -c 4096 <&3' ask "$@" 2>/dev/null | base64 | tr -d '\n'
}
release() { # request, address and port of each member: the first that answers has done it
  request=$1; shift
  while [ $# -gt 1 ]; do
    [ -z "$(ask "$1" "$2" "$request")" ] || return 0
    shift 2
  done
  fail "no member of the ensemble answers"
}
