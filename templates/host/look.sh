# Reads everything that a plan wants to know of this host, in one go. POSIX sh; nothing is changed.
# Every fact is a line of fields separated by tabs; what may hold anything comes as base64.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision
# A user's own answer about a directory of theirs takes no longer than this.
patience=10

fact() {
  printf '%s' "$1"; shift
  for field do printf '\t%s' "$field"; done
  printf '\n'
}
# In one line. GNU's and busybox's base64 wrap lines otherwise; others lack the option, and do not.
if [ -r /proc/meminfo ]; then encoded() { base64 -w 0; }; else encoded() { base64 | tr -d '\n'; }; fi
# The limit in bytes for a file of ours and for an answer: neither is larger, and the operator's program reads no more.
most=16777216
text() { # key, file, limit in bytes (default: $most): the file's bytes, if there is one. Below root's own directories alone
  [ -f "$2" ] || return 0
  printf '%s\t%s\t' "$1" "$2"; head -c "${3:-$most}" -- "$2" | encoded; printf '\n'
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
  # Containers of one machine share its boot, and perhaps an image's machine-id; but none shares another's files.
  fact machine "$({ cat /etc/machine-id /proc/sys/kernel/random/boot_id; stat -L -c %i /proc/1/ns/mnt; } 2>/dev/null | tr '\n' ' ')"
  fact memory "$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)"
}
of_others() { # a folder of a machine that is no Linux: sysctl and netstat of macOS and the BSDs, which few have on their path
  PATH=$PATH:/usr/sbin:/sbin
  fact machine "$(sysctl -n kern.uuid kern.hostuuid kern.bootsessionuuid 2>/dev/null | tr '\n\t' '  ')"
  bytes=$(sysctl -n hw.memsize 2>/dev/null || sysctl -n hw.physmem)
  fact memory "$((bytes / 1024))"
}
# Variables that systemd gives every service (DefaultEnvironment, set-environment), and that a JVM or our services read: their names alone.
inherited() {
  [ -z "$root" ] || return 0
  systemctl show-environment 2>/dev/null | sed -nE 's/^((_|JDK_|IBM_|OPENJ9_)?JAVA(_TOOL)?_OPTIONS|JAVA_HOME|LD_PRELOAD|LD_LIBRARY_PATH|BASH_ENV|HADOOP_CONF_DIR|CLASSPATH|JVMFLAGS|SERVER_JVMFLAGS|ZOO[A-Z_]*|SPARK_[A-Z_]*)=.*/\1/p' |
    sort -u | head -n 50 | while read -r name; do fact inherited "$name"; done
}
# The jobs whose drivers run here: each is a unit of its own.
jobs() {
  [ -z "$root" ] || return 0
  systemctl list-units --plain --no-legend 'provision-job-*.service' 2>/dev/null | awk '{ print $1 }' | sort -u | head -n 50 | while read -r unit; do fact job "$unit"; done
}
# Listening sockets, asked for right after the units: a service that has ended in between has none, and one that starts then has none yet.
# The list is cut off at 20000, and a job may open as many sockets as it likes: the ports that are asked for come first. (Of 127.0.0.0/8 only 127.0.0.1 counts for that: any user can bind the other addresses.)
sockets() { # ports in hexadecimal
  if [ -r /proc/net/tcp ]; then
    # Address and port in hexadecimal, and the owner's uid. The state 0A is LISTEN.
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
      awk -v ports=" $* " '$4 == "0A" {
        split($2, a, ":"); four = substr(a[1], length(a[1]) - 7)
        asked = index(ports, " " a[2] " ") && (four !~ /7F$/ || four == "0100007F")
        print (asked ? 0 : 1) "\tlisten\t" a[1] "\t" a[2] "\t" $8
      }' | sort -u | head -n 20000 | cut -f 2-
  else
    # As 127.0.0.1.20000 or *.22; netstat does not say whose they are.
    PATH=$PATH:/usr/sbin:/sbin netstat -an -p tcp 2>/dev/null |
      awk '$NF == "LISTEN" { n = match($4, /[.][0-9]+$/); print "listening\t" substr($4, 1, n - 1) "\t" substr($4, n + 1) }' | sort -u
  fi
}
# UDP sockets that hear everybody: those of nobody's in particular (the remote address is 0), also the kernel's own, as for a tunnel.
datagrams() {
  cat /proc/net/udp /proc/net/udp6 2>/dev/null |
    awk '$3 ~ /^0+:0000$/ { split($2, a, ":"); print "datagrams\t" a[1] "\t" a[2] }' | sort -u | head -n 1000
}
# The IP address that the topology's address of this host resolves to on the host itself, and whether one of the host's interfaces has it.
address() {
  to=$1
  case $to in *[!0-9.]*) to=$(getent ahostsv4 "$to" | awk '{ print $1; exit }') ;; esac
  [ -r /proc/net/fib_trie ] || { fact address "$to" here; return 0; }
  fact address "$to" "$(awk -v to="$to" '/[|]--/ { at = $2 } /host LOCAL/ && at == to { here = 1 } END { print here ? "here" : "elsewhere" }' /proc/net/fib_trie)"
}
java_facts() { # the oldest that will do
  if java=$(command -v java); then
    real=$(readlink -f "$java")
    java_fact java "$real" "${real%/bin/java}"
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
java_home() { # a directory that the topology names
  [ -x "$1/bin/java" ] && java_fact java-home "$1" "$1"
}
java_fact() { # name of the fact, path, home
  owner=$(java_owner "$3")
  fact "$1" "$2" "$(java_version "$3" "$owner")" "$owner"
}
# The version that a Java's own file says, else the one that it prints: it is run as whoever can change it, and never as root.
java_version() { # home, the number of that user
  version=$(peek "$1/release" 65536 sed -n 's/^JAVA_VERSION="\([0-9A-Za-z._+-]*\)".*/\1/p')
  # Of a file that was read in part, sed has printed no part of the line.
  version=$(words "$version")
  if [ -z "$version" ] && [ -n "$2" ]; then
    as=$2
    [ "$as" != 0 ] || [ -n "$root" ] || as=65534
    version=$(hear 4096 "$as" "$1/bin/java" -version </dev/null | sed -n 's/.*version "\([0-9A-Za-z._+-]*\)".*/\1/p' | head -n 1)
  fi
  printf %s "$version"
}
# True if root alone decides where a link in a directory of root's leads, link by link.
leads_where_root_says() { # link, links left
  to=$(readlink -- "$1") && [ "$2" -gt 0 ] || return 1
  case $to in /*) ;; *) to=${1%/*}/$to ;; esac
  # What leads nowhere yet, somebody may put there.
  near=$(above "$to")
  [ "$near" = "${safe:-}" ] || { [ "$(keeper "$near")" = 0 ] && safe=$near; } || return 1
  [ ! -L "$to" ] || leads_where_root_says "$to" "$(($2 - 1))"
}
# The UID of the one user who can change a Java's program; nothing where several could.
java_owner() { # home
  [ -z "$root" ] || { echo 0; return 0; }
  who=$(keeper "$1/bin") && [ ! -L "$1/bin/java" ] || return 0
  set -- "$1" "$who" "$(stat -c '%u %A' -- "$1/bin/java")"
  case $3 in *\ -????-??-*) ;; *) return 0 ;; esac
  [ "$2" != 0 ] || set -- "$1" "${3%% *}"
  # Its libraries and its configuration are parts of it, wherever links lead to. (A package has links that lead nowhere.)
  if [ "$2" = 0 ] && [ -e "$1/lib/modules" ]; then
    for part in lib conf; do
      [ -e "$1/$part" ] || continue
      [ "$(keeper "$1/$part")" = 0 ] || return 0
      [ -z "$(patience=10 as 65534 find -L "$1/$part/" ! -type l \( ! -user 0 -o -perm /022 \) -print -quit </dev/null 2>/dev/null)" ] || return 0
      for link in $(patience=10 as 65534 find "$1/$part/" -type l -print </dev/null 2>/dev/null | head -n 501); do
        leads_where_root_says "$link" 40 || return 0
      done
    done
  fi
  printf %s "$2"
}
space() { fact space "$1" "$(df -Pk "$(above "$1")" | awk 'NR == 2 { print $4 }')"; }
users() { # names, of their groups, too
  getent passwd "$@" | awk -F: '{ print "user\t" $1 "\t" $3 }'
  getent group "$@" | awk -F: '{ print "group\t" $1 }'
}
# Says with which other user a service's user shares its UID or its group: both must be its own.
shared_users() { # names
  getent passwd "$@" | while IFS=: read -r name _ uid gid _; do
    [ "$uid" != 0 ] || { fact shared-user "$name" root; continue; }
    other=$(getent passwd | awk -F: -v name="$name" -v uid="$uid" '$3 == uid && $1 != name { print $1; exit }')
    [ -n "$other" ] || other=$(getent group "$gid" | awk -F: -v name="$name" '$1 != name { print $1; exit }')
    [ -z "$other" ] || fact shared-user "$name" "$other"
  done
}
# Sorts paths: those in directories that root alone can change into $ours, those that are a user's to show into $theirs.
sort_out() { # paths
  ours= theirs= last= who=
  for p do
    if [ "${p%/*}" != "$last" ]; then
      last=${p%/*}
      who=$(reader "$last") || who=
    fi
    case $who in
    '') ;;
    0) ours="$ours $p" ;;
    *) theirs="$theirs $p" ;;
    esac
  done
}
FORMAT='path\t%n\t%F\t%U\t%G\t%a\t%i:%Y\n'
# Says what is at each path; for files also the digest and, if it is short and the file differs from $expected (lines of digest and path), the text.
# Files in $secrets (one path a line) are not read here.
inspect() { # paths
  [ -z "$root" ] || { stat --printf="$FORMAT" -- "$@" 2>/dev/null; digests "$@"; return 0; }
  sort_out "$@"
  # shellcheck disable=SC2086 # paths of hosts have no spaces
  [ -z "$ours" ] || { stat --printf="$FORMAT" -- $ours 2>/dev/null; digests $ours; }
  for p in $theirs; do
    who=$(reader "${p%/*}") || continue
    line=$(hear 1000 "$who" stat --printf="$FORMAT" -- "$p" </dev/null)
    ! ran_out "$(how "$line")" "$p" || continue
    # One fact, about this path: whatever else that user's process may print is none.
    line=$(words "$line")
    case $line in
    "path	$p	"*) printf '%s\n' "$line" ;;
    *) continue ;;
    esac
    case $line in
    *"	regular "*)
      digest=$(peek "$p" "$most" sha256sum)
      ! ran_out "$(how "$digest")" "$p" || continue
      digest=$(words "$digest")
      told "${digest%% *}" "$p" || continue
      text=$(peek "$p" 65536 encoded)
      ran_out "$(how "$text")" "$p" || fact text "$p" "$(words "$text")"
      ;;
    esac
  done
  return 0
}
# Says that a user's command about a path was killed, took too long or could not begin: what it printed may be a part, and that it printed nothing
# means nothing. The programs themselves end with 0, 1 or 2.
ran_out() { # exit code, path
  case $1 in
  '' | [012]) return 1 ;;
  124 | 137) ;;
  # In a folder no other user's command runs, and what `timeout` itself ends with differs from system to system.
  *) [ -z "$root" ] || return 1 ;;
  esac
  fact slow "$2"
}
told() { # digest, path: says the digest; whether the text is wanted too
  fact sum "$1" "$2"
  case "$expected" in
    *"$1 $2
"*) return 1 ;;
    *"$2
"*) return 0 ;;
    *) return 1 ;;
  esac
}
digests() {
  for p do
    shift
    case "$secrets" in
    *"$p
"*) ;;
    *) [ ! -f "$p" ] || [ -L "$p" ] || set -- "$@" "$p" ;;
    esac
  done
  [ $# -gt 0 ] || return 0
  sha256sum -- "$@" 2>/dev/null | while read -r digest path; do
    told "$digest" "$path" && [ "$(stat -c %s -- "$path")" -le 65536 ] && text text "$path"
  done
}
secret() { # path, nonce: a digest that reveals nothing to anyone who does not know the secret
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  digest=$(peek "$1" "$most" salted "$2")
  ! ran_out "$(how "$digest")" "$1" || return 0
  digest=$(words "$digest")
  fact secret "$1" "${digest%% *}"
}
salted() { { printf %s "$1"; cat; } | sha256sum; }
units() {
  shown=$(systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts,InvocationID,MainPID,DropInPaths,FragmentPath,Type -- "$@")
  printf '%s\n' "$shown" | awk '{ print "unit\t" $0 }'
  for unit do text started "$run/$unit.started"; done
  [ -n "$root" ] || printf '%s\n' "$shown" | awk -F = '
    function tell() { if (pid > 0) print pid, id; pid = 0 }
    $1 == "Id" { id = $2 } $1 == "MainPID" { pid = $2 } !NF { tell() } END { tell() }' |
    while read -r pid unit; do
      command_of "${unit%.service}" "$pid"
      fact settings "${unit%.service}" "$(systemctl show "$unit" | sed -nE "$settings" | sha256sum)"
    done
}
# The user of a unit's process, and the end of the command that it was really started with: its unit may have said something else at that time.
command_of() { # unit, number of its process
  [ -r "/proc/$2/cmdline" ] || return 0
  fact command "$1" "$(awk '$1 == "Uid:" { print $2; exit }' "/proc/$2/status" 2>/dev/null)" "$(timeout -k 1 5 tail -c 16384 "/proc/$2/cmdline" 2>/dev/null | encoded)"
}
rules() { # unit: whether the kernel still has what the unit loaded; and, where nothing of ours was, whether the name is taken
  [ -e /etc/provision/firewall.nft ] || [ -e "$run/firewall.trial" ] || [ -e "$run/firewall.before" ] ||
    ! nft list table inet provision >/dev/null 2>&1 || fact occupied "table inet provision"
  loaded=$(head -c 200 "$run/$1.service.loaded" 2>/dev/null)
  # If the table was flushed before the unit recorded its digest, that is the digest of nothing: so a missing table always counts as lost.
  now=$(nft list table inet provision 2>/dev/null) && now=$(printf '%s\n' "$now" | sha256sum) && [ "$now" = "$loaded" ] || { fact lost "$1"; return 0; }
  # What the unit loads today may be other rules than those that a connection has come in through. Another version may list the same rules in other words:
  # they are tried again.
  [ "$(head -c 1000 "$state/firewall.proven" 2>/dev/null)" = "$now $(nft --version)" ] || fact lost "$1"
}
distribution() { # home, archive or -, and of an archive that was asked for before: identity and digest, or - -
  # Where a user other than root can change it, what it says of itself is that user's word, so it counts as missing.
  if [ -f "$1/.provision-origin" ] && [ ! -L "$1/.provision-origin" ] && [ ! -L "$1/.provision-files" ] && [ "$(keeper "$1")" = 0 ]; then
    fact origin "$1" "$(head -c 200 "$1/.provision-origin")"
    lost=$(lost "$1" | tr '\t' ' ')
    [ -z "$lost" ] || fact lacks "$1" "$lost"
  elif [ "$2" != - ] && [ -f "$2" ] && who=$(reader "${2%/*}"); then
    id=$(hear 100 "$who" stat -L -c %i:%Y:%s -- "$2" </dev/null)
    ! ran_out "$(how "$id")" "$2" || return 0
    id=$(words "$id" | tr -d '\t')
    if [ "$id" = "$3" ]; then sum=$4; else
      sum=$(patience=50; hear 1000 "$who" sha512sum -- "$2" </dev/null)
      ! ran_out "$(how "$sum")" "$2" || return 0
      sum=$(words "$sum" | tr -d '\t') sum=${sum%% *}
    fi
    fact archive "$2" "$sum" "$id"
  fi
}
# In a data directory only its user reads: what lies there is that user's word.
DATA='ls -d "$1"/version-2/snapshot.* >/dev/null 2>&1 || exit 1
[ "$1" = "$2" ] || ls -d "$2"/version-2/log.* >/dev/null 2>&1'
member() { # data directory, log directory: data is there only when snapshots and log both are
  if who=$(reader "$1"); then
    as "$who" sh -c "$DATA" data "$1" "$2" </dev/null >/dev/null 2>&1
    ended=$?
    if [ "$ended" = 0 ]; then fact data "$1"; else ran_out "$ended" "$1"; fi
    # A backup that root restored: the member cannot write there, and root changes nothing below a directory of its user's.
    owner=$(hear 100 "$who" stat -c %u -- "$1/version-2" </dev/null)
    ran_out "$(how "$owner")" "$1" || [ "$(words "$owner")" != 0 ] || [ -n "$root" ] || fact roots "$1/version-2"
  fi
  if who=$(reader "$2"); then
    as "$who" test -e "$2/initialize" </dev/null >/dev/null 2>&1
    ended=$?
    if [ "$ended" = 0 ]; then fact marker "$2/initialize"; else ran_out "$ended" "$2"; fi
  fi
}
# Says which of the nearest existing directories others than root can change: root makes the missing ones below them.
grounds() { # directories, there or not
  for d do
    at=$(above "$d")
    [ "$(keeper "$at")" = 0 ] || { [ "$at" != / ] || at=$d; fact shared "$at"; }
  done
}
# The last lines of a service's output.
log() { fact log "$(journalctl -u "$1" -n 8 -o cat --no-pager 2>/dev/null | tail -n 8 | cut -c 1-300 | encoded)"; }
# Directories that hold something.
filled() {
  for d do
    [ -d "$d" ] && who=$(reader "$d") || continue
    within=$(hear 200 "$who" find "$d" -mindepth 1 -maxdepth 1 ! -name lost+found </dev/null)
    ran_out "$(how "$within")" "$d" || [ -z "$(words "$within")" ] || fact filled "$d"
  done
}
# Name, address, port, request as printf writes it, most bytes, the lines to keep (all, short ones, or those with these beginnings): prints what the other
# side sends until it closes, for at most 4 s, and no more than that many bytes.
ask() {
  case $6 in
  all) answer=$(heard "$@" | head -c "$5" | encoded) ;;
  # A line without an end would be held in memory whole.
  short) answer=$(heard "$@" | head -c 4194304 | grep -avE '.{1001}' | head -c "$5" | encoded) ;;
  *) answer=$(heard "$@" | head -c 4194304 | grep -aE "^($6)" | head -c "$5" | encoded) ;;
  esac
  fact answer "$1" "$answer"
}
# The same, in one write: several of these run at once.
ask_short() { answer=$(ask "$@"); printf '%s\n' "$answer"; }
heard() { timeout 4 bash -c 'exec 3<>"/dev/tcp/$2/$3" && printf "$4" >&3 && exec cat <&3' ask "$@" 2>/dev/null; }
# The remote ends of a user's connections to these ports: whom its service follows. The state 01 is ESTABLISHED. Where there is no /proc, nobody can say.
connections() { # user, or nothing for the operator's own; ports in hexadecimal
  who=$(id -u ${1:+"$1"} 2>/dev/null) || return 0
  shift
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v who="$who" -v ports=" $* " '
    $4 == "01" && $8 == who { split($3, a, ":"); if (index(ports, " " a[2] " ")) print "connected\t" a[1] "\t" a[2] }' | sort -u | head -n 100
}
reach() { # address, port: a refusal shows that packets get there; silence, or a route that leads nowhere, is said
  why=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' reach "$1" "$2" 2>&1) && return 0
  # In one write: several of these run at once.
  case $why in *refused*) ;; *) printf 'silent\t%s\t%s\n' "$1" "$2" ;; esac
  case $1 in *[!0-9.]*) getent ahostsv4 "$1" >/dev/null || printf 'unresolved\t%s\n' "$1" ;; esac
}
# Who holds the lease of this host, and since when. The lock says whether the note is stale.
holder() {
  [ -f "$run/holder" ] && [ -f "$run/lease" ] || return 0
  [ ! -r /proc/locks ] || grep -q ":$(stat -c %i "$run/lease") " /proc/locks || return 0
  text holder "$run/holder"
}
memory() {
  # A stamp names a host's own things, a birth the members; the records name every host.
  for name in stamp birth; do text file "$state/$name.json" 262144; done
  for name in intended applied; do text file "$state/$name.json"; done
  [ -s "$state/made" ] && fact made
  [ -f "$state/epoch" ] && fact epoch "$state/epoch" "$(head -c 200 "$state/epoch")"
  [ -f "$state/identity" ] && fact identity "$state/identity" "$(head -c 200 "$state/identity")"
  return 0
}

# A banner that a login shell printed may lack its line break.
printf '\n'
fact begin
