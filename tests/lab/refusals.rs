//! Hosts that are not fit, ways that are not open, inputs that are not right: one clear message each, and nothing changed.

use crate::agent::Agent;
use crate::hosts::{Lab, nodes_yaml, quorum_yaml};

/// The traces that the tool would leave, had it touched the host.
const TRACES: &str = "ls -d /var/lib/provision /etc/zookeeper /etc/spark /opt/provision 2>/dev/null";

#[test]
fn a_host_that_is_not_fit_is_named_with_its_reason_before_anything_changes() {
    let Some(lab) = Lab::up("refusals", 3) else { return };
    let topology = lab.topology("nodes.yaml", &nodes_yaml());

    // No sudo.
    lab.on(2, "mv /etc/sudoers.d/ops /root/ops.sudoers");
    lab.run(&["plan", &topology]).expect(4).says("h2").says("sudo refused ops: sudo: ").says("without a password");
    lab.on(2, "mv /root/ops.sudoers /etc/sudoers.d/ops");

    // A Java that this Spark does not run on, on one host; a port taken by a stranger on another: both are said at once.
    lab.on(
        1,
        "mkdir -p /opt/jdk-11/bin && printf '#!/bin/sh\\n' >/opt/jdk-11/bin/java && chmod 755 /opt/jdk-11/bin/java \
        && echo 'JAVA_VERSION=\"11.0.2\"' >/opt/jdk-11/release && ln -s /opt/jdk-11/bin/java /usr/local/bin/java",
    );
    lab.on(3, "systemd-run -q --unit stranger nc -lk 10.77.0.13 7078 || systemd-run -q --unit stranger nc -lkp 7078");
    lab.run(&["apply", &topology, "--yes"])
        .expect(6)
        .says("11.0.2")
        .says("make Java 17 or later")
        .says("7078 is taken");
    lab.on(1, "rm -r /usr/local/bin/java /opt/jdk-11");
    lab.on(3, "systemctl stop stranger");

    // A user that is there already, and is root as well; one whose group is another's.
    lab.on(1, "useradd -o -u 0 -g 0 -M spark && groupadd spark");
    lab.on(2, "groupadd zookeeper && useradd -M -g users zookeeper");
    lab.run(&["preflight", &topology])
        .expect(6)
        .says("shares its UID or its group with root")
        .says("shares its UID or its group with users");
    lab.on(1, "sed -i '/^spark:/d' /etc/passwd /etc/shadow && groupdel spark");
    lab.on(2, "userdel zookeeper && { groupdel zookeeper 2>/dev/null || true; }");

    // A name that leads the host to itself, as Debian's installer writes it; one that only the operator knows; an address that no interface has.
    lab.on(1, "cp /etc/hosts /root/hosts.kept; echo '127.0.1.1 one.lab' >>/etc/hosts");
    let named = nodes_yaml()
        .replace("address: 10.77.0.11", "address: one.lab, sshName: h1")
        .replace("address: 10.77.0.12", "address: two.lab, sshName: h2")
        .replace("address: 10.77.0.13", "address: 10.77.0.99, sshName: h3");
    let named = lab.topology("named.yaml", &named);
    lab.run(&["preflight", &named])
        .expect(6)
        .says("one.lab resolves to 127.0.1.1 on the host itself, so that no other host could reach its services")
        .says("two.lab does not resolve on the host itself")
        .says("h2 does not know the name one.lab of h1")
        .says("10.77.0.99 is on no interface of the host");
    lab.on(1, "mv /root/hosts.kept /etc/hosts");
    lab.run(&["preflight", &topology]).expect(0).says("checks of 3 hosts passed");

    // A group that somebody made, a user without one, and a link where a directory belongs.
    lab.on(1, "groupadd zookeeper; mkdir -p /srv/real /data; ln -s /srv/real /data/zookeeper");
    lab.on(2, "useradd -g nogroup spark");
    lab.run(&["preflight", &topology])
        .expect(6)
        .says("the group zookeeper exists without its user")
        .says("has no group spark")
        .says("/data/zookeeper is a symbolic link");
    lab.on(1, "groupdel zookeeper; rm /data/zookeeper; rmdir /srv/real");
    lab.on(2, "userdel spark");

    // A full disk, and one for the tool's own records.
    lab.on(2, "mkdir -p /var/lib/provision && mount -t tmpfs -o size=10m tmpfs /var/lib/provision");
    lab.run(&["preflight", &topology]).expect(6).says("MiB free for /var/lib/provision");
    lab.on(2, "umount /var/lib/provision && rmdir /var/lib/provision");
    lab.on(2, "mkdir -p /opt/provision && mount -t tmpfs -o size=20m tmpfs /opt/provision");
    lab.run(&["apply", &topology, "--yes"]).expect(6).says("h2").says("MiB free for /opt/provision");
    lab.on(2, "umount /opt/provision && rmdir /opt/provision");

    // An archive that differs from the others', and one that is damaged on all.
    lab.on(3, "mkdir /root/dist && cp /srv/dist/zookeeper-3.9.5.tar.gz /root/dist/ && printf x >>/root/dist/zookeeper-3.9.5.tar.gz \
        && mount --bind /root/dist/zookeeper-3.9.5.tar.gz /srv/dist/zookeeper-3.9.5.tar.gz");
    lab.run(&["plan", &topology]).expect(3).says("h3").says("SHA-512").says("put the same archive on every host");
    lab.on(3, "umount /srv/dist/zookeeper-3.9.5.tar.gz");
    for host in 1..=3 {
        lab.on(host, "head -c 1000000 /srv/dist/zookeeper-3.9.5.tar.gz >/root/broken.tar.gz");
    }
    let broken =
        lab.topology("broken.yaml", &quorum_yaml().replace("/srv/dist/zookeeper-3.9.5.tar.gz", "/root/broken.tar.gz"));
    lab.run(&["apply", &broken, "--yes"]).expect(7).says("cannot unpack /root/broken.tar.gz");
    assert!(!lab.test(1, "ls -d /opt/provision/zookeeper* 2>/dev/null"), "something half-unpacked is left");
    lab.run(&["destroy", &broken, "--yes", "--delete-data"]).expect(0);

    // Silence between two hosts.
    lab.verb(&["cut", "1", "3"]);
    lab.run(&["apply", &topology, "--yes"]).expect(6).says("h3 does not answer h");
    lab.verb(&["heal"]);

    // A host that is off: no ensemble is begun with a part of its members, not even when unreachable ones may be skipped.
    lab.verb(&["kill", "3"]);
    lab.run(&["plan", &topology]).expect(4).says("h3").says("a new ensemble starts only with all its members");
    lab.run(&["apply", &topology, "--yes", "--skip-unreachable"]).expect(4);
    lab.verb(&["start", "3"]);

    for host in 1..=3 {
        assert!(!lab.test(host, TRACES), "h{host} was changed");
    }
}

