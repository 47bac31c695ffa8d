# What is taken away, and what stays and why: by name, as the user whose directory it is, never through a link or across a mount. POSIX sh.

gone() { # a tree of ours, as far as nothing is mounted in it
  [ -e "$1" ] || [ -L "$1" ] || return 0
  within=$(mounts "$1" at)
  [ -z "$within" ] || fail "cannot remove $1: something is mounted at $within. Unmount it first"
  why=$(rm -rf --one-file-system "$1" 2>&1) || fail "cannot remove $1: $(all_of "$why")"
}
# Where something is mounted below a directory, or (with the second argument) at it: no deletion goes there.
mounts() { # directory [at]
  # The kernel names a mount by its real path, and a directory above may be a link of root's.
  [ ! -r /proc/self/mountinfo ] ||
    awk -v dir="$(octal "$(readlink -f -- "$1" || printf %s "$1")")" -v at="${2:-}" '(at && $5 == dir) || index($5, dir "/") == 1 { print $5; exit }' /proc/self/mountinfo | unoctal
}
octal() { printf %s "$1" | sed 's/ /\\\\040/g'; } # a space as the kernel writes it, for awk
unoctal() { sed 's/\\040/ /g'; }                    # and back
# Says that a path of a folder that stands for a host lies outside of it, behind a link. Fails where it does not.
elsewhere() { # path
  [ -n "$root" ] || return 1
  link=$(link_in "$1")
  [ -n "$link" ] && echo "$link is a symbolic link, which leads out of the node's folder"
}
# Nothing is removed in a folder that stands for a host while something is mounted in it: what is there belongs elsewhere.
no_mounts() {
  [ -n "$root" ] && [ -d "$root" ] || return 0
  within=$(mounts "$(cd -P -- "$root" && pwd)" at)
  [ -z "$within" ] || fail "refusing to remove anything in $root: something is mounted at $within. Unmount it first"
}
# The script defines `with_our_names COMMAND DIRECTORY`, which adds the names of data that services have: data is found by these names, never as all that is
# there, since somebody else may keep things beside ours.
HOLDS='cd -P -- "$1" && [ -r . ] || exit 0; shift
for pattern do
  for name in $pattern; do
    if [ -e "$name" ] || [ -L "$name" ]; then exit 0; fi
  done
done; exit 1'
holds_ours() { # directory, patterns of names in it: whether it holds one, or nobody can say
  who=$(keeper "$1") || return 0
  as "$who" sh -c "$HOLDS" holds "$@" </dev/null >/dev/null 2>&1
  ended=$?
  late "$ended" || [ "$ended" != 1 ]
}
was_made() { grep -qxF "$1" "$state/made" 2>/dev/null; }
remove_file() {
  [ -e "$1" ] || [ -L "$1" ] || [ -d "${1%/*}" ] || return 0
  ! away=$(elsewhere "${1%/*}") || { say "kept file $1 ($away)"; return 0; }
  who=$(keeper "${1%/*}") || { say "kept file $1 (several users can change what is beside it)"; return 0; }
  there=; { [ -e "$1" ] || [ -L "$1" ]; } && there=yes
  insist "$who" rm -f "$1" "$1.provision-new"
  if [ "$ended" = 0 ]; then [ -z "$there" ] || say "removed file $1"
  elif [ "$who" = 0 ]; then fail "cannot remove $1: $(words "$why")"
  else say "kept file $1 ($(words "$why"))"; fi
}
remove_distribution() {
  there=; [ -e "$1" ] && there=yes
  [ -n "$there" ] || [ -e "$1.provision-new" ] || return 0
  ours "${1%/*}"
  gone "$1"; gone "$1.provision-new"
  [ -z "$there" ] || say "removed distribution $1"
}
# Deletes what matches patterns in a directory, as the user who owns it. Directories that somebody closed are opened first.
PURGE='cd -P -- "$1" || exit 1; shift
for pattern do
  for name in $pattern; do
    [ -L "$name" ] || [ ! -d "$name" ] || find "./$name" -xdev -type d ! -perm -700 -execdir chmod u+rwx {} \;
    rm -rf --one-file-system -- "$name" || ended=1
  done
