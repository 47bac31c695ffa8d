# Installs a distribution: downloaded or copied, checked, unpacked by an unprivileged user, inspected, renamed. POSIX sh.

# An unused uid from the range of systemd's dynamic users: a process with it can touch no user's files.
spare_user() {
  spare=61184
  while getent passwd "$spare" >/dev/null || pgrep -U "$spare" >/dev/null; do spare=$((spare + 1)); done
  echo "$spare"
}
# What an archive may hold: files, directories, and links that stay inside. Prints the first thing that is something else.
violations() { # folder, number of the user that unpacked it
  for name in origin files; do
    { [ ! -e "$1/.provision-$name" ] && [ ! -L "$1/.provision-$name" ]; } || echo "it has a .provision-$name, which only provision writes"
  done
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
  why=$(hear 65536 "$by" tar -xzf - -C "$2" --strip-components=1 --no-same-owner --no-same-permissions <"$1")
  patience=
  [ "$by" = 0 ] || pkill -KILL -U "$by"
  [ "$(how "$why")" = 0 ] || broken "$2" "cannot unpack ${shown:-$1}: $(words "$why" | cut -c 1-200)"
  [ -n "$(ls -A "$2")" ] || broken "$2" "the archive ${shown:-$1} is empty"
  why=$(violations "$2" "$mine" 2>&1 | head -n 1 | sed "s|^$2/||")
  [ -z "$why" ] || broken "$2" "the archive ${shown:-$1} is not safe to unpack: $why"
  [ -n "$root" ] || chown -Rh 0:0 "$2"
  chmod -R u+rwX,go+rX,go-w,a-st "$2"
}
broken() { # folder, why: nothing half-unpacked stays
  gone "$1"
  case ${archive:-} in *.copy) rm -f "$archive" ;; esac
  fail "$2"
}
origin() { # folder, SHA-512: what it was unpacked from, and which files that were, with their modes and sizes
  files "$1" >"$1/.provision-files"
  printf '%s\n' "$2" >"$1/.provision-origin"
  chmod 644 "$1/.provision-files" "$1/.provision-origin"
}
prove() { # unpacked folder, pattern of a file that must be in it, what it came from
  # Unquoted on purpose: the shell expands the pattern.
  (cd "$1" && ls -d $2 >/dev/null 2>&1) && return 0
  has=$(cd "$1" && ls -d ${2%%-*}-[0-9]*.jar 2>/dev/null | head -n 1)
  broken "$1" "the archive $3 has no $2${has:+; it has $has}: it is another version than the topology says"
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
  # People know the archive by its own name, whatever it is read from.
  shown=$2
  steady "$2" "$1"
  sum=$(sha512sum <"$archive" | cut -d ' ' -f 1)
  [ "$3" = - ] || [ "$sum" = "$3" ] || { [ "$archive" = "$2" ] || rm -f "$archive"; fail "the archive $2 has the SHA-512 $sum, not $3: it is another one, or damaged"; }
  if [ -n "$store" ]; then
    lock_store
    if [ ! -e "$store/$sum" ] || [ -n "$(lost "$store/$sum")" ]; then
      gone "$store/$sum"
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
# What was checked is what is unpacked: an archive is copied first, because its owner, or whoever has it open, could change it in between. One
# in root's own cache is nobody's to change, and a folder of this machine has one owner. Sets $archive.
steady() { # archive, home
  archive=$1
  [ -z "$root" ] || return 0
  case $1 in "$state/cache/"*) return 0 ;; esac
  who=$(keeper "${1%/*}") || fail "the archive $1 is in a directory that several users can change: move it to a directory that only root can change"
  mkdir -p "$state/cache" || fail "cannot make $state/cache"
  archive=$state/cache/${2##*/}.copy
  rm -f "$archive"
  patience=300
  # None is larger than 4 GiB, and a fifo is not waited for. Root writes the copy: that user has one end of a pipe, and never the file.
  why=$({ { as "$who" dd if="$1" iflag=nonblock,fullblock bs=1M status=none </dev/null 2>&6; printf '\nended %s\n' "$?" >&6; } |
    timeout "$((patience + 2))" head -c 4294967296 >"$archive" 6>&-; } 6>&1)
  patience=
  [ "$(how "$why")" = 0 ] || { rm -f "$archive"; fail "cannot copy the archive $1: $(words "$why" | cut -c 1-200)"; }
}
# What is unpacked once for all the hosts that are folders of this machine.
lock_store() {
  mkdir -p "$store" || fail "cannot make $store"
  touch "$store/lock" 2>/dev/null || fail "cannot write $store/lock"
  exec 7>>"$store/lock"
  flock 7 || fail "cannot lock $store"
}
from_store() { # name in the store, home: hard links to the same files, or copies where links are not possible
  gone "$2.provision-new"
  cp -al "$store/$1" "$2.provision-new" 2>/dev/null && return 0
  gone "$2.provision-new"
  cp -a "$store/$1" "$2.provision-new" || { rm -rf "$2.provision-new"; fail "cannot copy $store/$1 to $2"; }
}
pyspark() { # home version pattern: the package as Apache's own archive would be; pip checks what it downloads
  [ -n "$store" ] || fail "neither XDG_CACHE_HOME nor HOME says where to keep the package"
  lock_store
  kept=$store/pyspark-$2
  if [ ! -e "$kept/.provision-origin" ] || [ -n "$(lost "$kept")" ]; then
    rm -rf "$store/pip" "$kept.provision-new" "$kept"
    why=$(pip3 download --quiet --disable-pip-version-check --no-deps --no-binary pyspark -d "$store/pip" "pyspark==$2" 2>&1) ||
      fail "pip cannot download pyspark $2: $(all_of "$why")"
    sum=$(sha512sum <"$store/pip/pyspark-$2.tar.gz" | cut -d ' ' -f 1)
    expand "$store/pip/pyspark-$2.tar.gz" "$store/pip/new"
    mv -T "$store/pip/new/deps" "$kept.provision-new" || fail "the package pyspark $2 has no folder deps"
    # Its `examples` has only those in Python, where Apache's archive has those of all languages, and PySpark's own libraries are in a separate folder.
    mkdir -p "$kept.provision-new/python/lib"
    (
      cd "$kept.provision-new" &&
        mv examples python-examples && mkdir -p examples/src/main && mv python-examples examples/src/main/python &&
        mv "$store"/pip/new/lib/*.zip python/lib/
    ) || fail "the package pyspark $2 has an unknown layout"
    origin "$kept.provision-new" "$sum"
    mv -T "$kept.provision-new" "$kept" || fail "cannot rename what was unpacked in $store"
    rm -rf "$store/pip"
  fi
  from_store "pyspark-$2" "$1"
  prove "$1.provision-new" "$3" "pyspark $2"
  settle "$1"
}
download() { # url file sha512-or-dash checksum-url-or-dash proxy-or-dash
  mkdir -p "${2%/*}"
  proxy=$5
  get() (
    [ "$proxy" = - ] || export https_proxy="$proxy" http_proxy="$proxy"
    if command -v curl >/dev/null 2>&1; then curl -fsSL --connect-timeout 15 --max-time 1500 --retry 2 -o "$2" "$1"
    else wget -nv --timeout=15 --tries=3 -O "$2" "$1"; fi 2>&1
  )
  command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 ||
    fail "neither curl nor wget is there to download $1: use archive: { file: ... }"
  want=$3
  if [ "$4" != - ]; then
    why=$(get "$4" "$2.sum") || fail "cannot download the checksum $4: $(all_of "$why")"
    want=$(tr -cs '0-9A-Fa-f' '\n' <"$2.sum" | grep -E '^[0-9A-Fa-f]{128}$' | head -n 1 | tr 'A-F' 'a-f')
    rm -f "$2.sum"
    [ -n "$want" ] || fail "no SHA-512 is to be found in $4"
  fi
  why=$(get "$1" "$2.part") || { rm -f "$2.part"; fail "cannot download $1: $(all_of "$why")"; }
  sum=$(sha512sum <"$2.part" | cut -d ' ' -f 1)
  [ "$sum" = "$want" ] || { rm -f "$2.part"; fail "what $1 sent has the SHA-512 $sum, not $want"; }
  mv -fT "$2.part" "$2"
}