#[test]
fn law_7_an_unknown_or_changed_host_key_stops() {
    let Some(lab) = Lab::up("keys", 3) else { return };
    let topology = lab.topology("quorum.yaml", &quorum_yaml());
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    let line =
        original.lines().find(|line| line.contains("UserKnownHostsFile")).expect("the lab names its known_hosts");
    let known_path = line.split_whitespace().last().expect("a path");
    let known = std::fs::read_to_string(known_path).expect("readable");
    let own = lab.home().join("known_hosts");
    std::fs::write(&config, original.replace(known_path, &own.display().to_string())).expect("writable");

    // Nobody knows h2.
    let without: String =
        known.lines().filter(|line| !line.starts_with("h2,")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&own, &without).expect("writable");
    let ran = lab
        .run(&["plan", &topology])
        .expect(4)
        .says("the host key of 10.77.0.12 is unknown")
        .says("echo '10.77.0.12 ssh-ed25519 ");
    assert!(!ran.stderr.contains("10.77.0.11"), "{}", ran.stderr);

    // The command that it names accepts it.
    let command =
        ran.stderr.lines().find_map(|line| line.split_once("accept it with: ")).expect("a command").1.to_owned();
    lab.verb(&["exec", "sh", "-c", &format!("{command} 2>/dev/null")]);
    lab.run(&["plan", &topology]).expect(0);

    // h2 has another's key.
    let other = known.lines().find(|line| line.starts_with("h1,") && line.contains("ed25519")).expect("a key");
    let changed = other.replacen("h1,10.77.0.11", "h2,10.77.0.12", 1);
    std::fs::write(&own, format!("{without}{changed}\n")).expect("writable");
    let ran = lab.run(&["plan", &topology]).expect(4).says("has changed").says("SHA256:");
    assert!(
        !ran.stderr.contains("ssh-keygen") && !ran.stderr.contains("accept it with"),
        "a changed key comes with no command"
    );

    // Hashed names are found.
    std::fs::write(&own, &known).expect("writable");
    let hashed =
        std::process::Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&own).output().expect("ssh-keygen runs");
    assert!(hashed.status.success(), "{hashed:?}");
    let text = std::fs::read_to_string(&own).expect("readable");
    assert!(text.lines().all(|line| line.starts_with("|1|")), "the names are not hashed: {text}");
    lab.run(&["plan", &topology]).expect(0);

    // A key that only the agent has.
    let key =
        original.lines().find_map(|line| line.trim().strip_prefix("IdentityFile ")).expect("the lab names its key");
    let alone: String = original
        .lines()
        .filter(|line| !line.contains("IdentityFile ") && !line.contains("IdentitiesOnly"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&config, alone.replace(known_path, &own.display().to_string())).expect("writable");
    lab.run(&["plan", &topology]).expect(4).says("there is no key to try");
    let agent = Agent::with(key);
    lab.run_with(&[("SSH_AUTH_SOCK", agent.socket.as_str())], &["plan", &topology]).expect(0);
    drop(agent);
    std::fs::write(&config, original.replace(known_path, &own.display().to_string())).expect("writable");

    // What libssh2 does not do, OpenSSH does, and says why it cannot.
    std::fs::write(&config, format!("Host 10.77.0.13\n  HostKeyAlias other\n{original}")).expect("writable");
    lab.run(&["plan", &topology]).expect(4).says("the host key of 10.77.0.13 is not accepted");
}

