#!/bin/sh
# Puts Spark's directory on the machine's own NVMe disks, at every boot: they are empty once the machine has been stopped, and keep their files when it
# only restarts.
set -eu
mount=/var/lib/spark
mountpoint -q "$mount" && exit 0

# The clouds' names for them; other disks of these machines are NVMe disks too.
set --
for model in /sys/block/nvme*/device/model; do
  case $(cat "$model") in
  "Amazon EC2 NVMe Instance Storage"* | "Microsoft NVMe Direct Disk"*) ;;
  *) continue ;;
  esac
  disk=$(basename "$(dirname "$(dirname "$model")")")
  test -b "/dev/$disk" || continue
  set -- "$@" "/dev/$disk"
done
if test $# = 0; then
  echo "no local NVMe disk was found: choose a size that has one, or leave localDisks out" >&2
  exit 1
fi

# Btrfs stripes over several disks by itself. What cannot be mounted is empty, or from another machine: nothing there is worth keeping.
mkdir -p "$mount"
btrfs device scan "$@" >/dev/null 2>&1 || true
if ! mount -t btrfs -o noatime,nodatacow "$1" "$mount" 2>/dev/null; then
  profile=raid0
  test $# -gt 1 || profile=single
  mkfs.btrfs -q -f -L spark -d $profile -m $profile "$@" >&2
  mount -t btrfs -o noatime,nodatacow "$1" "$mount"
fi
