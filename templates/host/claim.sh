# True if the host was claimed for this cluster, by its name and its anchors, and nothing was installed since: an apply was killed early.
early() { # name and digest of our claim
  there=$(head -c 200 "$state/identity" 2>/dev/null)
  [ "${there#* }" = "$1" ] && [ ! -e "$state/stamp.json" ] && [ ! -e "$state/made" ] && [ ! -e "$state/birth.json" ]
}
# All that a program said, or its last lines where it said more, in one line.
all_of() { printf '%s\n' "$1" | sed '/^[[:space:]]*$/d' | tail -n 6 | cut -c 1-200 | tr '\n' '|' | sed 's/|$//; s/|/ | /g'; }
