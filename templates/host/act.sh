# Changes this host under its lock, unless somebody with a higher epoch was here. POSIX sh.
set -u
LC_ALL=C; export LC_ALL
PATH=${path:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}; export PATH
umask 077
state=$root/var/lib/provision run=$root/run/provision

say() { printf 'say\t%s\n' "$*"; }
fail() { printf 'fail\t%s\n' "$*"; exit 1; }
busy() { printf 'busy\t%s\n' "$1"; exit 1; }
fenced() { printf 'fenced\t%s\n' "$1"; exit 1; }

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
raise() { # our epoch: never lowers what the host has seen
  [ "$(seen)" -le "$1" ] || fenced "$(seen)"
  mkdir -p "$state" || fail "cannot make $state"
  chmod 755 "$state"
  printf '%s\n' "$1" | write "$state/epoch" - - 644
}
own() { # path owner group mode
  { [ "$2" = - ] || chown "$2:$3" "$1"; } && chmod "$4" "$1"
}
# A file that has the bytes of the new one stays: what started with it has nothing to read anew.
keeps() { # path owner group mode
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sha256sum <"$1")" = "$(sha256sum <"$1.provision-new")" ] &&
    own "$@" && rm -f "$1.provision-new"
}
# Beside, synced, renamed: a reader sees the old bytes or the new ones, also after a power cut.
write() { # path owner group mode; bytes on stdin. An owner - is whoever writes
  t=$1.provision-new
  if cat >"$t" && own "$t" "$2" "$3" "$4" && sync "$t" && { keeps "$@" || mv -fT "$t" "$1"; }; then return 0; fi
  rm -f "$t"
  fail "cannot write $1: $(df -Pk "${1%/*}" 2>/dev/null | awk 'NR == 2 { print $4 " KiB free on " $6 }')"
}
put() { # path owner group mode; base64 on stdin
  base64 -d | write "$@" || exit 1
}
made() { # what this host got from us and did not have before: a destroy takes only that away
  grep -qxF "$1" "$state/made" 2>/dev/null && return 0
  printf '%s\n' "$1" >>"$state/made" && sync "$state/made" || fail "cannot write $state/made"
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
  made "dir $1"
  mkdir "$1" || fail "cannot make $1"
  chmod 755 "$1"
}
directory() { # path owner group mode
  [ -L "$1" ] && fail "$1 is a symbolic link: write the directory that it leads to"
  make_directory "$1"
  chown "$2:$3" "$1" && chmod "$4" "$1" || fail "cannot set owner and mode of $1"
  # A disk that a former machine of this node has left: all on it is the service's, whatever number its user had there.
  [ ! -e "$1/.provision-member" ] || find "$1" -xdev ! -user "$2" -exec chown -h "$2:$3" {} +
}
expand() { # archive, new folder for what is in its one folder
  rm -rf "$2"
  mkdir -p "$2" || fail "cannot make $2"
  if ! why=$(tar -xzf "$1" -C "$2" --strip-components=1 --no-same-owner --no-same-permissions 2>&1); then
    rm -rf "$2"
    fail "cannot unpack $1: $(printf %s "$why" | tail -n 1 | cut -c 1-200)"
  fi
  chmod -R u+rwX,go+rX,go-w "$2"
  [ -n "$(ls -A "$2")" ] || { rm -rf "$2"; fail "the archive $1 is empty"; }
}
origin() { # folder, SHA-512: what it was unpacked from
  printf '%s\n' "$2" >"$1/.provision-origin"
  chmod 644 "$1/.provision-origin"
}
prove() { # unpacked folder, pattern of a file that must be in it, what it came from
  # The pattern is meant as one.
  (cd "$1" && ls -d $2 >/dev/null 2>&1) && return 0
  has=$(cd "$1" && ls -d ${2%%-*}-[0-9]*.jar 2>/dev/null | head -n 1)
  rm -rf "$1"
  fail "the archive $3 has no $2${has:+ but $has}: it is another version than the topology says"
}
settle() { # home: what is in home.provision-new takes its place
  chmod 755 "$1.provision-new"
  sync -f "$1.provision-new"
  rm -rf "$1"
  mv -T "$1.provision-new" "$1" || fail "cannot rename the unpacked $1"
  say "unpacked $1"
}
unpack() { # home archive sha512-or-dash pattern-of-a-file-that-must-be-in-it
  [ -r "$2" ] || fail "cannot read the archive $2"
  sum=$(sha512sum <"$2" | cut -d ' ' -f 1)
  [ "$3" = - ] || [ "$sum" = "$3" ] || fail "the archive $2 has the SHA-512 $sum, not $3: it is another one, or damaged"
  if [ -n "$store" ]; then
    lock_store
    if [ ! -e "$store/$sum" ]; then
      expand "$2" "$store/$sum.provision-new"
      origin "$store/$sum.provision-new" "$sum"
      mv -T "$store/$sum.provision-new" "$store/$sum" || fail "cannot rename what was unpacked in $store"
    fi
    from_store "$sum" "$1"
  else
    expand "$2" "$1.provision-new"
    origin "$1.provision-new" "$sum"
  fi
  prove "$1.provision-new" "$4" "$2"
  settle "$1"
}
# What is unpacked once for all the hosts that are folders of this machine.
lock_store() {
  mkdir -p "$store" || fail "cannot make $store"
  touch "$store/lock" 2>/dev/null || fail "cannot write $store/lock"
  exec 7>>"$store/lock"
  flock 7 || fail "cannot lock $store"
}
from_store() { # name in the store, home: the same files under one more name each, or copies where that cannot be
  rm -rf "$2.provision-new"
  cp -al "$store/$1" "$2.provision-new" 2>/dev/null && return 0
  rm -rf "$2.provision-new"
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
    while read -r path; do rm -f "$path"; done <"$kept/absent"
  fi
  [ -d "$kept/files" ] || return 0
  cd "$kept/files" || fail "cannot read $kept"
  find . -type f | while read -r path; do
    target=${path#.}
    cp -a "$path" "$target.provision-new" && sync "$target.provision-new" && mv -fT "$target.provision-new" "$target" ||
      fail "cannot put back $target"
  done || exit 1
  cd /
}
# Lets a worker finish: SIGPWR decommissions it; then no executor is left, or the time is over.
drain() { # unit address port seconds
  systemctl kill -s PWR --kill-who=main "$1" 2>/dev/null || return 0
  end=$(($(date +%s) + $4))
  while [ "$(date +%s)" -lt "$end" ]; do
    sleep 1
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET /json/ HTTP/1.0\r\n\r\n" >&3 && cat <&3' ask "$2" "$3" 2>/dev/null |
      tr -d ' \n' | grep -q '"executors":\[\]' && return 0
  done
  say "still busy after $4 s"
}
ask() { # address port request: the answer in base64, as far as one comes within 4 s
  timeout 4 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf %s "$3" | base64 -d >&3 && cat <&3' ask "$@" 2>/dev/null | base64 | tr -d '\n'
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
  there=; [ -e "$1" ] && there=yes
  rm -f "$1" "$1.provision-new" || fail "cannot remove $1"
  [ -z "$there" ] || say "gone file $1"
}
remove_distribution() {
  there=; [ -e "$1" ] && there=yes
  rm -rf "$1" "$1.provision-new" || fail "cannot remove $1"
  [ -z "$there" ] || say "gone distribution $1"
}
remove_directory() { # path data(true/false) delete-data(true/false)
  [ -d "$1" ] || return 0
  if [ "$2" = true ]; then
    # By name, never all that is there: somebody else may keep things beside ours.
    [ "$3" != true ] || rm -rf "$1"/version-2 "$1"/initialize "$1"/zookeeper_server.pid "$1"/app-* "$1"/driver-*
    if [ -n "$(ls -A "$1")" ] && [ "$3" != true ]; then say "stays data $1"; return 0; fi
  fi
  if ! was_made "dir $1"; then say "stays directory $1 (it was here before)"; return 0; fi
  if rmdir "$1" 2>/dev/null; then say "gone directory $1"; else say "stays directory $1 (it is not empty)"; fi
}
remove_scratch() { # a directory whose content is ours alone
  [ -d "$1" ] && was_made "dir $1" && find "$1" -mindepth 1 -delete
  return 0
}
remove_made_parents() { # directories made on the way to ours, deepest first
  sed -n 's/^dir //p' "$state/made" 2>/dev/null | sort -r | while read -r p; do rmdir "$p" 2>/dev/null && say "gone directory $p"; done
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
}
is_new() { # data directory
  [ -d "$1/version-2" ] && [ -n "$(ls -A "$1/version-2")" ] && fail "$1 holds data: it is not new"
  return 0
}
remove_memory() { # data directories: while they hold something, what says whose they are stays
  stays=
  for d do [ -d "$d" ] && [ -n "$(ls -A "$d")" ] && stays=yes; done
  for f in "$state"/*; do
    case $stays$f in
    yes*/birth.json | yes*/made) say "stays record $f (data stays)" ;;
    *) rm -rf "$f" ;;
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
