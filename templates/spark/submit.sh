# Runs a job's driver as Spark's user, and ends it when this script's input ends. The variables
# `spark_submit`, `home`, `config`, `secret` (a path, or nothing) and `owner` (the user who owns the host's folder; empty on a whole machine) are set before
# it, and `$@` holds the words of spark-submit's command line.
[ -x "$spark_submit" ] || { echo 'error: Spark is not on this host: run `provision apply` first' >&2; exit 127; }
exec 3<&0
name=provision-job-$$

# A unit of its own: nothing of the operator's session reaches the driver, and nothing that it starts leaves the unit's limits by asking another program.
in_a_unit() {
  job=
  for word; do job="$job '$(printf %s "$word" | sed "s/'/'\\\\''/g"; printf .)"; job="${job%.}'"; done
  if [ -n "$secret" ]; then set -- -p EnvironmentFile="$secret"; else set --; fi
  # systemd reads $$ as one $.
  exec systemd-run --quiet --pipe --wait --collect --unit "$name" --service-type exec -p SyslogIdentifier=spark-submit \
    -p User=spark -p Group=spark -p WorkingDirectory="$home" -p UMask=0027 -p LimitNOFILE=65536 -p TimeoutStopSec=30 \
    -p NoNewPrivileges=yes -p CapabilityBoundingSet= -p AmbientCapabilities= -p RestrictSUIDSGID=yes -p RestrictNamespaces=yes \
    -p LockPersonality=yes -p KeyringMode=private -p PrivateDevices=yes -p ProtectKernelTunables=yes -p ProtectControlGroups=yes \
    -p "InaccessiblePaths=-/run/dbus -/run/user" -p TemporaryFileSystem=/run/systemd:ro -p BindReadOnlyPaths=-/run/systemd/resolve \
    -E SPARK_CONF_DIR="$config" -E HOME="$home" -E SPARK_ENV_LOADED=1 -E job="$job" "$@" \
    /bin/sh -c 'eval "set -- $$job"; unset job; . "$$SPARK_CONF_DIR/spark-env.sh"; exec "$$@"'
}

# Without D-Bus, systemd-run does not work.
if [ -z "$owner" ] && [ -S /run/dbus/system_bus_socket ]; then
  in_a_unit "$@" </dev/null 3<&- &
  pid=$!
  # Repeated until systemd-run has ended: its unit may not exist yet at the first try.
  (cat <&3 >/dev/null; while kill -0 $pid; do systemctl stop "$name"; sleep 0.3; done) 2>/dev/null &
else
  # The secret is in the environment, never in an argument.
  [ -z "$secret" ] || { set -a; . "$secret"; set +a; }
  export SPARK_CONF_DIR="$config" HOME="$home" SPARK_ENV_LOADED=1
  # The job's variables and its directory apply only once root's rights are gone: a PATH may lead into what a job has written.
  set -- /bin/sh -c 'cd "$HOME" && . "$SPARK_CONF_DIR/spark-env.sh" && exec "$@"' sh "$@"
  [ -n "$owner" ] || set -- setpriv --reuid spark --regid spark --init-groups --no-new-privs --inh-caps -all --bounding-set -all "$@"
  # A group of its own, so that all of it can be ended.
  setsid "$@" </dev/null 3<&- &
  pid=$!
  (cat <&3 >/dev/null; kill -- -$pid) 2>/dev/null &
fi
watch=$!
wait $pid; code=$?
kill $watch 2>/dev/null
[ -n "$owner" ] || systemctl stop "$name" 2>/dev/null
exit $code