/// Leaves a host without Java, and with a repository of apt whose package brings one.
fn take_java_away(lab: &Lab, host: u32) {
    lab.on(
        host,
        r#"set -e
mkdir -p /srv/jvm /srv/apt /root/deb/DEBIAN /root/deb/usr/bin
real=$(readlink -f /usr/bin/java); cp -a "${real%/bin/java}" /srv/jvm/
dpkg --force-all --remove $(dpkg-query -W -f '${Package}\n' 'openjdk-*-jre-headless') >/dev/null 2>&1
! command -v java
ln -s "/srv/jvm/$(ls /srv/jvm)/bin/java" /root/deb/usr/bin/java
printf 'Package: openjdk-17-jre-headless\nVersion: 99\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: a Java\n' >/root/deb/DEBIAN/control
dpkg-deb -b /root/deb /srv/apt/java.deb >/dev/null
{ cat /root/deb/DEBIAN/control; printf 'Filename: ./java.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s /srv/apt/java.deb)" "$(sha256sum </srv/apt/java.deb | cut -d ' ' -f 1)"; } >/srv/apt/Packages
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists; mkdir -p /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/srv/apt ./' >/etc/apt/sources.list"#,
    );
}

#[test]
fn an_archive_is_downloaded_checked_and_refused_when_it_is_another() {
    let Some(lab) = Lab::up("download", 3) else { return };
    // Nothing outside can be reached from here: a stand-in for curl hands out what the lab has under the address asked for.
    for host in 1..=3 {
        lab.on(host, r#"cat >/usr/local/bin/curl <<'S'
#!/bin/sh
while [ $# -gt 1 ]; do case $1 in -o) out=$2; shift ;; esac; shift; done
case $1 in
  https://archive.apache.org/dist/zookeeper/zookeeper-3.9.5/apache-zookeeper-3.9.5-bin.tar.gz) cp /srv/dist/zookeeper-3.9.5.tar.gz "$out" ;;
  https://archive.apache.org/dist/zookeeper/zookeeper-3.9.5/apache-zookeeper-3.9.5-bin.tar.gz.sha512)
    cat /root/sum 2>/dev/null >"$out" || { sha512sum </srv/dist/zookeeper-3.9.5.tar.gz | sed 's/-$/apache-zookeeper-3.9.5-bin.tar.gz/' >"$out"; } ;;
  https://mirror.lab/apache/zookeeper/zookeeper-3.9.5/apache-zookeeper-3.9.5-bin.tar.gz*)
    [ "$https_proxy" = http://proxy.lab:3128 ] || exit 5
    exec env -u https_proxy "$0" -o "$out" "https://archive.apache.org/dist/${1#https://mirror.lab/apache/}" ;;
  *) exit 22 ;;
esac
S
chmod 755 /usr/local/bin/curl"#);
    }
    // An archive of another version than the topology says, which nobody could upgrade later.
    let other = lab.topology("other.yaml", &quorum_yaml().replace("version: 3.9.5", "version: 3.9.4"));
    lab.run(&["apply", &other, "--yes"]).expect(7).says("no lib/zookeeper-3.9.4.jar; it has lib/zookeeper-3.9.5.jar");
    let java_before = lab.on(3, "readlink -f /usr/bin/java");
    take_java_away(&lab, 3);
    let text = quorum_yaml().replace("    archive: { onHost: { path: /srv/dist/zookeeper-3.9.5.tar.gz } }\n", "");
    let text = format!("{text}downloads: {{ mirror: https://mirror.lab/apache, proxy: http://proxy.lab:3128 }}\n");
    let topology = lab.topology("download.yaml", &text);
    // Another checksum is published than what is sent.
    lab.on(2, "printf '%0128d  x\n' 0 >/root/sum");
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("h2").says("sent has the SHA-512");
    assert!(!lab.test(2, "ls /opt/provision/zookeeper* /var/lib/provision/cache/* 2>/dev/null"), "something is left");
    lab.on(2, "rm /root/sum");
    lab.apply(&topology);
    lab.converged(&topology);
    let java = lab.on(3, "readlink -f $(command -v java)");
    assert!(java.starts_with("/srv/jvm/") && java != java_before, "{java} is not the package's");

    // A disk that is full when a file is laid: the old file stays whole, and room is all that is needed to go on.
    lab.on(1, "mkdir /root/etc && cp -a /etc/zookeeper/. /root/etc/ && mount -t tmpfs -o size=64k,mode=755 tmpfs /etc/zookeeper \
        && cp -a /root/etc/. /etc/zookeeper/ && dd if=/dev/zero of=/etc/zookeeper/filler bs=4k count=64 2>/dev/null; true");
    std::fs::write(&topology, text.replace("maxClientCnxns: 60", "maxClientCnxns: 61")).expect("writable");
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("cannot write /etc/zookeeper/zoo.cfg").says("KiB free");
    assert!(lab.on(1, "cat /etc/zookeeper/zoo.cfg").contains("maxClientCnxns=60"));
    assert!(!lab.test(1, "ls /etc/zookeeper/*.provision-new 2>/dev/null"), "a half-written file is left");
    lab.on(1, "rm /etc/zookeeper/filler");
    lab.apply(&topology);
    lab.converged(&topology);
}
