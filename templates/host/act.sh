# Changes this host under its lock, unless somebody with a higher epoch was here. POSIX sh.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision

# In one line each, whatever a name or another program's words hold.
word() { printf '%s\t%s\n' "$1" "$(printf %s "$2" | tr '\n\t' '  ' | cut -c 1-500)"; }
say() { word say "$*"; }
fail() { word fail "$*"; exit 1; }
busy() { word busy "$1"; exit 1; }
fenced() { word fenced "$1"; exit 1; }

lock() { # seconds to wait
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
seen() { cat "$state/epoch" 2>/dev/null || echo 0; }
fence() { # our epoch: it must be exactly what was raised here
  [ "$(seen)" = "$1" ] || fenced "$(seen)"
}
raise() { # our epoch, our identity, our name, where our anchors are: never lowers what the host has seen, never takes another cluster's host
  mkdir -p "$state" || fail "cannot make $state"
  chmod 755 "$state"
  [ -e "$state/identity" ] || printf '%s %s %s\n' "$2" "$3" "$4" | write "$state/identity" - - 644 || exit 1
  belongs "$2"
  [ "$(seen)" -le "$1" ] || fenced "$(seen)"
  printf '%s\n' "$1" | write "$state/epoch" - - 644
}
# Whose host this is: the identity of its cluster, and the cluster's name. Asked under the lock, before anything is done.
belongs() { # our identity
  there=$(head -c 200 "$state/identity" 2>/dev/null)
  [ "${there%% *}" = "$1" ] || { word foreign "$there"; exit 1; }
}
# What only root may change is root's to work in; anything else is said.
ours() { # directory
  [ "$(keeper "$1")" != 0 ] || return 0
  way=
  for part in $(printf %s "${1#/}" | tr / ' '); do
    way=$way/$part
    [ "$(keeper "$way")" = 0 ] || break
  done
  fail "root does nothing in $1, since others can change what is in $way ($(stat -c 'it is %U:%G %04a' -- "$way" 2>&1)): chown root:root $way && chmod go-w $way"
}
own() { # path owner group mode
  { [ "$2" = - ] || chown -h "$2:$3" "$1"; } && chmod "$4" "$1"
}
# A file that has the bytes of the new one stays: what started with it has nothing to read anew.
keeps() { # path owner group mode
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1")" = "$(sha256sum <"$1.provision-new")" ] &&
    own "$@" && rm -f "$1.provision-new"
}
# The same as the user whose directory it is in: whatever lies there by the names that are used here, it is made anew.
WRITE='t=$1.provision-new; set -C; umask 077
rm -f "$t" && cat >"$t" && chmod "$2" "$t" && sync "$t" || { rm -f "$t"; exit 1; }
if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$1" "$t"; then chmod "$2" "$1" && rm -f "$t"; else mv -fT "$t" "$1"; fi'
# Beside, synced, renamed: a reader sees the old bytes or the new ones, also after a power cut.
write() { # path owner group mode; bytes on stdin. An owner - is whoever writes
  t=$1.provision-new dir=${1%/*}
  [ -d "$dir" ] || fail "cannot write $1: $dir is not there"
  who=$(keeper "$dir") || ours "$dir"
  if [ "$who" != 0 ]; then
    [ "$2" != - ] && [ "$(id -u "$2" 2>/dev/null)" = "$who" ] || fail "cannot write $1: $dir belongs to another user"
    if why=$(as "$who" sh -c "$WRITE" write "$1" "$4" 2>&1); then return 0; fi
  else
    # Made anew, never opened: what lies there by this name is somebody's leftover.
    why=$( { rm -f "$t" && (set -C; cat >"$t") && own "$t" "$2" "$3" "$4" && sync "$t" && { keeps "$@" || mv -fT "$t" "$1"; }; } 2>&1) && return 0
    rm -f "$t"
  fi
  fail "cannot write $1: $(printf %s "$why" | tail -n 1 | cut -c 1-200); $(df -Pk "$dir" 2>/dev/null | awk 'NR == 2 { print $4 " KiB free on " $6 }')"
}
put() { # path owner group mode; base64 on stdin
  base64 -d | write "$@" || exit 1
}
# A line at the end of a file of ours.
add() { # path, line
  [ ! -L "$1" ] && printf '%s\n' "$2" >>"$1" && sync "$1" || fail "cannot write $1"
}
made() { # what this host got from us and did not have before: a destroy takes only that away
  grep -qxF "$1" "$state/made" 2>/dev/null || add "$state/made" "$1"
}
user() { # name home
  getent passwd "$1" >/dev/null && return 0
  made "user $1"
  useradd --system --user-group --home-dir "$2" --no-create-home --shell /usr/sbin/nologin "$1" 2>&1 ||
    fail "cannot add the user $1"
  say "user $1"
}
make_directory() { # path: with all above it that is not there yet
  [ -n "$1" ] && [ ! -d "$1" ] || return 0
  [ -e "$1" ] && fail "$1 is in the way: it is no directory"
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
  chown -h "$2:$3" "$1" && chmod "$4" "$1" || fail "cannot set owner and mode of $1"
}
# A disk that a former machine of this node has left: what was its service's there is the service's here, whatever number its user had.
# Only what that very number owns, each file by its name in its own open directory: nothing that a link or a race leads to.
adopt() { # path owner group
  was=$(stat -c %u -- "$1")
  [ -z "$root" ] && [ "$was" != 0 ] && [ "$was" != "$(id -u "$2")" ] || return 0
  find "$1" -xdev -depth -uid "$was" -execdir chown -h --from="$was" "$2:$3" {} + || fail "cannot give $1 to $2"
}
# A number that is no user's, of those that systemd takes for users of a moment: whoever has it can touch nothing of anybody's.
spare_user() {
  spare=61184
  while getent passwd "$spare" >/dev/null || pgrep -U "$spare" >/dev/null; do spare=$((spare + 1)); done
  echo "$spare"
}
# What an archive may hold: files, directories, and links that stay inside. Prints the first thing that is something else.
alien() { # folder, number of the user that unpacked it
  { [ ! -e "$1/.provision-origin" ] && [ ! -L "$1/.provision-origin" ]; } || echo "it has a .provision-origin, which only provision writes"
  find "$1" ! -uid "$2" -print | sed 's/$/ belongs to another user/'
  find "$1" ! -type f ! -type d ! -type l -print | sed 's/$/ is neither a file nor a directory nor a link/'
  find "$1" -type l -exec sh -c 'inside=$(readlink -f -- "$0")
    for l do case $(readlink -m -- "$l") in "$inside"/*) ;; *) printf "%s is a link that leads out of it\n" "$l" ;; esac; done' "$1" {} +
}
expand() { # archive, new folder for what is in its one folder: by a user who can do nothing else, then looked through, then root's
  gone "$2"
  mkdir -m 700 "$2" || fail "cannot make $2"
  if [ -n "$root" ]; then by=0 mine=$(id -u)
  else by=$(spare_user) mine=$by; chown "$by" "$2"; fi
  patience=1500
  why=$(as "$by" tar -xzf - -C "$2" --strip-components=1 --no-same-owner --no-same-permissions <"$1" 2>&1) ||
    broken "$2" "cannot unpack $1: $(printf %s "$why" | head -n 1 | cut -c 1-200)"
  patience=
  [ "$by" = 0 ] || pkill -KILL -U "$by"
  [ -n "$(ls -A "$2")" ] || broken "$2" "the archive $1 is empty"
  why=$(alien "$2" "$mine" 2>&1 | head -n 1 | sed "s|^$2/||")
  [ -z "$why" ] || broken "$2" "the archive $1 is not to be trusted: $why"
  [ -n "$root" ] || chown -Rh 0:0 "$2"
  chmod -R u+rwX,go+rX,go-w,a-st "$2"
}
broken() { # folder, why: nothing half-unpacked stays
  gone "$1"
  fail "$2"
}
gone() { # a tree of ours, as far as nothing is mounted in it
  [ -e "$1" ] || [ -L "$1" ] || return 0
  within=$(mounts "$1")
  [ -z "$within" ] || fail "cannot remove $1: something is mounted at $within. Unmount it first"
  rm -rf --one-file-system "$1" || fail "cannot remove $1"
}
# Where something is mounted at a directory or below it: no deletion goes there.
mounts() { # directory
  [ ! -r /proc/self/mountinfo ] || awk -v at="$(octal "$1")" '$5 == at || index($5, at "/") == 1 { print $5; exit }' /proc/self/mountinfo
}
# The same below it alone: a data directory may well be a disk of its own.
mounts_within() { # directory
  [ ! -r /proc/self/mountinfo ] || awk -v at="$(octal "$1")" 'index($5, at "/") == 1 { print $5; exit }' /proc/self/mountinfo
}
octal() { printf %s "$1" | sed 's/ /\\\\040/g'; } # a space as the kernel writes it, for awk
origin() { # folder, SHA-512: what it was unpacked from
  printf '%s\n' "$2" >"$1/.provision-origin"
  chmod 644 "$1/.provision-origin"
}
prove() { # unpacked folder, pattern of a file that must be in it, what it came from
  # The pattern is meant as one.
  (cd "$1" && ls -d $2 >/dev/null 2>&1) && return 0
  has=$(cd "$1" && ls -d ${2%%-*}-[0-9]*.jar 2>/dev/null | head -n 1)
  broken "$1" "the archive $3 has no $2${has:+ but $has}: it is another version than the topology says"
}
settle() { # home: what is in home.provision-new takes its place
  chmod 755 "$1.provision-new"
  sync -f "$1.provision-new"
  gone "$1"
  mv -T "$1.provision-new" "$1" || fail "cannot rename the unpacked $1"
  say "unpacked $1"
}
unpack() { # home archive sha512-or-dash pattern-of-a-file-that-must-be-in-it
  ours "${1%/*}"
  [ -r "$2" ] || fail "cannot read the archive $2"
  steady "$2" "$1"
  sum=$(sha512sum <"$archive" | cut -d ' ' -f 1)
  [ "$3" = - ] || [ "$sum" = "$3" ] || { [ "$archive" = "$2" ] || rm -f "$archive"; fail "the archive $2 has the SHA-512 $sum, not $3: it is another one, or damaged"; }
  if [ -n "$store" ]; then
    lock_store
    if [ ! -e "$store/$sum" ]; then
      expand "$archive" "$store/$sum.provision-new"
      origin "$store/$sum.provision-new" "$sum"
      mv -T "$store/$sum.provision-new" "$store/$sum" || fail "cannot rename what was unpacked in $store"
    fi
    from_store "$sum" "$1"
  else
    expand "$archive" "$1.provision-new"
    origin "$1.provision-new" "$sum"
  fi
  prove "$1.provision-new" "$4" "$2"
  settle "$1"
  [ "$archive" = "$2" ] || rm -f "$archive"
}
# What was checked is what is unpacked: an archive that somebody else could change in between is copied first. Sets $archive.
steady() { # archive, home
  who=$(keeper "${1%/*}") || fail "the archive $1 lies where several users could exchange it: put it into a directory of root's"
  [ "$who" != 0 ] || { archive=$1; return 0; }
  mkdir -p "$state/cache" || fail "cannot make $state/cache"
  archive=$state/cache/${2##*/}.copy
  patience=1500
  as "$who" cat -- "$1" </dev/null 2>/dev/null >"$archive" || { rm -f "$archive"; fail "cannot read the archive $1"; }
  patience=
}
# What is unpacked once for all the hosts that are folders of this machine.
lock_store() {
  mkdir -p "$store" || fail "cannot make $store"
  touch "$store/lock" 2>/dev/null || fail "cannot write $store/lock"
  exec 7>>"$store/lock"
  flock 7 || fail "cannot lock $store"
}
from_store() { # name in the store, home: the same files under one more name each, or copies where that cannot be
  gone "$2.provision-new"
  cp -al "$store/$1" "$2.provision-new" 2>/dev/null && return 0
  gone "$2.provision-new"
  cp -a "$store/$1" "$2.provision-new" || { rm -rf "$2.provision-new"; fail "cannot copy $store/$1 to $2"; }
}
pyspark() { # home version pattern: the package as Apache's own archive would be; pip checks what it downloads
  [ -n "$store" ] || fail "neither XDG_CACHE_HOME nor HOME says where to keep the package"
  lock_store
  kept=$store/pyspark-$2
  if [ ! -e "$kept/.provision-origin" ]; then
    rm -rf "$store/pip" "$kept.provision-new" "$kept"
    why=$(pip3 download --quiet --disable-pip-version-check --no-deps --no-binary pyspark -d "$store/pip" "pyspark==$2" 2>&1) ||
      fail "pip cannot download pyspark $2: $(printf %s "$why" | grep -v '^ ' | tail -n 1 | cut -c 1-300)"
    sum=$(sha512sum <"$store/pip/pyspark-$2.tar.gz" | cut -d ' ' -f 1)
    expand "$store/pip/pyspark-$2.tar.gz" "$store/pip/new"
    mv -T "$store/pip/new/deps" "$kept.provision-new" || fail "the package pyspark $2 has no folder deps"
    # It has the examples in Python where Apache's archive has those of all languages, and its own side of PySpark apart.
    mkdir -p "$kept.provision-new/python/lib"
    (
      cd "$kept.provision-new" &&
        mv examples python-examples && mkdir -p examples/src/main && mv python-examples examples/src/main/python &&
        mv "$store"/pip/new/lib/*.zip python/lib/
    ) || fail "the package pyspark $2 is not laid out as known"
    origin "$kept.provision-new" "$sum"
    mv -T "$kept.provision-new" "$kept" || fail "cannot rename what was unpacked in $store"
    rm -rf "$store/pip"
  fi
  from_store "pyspark-$2" "$1"
  prove "$1.provision-new" "$3" "pyspark $2"
  settle "$1"
}
download() { # url file sha512-or-dash checksum-url-or-dash
  mkdir -p "${2%/*}"
  get() {
    if command -v curl >/dev/null 2>&1; then curl -fsSL --connect-timeout 15 --max-time 1500 --retry 2 -o "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then wget -q --timeout=15 --tries=3 -O "$2" "$1"
    else fail "neither curl nor wget is there to download $1: use archive: { file: … }"; fi
  }
  want=$3
  if [ "$4" != - ]; then
    get "$4" "$2.sum" 2>/dev/null || fail "cannot download the checksum $4"
    want=$(tr -cs '0-9A-Fa-f' '\n' <"$2.sum" | grep -E '^[0-9A-Fa-f]{128}$' | head -n 1 | tr 'A-F' 'a-f')
    rm -f "$2.sum"
    [ -n "$want" ] || fail "no SHA-512 is to be found in $4"
  fi
  get "$1" "$2.part" || { rm -f "$2.part"; fail "cannot download $1"; }
  sum=$(sha512sum <"$2.part" | cut -d ' ' -f 1)
  [ "$sum" = "$want" ] || { rm -f "$2.part"; fail "what $1 sent has the SHA-512 $sum, not $want"; }
  mv -fT "$2.part" "$2"
}
reload_units() { systemctl daemon-reload || fail "systemd cannot read its units"; }
enable() { systemctl -q enable "$1" 2>/dev/null || fail "cannot enable $1"; }
change() { # verb unit: what systemctl says, and the service's last words, are why it failed
  why=$(systemctl "$1" "$2" 2>&1) && return 0
  fail "$2 does not $1: $({ printf '%s\n' "$why"; systemctl status --no-pager -n 3 "$2" 2>&1 | tail -n 3; } | tr '\n' ' ')"
}
start() {
  enable "$1"
  systemctl reset-failed "$1" 2>/dev/null
  change start "$1"
}
stop() {
  systemctl cat "$1" >/dev/null 2>&1 || return 0
  change stop "$1"
}
drop_unit() { # unit file: its service stopped, disabled and forgotten
  stop "$1"
  systemctl -q disable "$1" 2>/dev/null
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
    printf '%s\n' "$3" >>"$kept/absent" || fail "cannot keep that $3 is absent"
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
# Rules of a packet filter are tried before they stay: a unit of its own takes them back when the time is over, unless somebody who could
# still come in has said that they may stay.
try_rules() { # seconds; rules in base64 on stdin
  trial=provision-firewall-trial
  if [ -e "$run/firewall.trial" ]; then
    systemctl stop "$trial" 2>/dev/null
    nft -f "$run/firewall.before" 2>/dev/null
  fi
  base64 -d >"$run/firewall.trial" || exit 1
  { printf 'table inet provision\ndelete table inet provision\n'; nft list table inet provision 2>/dev/null; } >"$run/firewall.before"
  why=$(nft -c -f "$run/firewall.trial" 2>&1) || { rm -f "$run/firewall.trial"; fail "nft refuses the rules: $(printf %s "$why" | head -n 1)"; }
  why=$(systemd-run --quiet --collect --unit "$trial" /bin/sh -c "sleep $1; nft -f $run/firewall.before; rm -f $run/firewall.trial" 2>&1) ||
    { rm -f "$run/firewall.trial"; fail "nothing would take the rules back: $why"; }
  # Connections that stand already are no strangers: the kernel gets to know them before anything is dropped, within a beat of ZooKeeper's.
  nft list table inet provision >/dev/null 2>&1 ||
    { nft 'add table inet provision; add chain inet provision known { type filter hook input priority filter; policy accept; }; add rule inet provision known ct state established accept' && sleep 4; }
  why=$(nft -f "$run/firewall.trial" 2>&1) || fail "nft refuses the rules: $(printf %s "$why" | head -n 1)"
}
keep_rules() { # by a connection that came in through them
  systemctl stop provision-firewall-trial 2>/dev/null
  [ -e "$run/firewall.trial" ] || fail "the trial of the packet filter is over, and the host has taken its rules back: apply again"
  rm -f "$run/firewall.trial" "$run/firewall.before"
}
# Lets a worker finish: SIGPWR decommissions it; then no executor is left, or the time is over.
drain() { # unit address port seconds
  systemctl kill -s PWR --kill-who=main "$1" 2>/dev/null || return 0
  end=$(($(date +%s) + $4))
  while [ "$(date +%s)" -lt "$end" ]; do
    sleep 1
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET /json/ HTTP/1.0\r\n\r\n" >&3 && head -c 1048576 <&3' ask "$2" "$3" 2>/dev/null |
      tr -d ' \n' | grep -q '"executors":\[\]' && return 0
  done
  say "still busy after $4 s"
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
was_made() { grep -qxF "$1" "$state/made" 2>/dev/null; }
remove_file() {
  [ -e "$1" ] || [ -L "$1" ] || [ -d "${1%/*}" ] || return 0
  who=$(keeper "${1%/*}") || { say "stays file $1 (several users can change what is beside it)"; return 0; }
  there=; { [ -e "$1" ] || [ -L "$1" ]; } && there=yes
  if why=$(as "$who" rm -f "$1" "$1.provision-new" 2>&1); then [ -z "$there" ] || say "gone file $1"
  elif [ "$who" = 0 ]; then fail "cannot remove $1: $why"
  else say "stays file $1 ($(printf %s "$why" | tail -n 1))"; fi
}
remove_distribution() {
  there=; [ -e "$1" ] && there=yes
  [ -n "$there" ] || [ -e "$1.provision-new" ] || return 0
  ours "${1%/*}"
  gone "$1"; gone "$1.provision-new"
  [ -z "$there" ] || say "gone distribution $1"
}
# Deletes what is meant by patterns in a directory, as the user whose it is. Directories that somebody closed are opened first.
PURGE='cd -P -- "$1" || exit 1; shift
for pattern do
  for name in $pattern; do
    [ -L "$name" ] || [ ! -d "$name" ] || find "./$name" -xdev -type d ! -perm -700 -exec chmod u+rwx {} \;
    rm -rf --one-file-system -- "$name" || ended=1
  done
done; exit ${ended:-0}'
purge() { # directory, patterns of names in it
  within=$(mounts_within "$1")
  [ -z "$within" ] || { say "stays what is in $1 (something is mounted at $within: unmount it first)"; return 0; }
  who=$(keeper "$1") || { say "stays what is in $1 (several users can change it)"; return 0; }
  patience=1500
  why=$(as "$who" sh -c "$PURGE" purge "$@" 2>&1) || say "stays something in $1 ($(printf %s "$why" | head -n 1))"
  patience=
}
holds_something() { # directory: whoever's it is, its names are that user's to tell
  who=$(keeper "$1") || return 0
  [ -n "$(as "$who" find "$1" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)" ]
}
remove_directory() { # path data(true/false) delete-data(true/false)
  [ ! -L "$1" ] || { say "stays link $1 (it leads elsewhere)"; return 0; }
  [ -d "$1" ] || return 0
  if [ "$2" = true ]; then
    # By name, never all that is there: somebody else may keep things beside ours.
    if [ "$3" = true ]; then purge "$1" version-2 initialize zookeeper_server.pid myid 'app-*' 'driver-*'
    elif holds_something "$1"; then say "stays data $1"; return 0; fi
  fi
  if ! was_made "dir $1"; then say "stays directory $1 (it was here before)"; return 0; fi
  above=${1%/*}
  ours "${above:-/}"
  if rmdir "$1" 2>/dev/null; then say "gone directory $1"; else say "stays directory $1 (it is not empty)"; fi
}
remove_scratch() { # a directory whose content is ours alone
  [ -d "$1" ] && [ ! -L "$1" ] && was_made "dir $1" || return 0
  who=$(keeper "$1") || return 0
  within=$(mounts_within "$1")
  [ -z "$within" ] || { say "stays what is in $1 (something is mounted at $within: unmount it first)"; return 0; }
  as "$who" sh -c 'cd -P -- "$1" && find . -xdev -type d ! -perm -700 -exec chmod u+rwx {} \; ; find . -xdev -mindepth 1 -delete' scratch "$1" >/dev/null 2>&1
  return 0
}
remove_made_parents() { # directories made on the way to ours, deepest first
  sed -n 's/^dir //p' "$state/made" 2>/dev/null | sort -r | while read -r p; do
    above=${p%/*}
    [ "$(keeper "${above:-/}")" = 0 ] && rmdir "$p" 2>/dev/null && say "gone directory $p"
  done
  return 0
}
name_packages() { # installed for the cluster; by now others may use them
  sed -n 's/^package //p' "$state/made" 2>/dev/null | while read -r p; do say "stays package $p (apt-get remove $p takes it away)"; done
  return 0
}
remove_user() { # user, directories of its data
  name=$1; shift
  for d do
    # Its number must not go to somebody else while files of it are there.
    if [ -d "$d" ]; then say "stays user $name (its data is in $d)"; return 0; fi
  done
  set -- "$name"
  was_made "user $1" || { say "stays user $1 (it was here before)"; return 0; }
  getent passwd "$1" >/dev/null || return 0
  if pgrep -u "$1" >/dev/null 2>&1; then say "stays user $1 (a process of it runs)"; return 0; fi
  userdel "$1" 2>/dev/null && say "gone user $1"
  # The system keeps what these files were before their last change.
  for backup in passwd group shadow gshadow subuid subgid; do
    ! grep -q "^$1:" "/etc/$backup-" 2>/dev/null || say "stays file /etc/$backup- (the system's own backup of /etc/$backup: it still names $1)"
  done
}
is_new() { # data directory
  [ ! -d "$1/version-2" ] || ! holds_something "$1/version-2" || fail "$1 holds data: it is not new"
}
remove_memory() { # data directories: while they hold something, what says whose they are stays
  stays=
  for d do [ -d "$d" ] && holds_something "$d" && stays=yes; done
  for f in "$state"/*; do
    case $stays$f in
    yes*/birth.json | yes*/made | yes*/identity) say "stays record $f (data stays)" ;;
    *) rm -rf --one-file-system "$f" ;;
    esac
  done
  rmdir "$state" 2>/dev/null && say "gone directory $state"
  rm -rf "$run"
  end_folder
}
end_folder() { # all that is empty in the folder that stood for this host, and the folder itself
  [ -n "$root" ] || return 0
  find "$root" -depth -type d -empty -delete 2>/dev/null
  cluster=${root%/*}
  rmdir "$cluster" "${cluster%/*}" 2>/dev/null
  [ ! -d "$root" ] || say "stays folder $root (it is not empty)"
}