done; exit ${ended:-0}'
# Runs a command as a user. Where it fails, and all services of the host are stopped, the user's other processes end, and it runs once more.
# Sets $why and $ended.
insist() { # number of the user, command
  why=$(hear 4096 "$@" </dev/null)
  ended=$(how "$why")
  late "$ended" || :
  [ "$ended" != 0 ] && [ "$1" != 0 ] && [ -n "${all_goes:-}" ] && pgrep -u "$1" >/dev/null || return 0
  hurry= patience=60
  end_processes "$1"
  why=$(hear 4096 "$@" </dev/null)
  ended=$(how "$why")
  late "$ended" || :
}
end_processes() { # number of a user, until none is left
  for again in 1 2 3 4 5; do pkill -KILL -u "$1" || break; done
  say "ended the processes of $(id -nu "$1" 2>/dev/null || echo "the user $1"), which may have stopped what was done as that user"
}
purge() { # directory, patterns of names in it
  within=$(mounts "$1")
  [ -z "$within" ] || { say "kept what is in $1 (something is mounted at $within: unmount it first)"; return 0; }
  ! away=$(elsewhere "$1") || { say "kept what is in $1 ($away)"; return 0; }
  who=$(keeper "$1") || { say "kept what is in $1 (several users can change it)"; return 0; }
  patience=300
  # The user could suspend our deletion: suspended processes of theirs are killed (their service has stopped by now).
  while [ "$who" != 0 ] && kill -0 $$ && sleep 2; do pkill -KILL -u "$who" -r T; done >/dev/null 2>&1 8>&- 9>&- &
  watcher=$!
  insist "$who" sh -c "$PURGE" purge "$@"
  kill "$watcher" 2>/dev/null
  patience=
  if late "$ended"; then say "kept something in $1 (the deletion took too long: processes of its user may be stopping it)"
  elif [ "$ended" != 0 ]; then say "kept something in $1 ($(words "$why"))"; fi
}
holds_something() { # directory: it is listed as the user who owns it
  who=$(keeper "$1") || return 0
  within=$(hear 200 "$who" find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found </dev/null)
  ended=$(how "$within")
  late "$ended" || :
  [ -n "$(words "$within")" ] || [ "$ended" != 0 ]
}
remove_directory() { # path data(true/false) delete-data(true/false)
  [ ! -L "$1" ] || { say "kept link $1 (it leads elsewhere)"; return 0; }
  [ -d "$1" ] || return 0
  ! away=$(elsewhere "$1") || { say "kept directory $1 ($away)"; return 0; }
  if [ "$2" = true ]; then
    if [ "$3" = true ]; then
      # Its user may have closed it, or opened it to others. Its name is root's.
      above=${1%/*}
      [ "$(keeper "${above:-/}")" != 0 ] || chmod u+rwx,go-w "$1"
      with_our_names purge "$1"
    elif holds_something "$1"; then say "kept data $1"; return 0; fi
  fi
  if ! was_made "dir $1"; then say "kept directory $1 (it was here before)"; return 0; fi
  above=${1%/*}
  ours "${above:-/}"
  if rmdir "$1" 2>/dev/null; then say "removed directory $1"; else say "kept directory $1 (it is not empty)"; fi
}
remove_scratch() { # a directory whose content is ours alone
  [ ! -d "$1" ] || [ -L "$1" ] || ! was_made "dir $1" || purge "$1" '*' '.[!.]*' '..?*'
}
remove_made_parents() { # directories made on the way to ours, deepest first
  sed -n 's/^dir //p' "$state/made" 2>/dev/null | sort -r | while read -r p; do
    above=${p%/*}
    [ "$(keeper "${above:-/}")" = 0 ] && rmdir "$p" 2>/dev/null && say "removed directory $p"
  done
  return 0
}
name_packages() { # installed for the cluster; by now others may use them
  sed -n 's/^package //p' "$state/made" 2>/dev/null | while read -r p; do say "kept package $p (apt-get remove $p takes it away)"; done
  return 0
}
# Says what a user still owns on this host's own disks, or that it could not be looked for to the end.
left_by() { # number of a user, number of its group
  # Pseudo file systems keep nothing, and others' disks are not this host's.
  where=$(awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|mqueue|debugfs|tracefs|securityfs|pstore|bpf|configfs|fusectl|hugetlbfs|autofs|binfmt_misc|efivarfs|rpc_pipefs|nsfs|nfs4?|cifs|smb3|9p|ceph|glusterfs|fuse.*)$/ { print $2 }' /proc/self/mounts 2>/dev/null)
  found=$(printf '%s\n' "${where:-/}" | sort -u | while IFS= read -r at; do
    at=$(printf %s "$at" | unoctal)
    timeout 120 find "$at" -xdev \( -uid "$1" -o -gid "$2" \) -print -quit 2>/dev/null
    [ "$?" != 124 ] || echo "?"
  done | head -n 1)
  case $found in
  '') ;;
  '?') echo "its files could not be looked for within 120 s" ;;
  *) echo "its file $found" ;;
  esac
}
remove_user() { # user, directories of its data
  name=$1; shift
  for d do
    # Its UID must not go to somebody else while files of this user are there.
    if [ -d "$d" ]; then kept_user=yes; say "kept user $name (its data is in $d)"; return 0; fi
  done
  set -- "$name"
  getent passwd "$1" >/dev/null || return 0
  was_made "user $1" || { say "kept user $1 (it was here before)"; return 0; }
  [ "$(getent passwd "$1" | cut -d : -f 5)" = "$OURS" ] || { say "kept user $1 (it is not the one that provision made)"; return 0; }
  if pgrep -u "$1" >/dev/null 2>&1; then kept_user=yes; say "kept user $1 (one of its processes is running)"; return 0; fi
  # What Java leaves of a job's driver.
  as "$(id -u "$1")" rm -rf "/tmp/hsperfdata_$1" </dev/null >/dev/null 2>&1
  # The next user with its uid would own what it left, and a setuid file of it would run as that user.
  left=$(left_by "$(id -u "$1")" "$(id -g "$1")")
  [ -z "$left" ] || { kept_user=yes; say "kept user $1 ($left)"; return 0; }
  why=$(userdel "$1" 2>&1) || fail "cannot remove the user $1: $(all_of "$why")"
  say "removed user $1"
  # The group came with the user. userdel leaves it where somebody else was added to it.
  if getent group "$1" >/dev/null; then
    members=$(getent group "$1" | cut -d : -f 4 | cut -c 1-200)
    if groupdel "$1" 2>/dev/null; then say "removed group $1 (${members:-nobody} was in it)"; else say "kept group $1 (groupdel refuses it)"; fi
  fi
  # The system keeps what these files were before their last change.
  for backup in passwd group shadow gshadow subuid subgid; do
    ! grep -q "^$1:" "/etc/$backup-" 2>/dev/null || say "kept file /etc/$backup- (the system's own backup of /etc/$backup: it still names $1)"
  done
}
is_new() { # data directory
  [ ! -d "$1/version-2" ] || ! holds_something "$1/version-2" || fail "$1 holds data: it is not new"
}
remove_memory() { # data directories: while they hold something of ours, what says whose they are stays
  stays= born= there=
  for d do
    [ -d "$d" ] || continue
    there=yes
    # Once the data is deleted, what is left is a stranger's.
    if [ -n "${deletes:-}" ]; then with_our_names holds_ours "$d"; else holds_something "$d"; fi && stays=yes
    # A birth is on record as long as the member has data, or nobody can say (1 is the answer of `test` that neither is there).
    who=$(reader "$d") || { born=yes; continue; }
    as "$who" test -e "$d/version-2" -o -e "$d/initialize" </dev/null >/dev/null 2>&1
    [ $? = 1 ] || born=yes
  done
  for f in "$state"/*; do
    [ "${keeps_epoch:-}$f" != "yes$state/epoch" ] || { say "kept record $f (for the hosts that are left)"; continue; }
    case $born$stays$f in
    yesyes*/birth.json | *yes*/made | *yes*/identity) say "kept record $f (data stays)" ;;
    */made) [ -n "$there${kept_user:-}" ] && say "kept record $f (of what is left)" || rm -f "$f" ;;
    *) gone "$f" ;;
    esac
  done
  [ ! -d "$state" ] || ! rmdir "$state" 2>/dev/null || say "removed directory $state"
  gone "$run"
  end_folder
}
# What `submit` started here cannot go on.
end_jobs() {
  [ -z "$root" ] || return 0
  systemctl list-units --plain --no-legend 'provision-job-*.service' 2>/dev/null | awk '{ print $1 }' | while read -r job; do
    systemctl stop "$job" && say "ended the job $job"
  done
  gone "$state/jobs" # their applications
}
# Takes the firewall out of the kernel, where its unit has not.
drop_table() {
  rm -f "$state/firewall.proven"
  if ! command -v nft >/dev/null; then
    # If this record exists, rules were loaded in this boot; after a reboot, nobody has loaded any.
    [ ! -e "$run/provision-firewall.service.loaded" ] || fail "nft is missing, so the firewall's rules in the kernel cannot be seen or removed: install nftables, then run this again"
    return 0
  fi
  nft list table inet provision >/dev/null 2>&1 || return 0
  why=$(nft delete table inet provision 2>&1) || fail "cannot remove the firewall's rules from the kernel: $(all_of "$why")"
  say "removed the firewall's rules"
}
# Ends a trial of the firewall that a killed run has left: the rules from before it come back. Fails where there is none.
end_trial() {
  [ -e "$run/firewall.trial" ] || [ -e "$run/firewall.before" ] || return 1
  # Rules that stayed would be what the next trial returns to. The trial's own unit may do the same at this moment. Proven ones stay: their run was killed
  # after it had confirmed them.
  now="$(nft list table inet provision 2>/dev/null | sha256sum) $(nft --version 2>/dev/null)"
  [ "$now" = "$(head -c 1000 "$state/firewall.proven" 2>/dev/null)" ] || why=$(nft -f "$run/firewall.before" 2>&1) ||
    [ ! -e "$run/firewall.before" ] || fail "cannot restore the firewall rules from before the trial: $(all_of "$why")"
  systemctl stop provision-firewall-trial 2>/dev/null
  forget_trial
}
end_folder() { # all that is empty in the folder that stood for this host, and the folder itself
  [ -n "$root" ] || return 0
  find "$root" -xdev -depth -type d -empty -delete 2>/dev/null
  cluster=${root%/*}
  rmdir "$cluster" "${cluster%/*}" 2>/dev/null
  [ ! -d "$root" ] || say "kept folder $root (it is not empty)"
}
