# True if the host was claimed for this cluster, by its name and its anchors, and nothing was laid since: an apply was killed early.
early() { # name and digest of our claim
  there=$(head -c 200 "$state/identity" 2>/dev/null)
  [ "${there#* }" = "$1" ] && [ ! -e "$state/stamp.json" ] && [ ! -e "$state/made" ] && [ ! -e "$state/birth.json" ]
}
