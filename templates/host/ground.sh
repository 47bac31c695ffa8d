# What keeps a service's user from making root act for it. In a directory that somebody else may write, root does nothing by name: what
# must be done there is done as that user, who gains nothing by tricking themselves. POSIX sh.

# Prints the UID of the one user who can change names in a directory: 0 where that is root alone. Fails where the directory is not
# there, or where several could. In a folder that stands for a host everything is its owner's, so this prints 0; but it fails where a
# link in it leads out of it.
keeper() { # directory
  [ -z "$root" ] || { [ -z "$(link_in "$1")" ] && echo 0; return; }
  ways=/ way= between=$IFS
  IFS=/
  for part in ${1#/}; do way=$way/$part ways="$ways $way"; done
  IFS=$between
  # shellcheck disable=SC2086 # paths of hosts have no spaces
  stat -c '%u %A %n' -- $ways 2>/dev/null | {
    who=0 seen=
    while read -r uid access name; do
      seen=$name
      case $access in
      l*)
        # A link of root's in a directory of root's is trusted as far as it goes: what it leads to may lie behind another link, of somebody else.
        [ "$who" = 0 ] && [ "$uid" = 0 ] && [ "${links:=0}" -lt 40 ] || exit 1
        links=$((links + 1)) to=$(readlink -- "$name")
        case $to in '' | *[!A-Za-z0-9._+@/-]*) exit 1 ;; /*) ;; *) to=${name%/*}/$to ;; esac
        keeper "${to%/}${1#"$name"}"
        exit
        ;;
      d????-??-*) ;;
      *) exit 1 ;;
      esac
      [ "$who" = 0 ] || [ "$who" = "$uid" ] || exit 1
      who=$uid
    done
    [ "$seen" = "/${1#/}" ] && echo "$who"
  }
}
# The first link on the way to a path in a folder that stands for a host.
link_in() { # path
  case $1 in "$root"/*) ;; *) return 0 ;; esac
  way=$root rest=${1#"$root"/}
  while [ -n "$rest" ]; do
    way=$way/${rest%%/*}
    [ ! -L "$way" ] || { printf %s "$way"; return 0; }
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
  done
}
# Prints the UID that is to read in a directory: its keeper's, else its owner's, or 65534 (nobody) if that owner is root; never root's where others can change names in it.
reader() { # directory
  keeper "$1" && return 0
  [ -z "$root" ] || return 1
  owner=$(stat -c %u -- "$1" 2>/dev/null) || return 1
  if [ "$owner" = 0 ]; then echo 65534; else echo "$owner"; fi
}
# A process may take the open files of another one of the same user, and write its memory, unless that one has a capability which it lacks
# itself (ptrace(2), "Ptrace access mode checking"). Sets $shield to options of setpriv for one that is of no use to anybody: the first that
# this machine lets us hand on. Where it lets us none, a command as a user still has no open file of root's.
raise_shield() {
  for shield in wake_alarm audit_write lease net_bind_service; do
    shield="--inh-caps -all,+$shield --ambient-caps -all,+$shield"
    # shellcheck disable=SC2086 # they are several words
    setpriv $shield true 2>/dev/null && return
  done
  shield='--inh-caps -all'
}
# Runs a command as a user, with nothing of ours but its input and output, and not for ever. That user can stop what runs as them, so the
# clock is ours (137 and 124 say that it ran out), and what is printed is that user's word: it goes into a pipe or nowhere, never to the
# operator or into a file of root's. Once `late` has seen such a timeout, later commands get 2 s.
as() { # number of the user, command
  uid=$1; shift
  if [ "$uid" = 0 ]; then set -- timeout -k 5 "${patience:-60}" "$@"
  else
    [ -n "${shield:-}" ] || raise_shield
    # shellcheck disable=SC2086 # they are several words
    set -- timeout -s KILL "${hurry:-${patience:-60}}" setpriv --reuid "$uid" --regid "$(id -g "$uid" 2>/dev/null || echo 65534)" \
      --clear-groups --no-new-privs $shield -- env -i LC_ALL=C PATH="$PATH" "$@"
  fi
  "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}
# Prints the output of a user's command, at most so many bytes, and then a last line of ours: how it ended. The output is complete before
# that line comes; what the command left running is waited for no longer than the command itself.
hear() { # bytes at most, number of the user, command
  limit=$1; shift
  {
    code=$({
      { as "$@" 2>&1 3>&- 4>&-; echo $? >&3; } |
        timeout "$((${hurry:-${patience:-60}} + 2))" sh -c 'head -c "$1"; exec cat >/dev/null' hear "$limit" >&4 3>&-
    } 3>&1)
  } 4>&1
  printf '\nended %s\n' "$code"
}
nl='
'
how() { last=${1##*"$nl"} && printf %s "${last#ended }"; } # the exit code at the end of what was heard
words() { printf '%s\n' "${1%"$nl"ended *}" | sed '/^$/d' | head -n 1; } # the first line that the command printed
late() { case $1 in 124 | 137) hurry=2 ;; *) return 1 ;; esac; } # true if this exit code means that the time ran out
# What a command prints of the first bytes of a file, which are read as whoever can change it; then a last line of ours, as `hear` prints: what was read
# by a process that somebody killed may be a part. A link is not followed, and a fifo not waited for.
peek() { # file, bytes at most, command
  file=$1 limit=$2
  shift 2
  who=$(reader "${file%/*}") || return 1
  {
    code=$({
      { as "$who" dd if="$file" iflag=nofollow,nonblock,count_bytes,fullblock count="$limit" bs=64k status=none </dev/null 2>/dev/null; echo $? >&3; } |
        timeout "$((${patience:-60} + 2))" head -c "$limit" | "$@" >&4 3>&-
    } 3>&1)
  } 4>&1
  printf '\nended %s\n' "$code"
}
# The files in a distribution with their modes and sizes; and the first file that is missing, or whose mode or size has changed since it was unpacked.
# (Those that an earlier
# version unpacked have no list.)
files() { (cd "$1" && find . -type f ! -name '.provision-*' -exec stat -c '%a %s %n' {} + | sort); }
lost() { [ ! -f "$1/.provision-files" ] || files "$1" | comm -13 - "$1/.provision-files" | head -n 1 | sed 's/^[0-9]* [0-9]* [.]*[/]*//'; }
