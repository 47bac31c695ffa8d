//! A firewall that would lock the operator out is taken back by the host; one that somebody flushed is found.

use crate::hosts::{Lab, quorum_yaml, wait_until};

#[test]
fn a_packet_filter_that_locks_out_is_taken_back() {
    let Some(lab) = Lab::up("firewall", 1) else { return };
    let text = quorum_yaml().replace("{ 1: h1, 2: h2, 3: h3 }", "{ 1: h1 }");
    let closed = |ssh: &str| text.replace("ssh: { user: ops }", &format!("firewall: nftables\n      ssh: {ssh}"));
    let topology = lab.topology("closed.yaml", &text);
    lab.apply(&topology);
    // Somebody else's table of that name is not ours to delete.
    lab.on(1, "nft add table inet provision");
    std::fs::write(&topology, closed("{ user: ops }")).expect("writable");
    lab.run(&["apply", &topology, "--yes"])
        .expect(3)
        .says("nftables table `inet provision` that provision did not make");
    lab.on(1, "nft delete table inet provision");

    // sshd listens at 22, and the operator comes in at 2222: rules that leave 2222 open close the way.
    lab.on(1, "nft 'add table ip redir; add chain ip redir pre { type nat hook prerouting priority -100; }; add rule ip redir pre tcp dport 2222 redirect to :22'");
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    let known =
        original.lines().find(|line| line.contains("UserKnownHostsFile")).expect("the lab names its known_hosts");
    let known = known.split_whitespace().last().expect("a path");
    let keys =
        std::fs::read_to_string(known).expect("readable").replace("h1,10.77.0.11 ", "[10.77.0.11]:2222,10.77.0.11 ");
    let own = lab.home().join("known_hosts");
    std::fs::write(&own, keys).expect("writable");
    std::fs::write(&config, original.replace(known, &own.display().to_string())).expect("writable");
    std::fs::write(&topology, closed("{ user: ops, port: 2222 }")).expect("writable");
    lab.run(&["apply", &topology, "--yes"])
        .expect(7)
        .says("nothing listens on port 2222, at which ssh reaches it")
        .says("no new connection succeeded")
        .says("restores its previous rules by itself when the trial ends");
    assert!(lab.test(1, "nft list table inet provision | grep -q 'dport 2222'"), "the rules were not even tried");
    wait_until("the host has taken them back", std::time::Duration::from_secs(90), || {
        !lab.test(1, "nft list table inet provision")
    });
    assert!(!lab.test(1, "test -e /etc/provision/firewall.nft"), "a reboot would load them");
    lab.run(&["plan", &topology]).expect(0);

    // The port at which sshd is: they stay, whatever else loads rules.
    std::fs::write(&topology, closed("{ user: ops }")).expect("writable");
    lab.apply(&topology).says("keep the new firewall rules: a new connection came in");
    lab.converged(&topology);
    lab.on(1, "nft flush ruleset");
    // As it would be if the flush had come before the unit looked at what it had loaded.
    lab.on(1, "printf '' | sha256sum >/run/provision/provision-firewall.service.loaded");
    let lost = "the rules in the kernel are not the ones that were last confirmed";
    lab.run(&["plan", &topology, "--detailed-exitcode"]).expect(2).says(lost);
    lab.apply(&topology);
    lab.converged(&topology);
    for deed in ["restart", "reload"] {
        lab.on(1, &format!("systemctl {deed} nftables; sleep 1; nft list table inet provision >/dev/null"));
        lab.converged(&topology);
    }
    lab.on(1, "systemctl enable -q nftables");
    lab.verb(&["restart", "1"]);
    assert!(lab.test(1, "nft list table inet provision | grep -q 'policy drop'"), "after a boot it is gone");
    // One that was there before is what a failed trial leaves.
    std::fs::write(&topology, closed("{ user: ops, port: 2222 }")).expect("writable");
    lab.on(1, "nft 'add table ip redir; add chain ip redir pre { type nat hook prerouting priority -100; }; add rule ip redir pre tcp dport 2222 redirect to :22'; \
        nft insert rule inet provision input tcp dport 2222 accept");
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("no new connection succeeded");
    wait_until("the host has taken them back", std::time::Duration::from_secs(70), || {
        lab.test(1, "nft list table inet provision | grep -q 'dport 22 accept'")
    });
    std::fs::write(&topology, closed("{ user: ops }")).expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);
    rules_of_a_drop_in_do_not_stay(&lab, &topology);
    a_killed_runs_trial_ends_with_the_firewall(&lab, &topology, &text, &closed("{ user: ops }"));
    // What a run leaves that was killed while it tried other rules: those from before it come back, and go as well.
    lab.on(1, "{ printf 'table inet provision\\ndelete table inet provision\\n'; nft list table inet provision; } >/run/provision/firewall.before; \
        cp /etc/provision/firewall.nft /run/provision/firewall.trial");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    assert!(!lab.test(1, "nft list table inet provision"), "its rules are left");

    // An apply is killed while its rules are on trial, and the cluster destroyed before the host has taken them back.
    let mut apply = lab.start(&["apply", &topology, "--yes"]);
    wait_until("rules are on trial", std::time::Duration::from_secs(60), || {
        lab.test(1, "nft list table inet provision | grep -q 'policy drop'")
    });
    apply.kill().expect("it runs");
    apply.wait().expect("it has ended");
    assert!(lab.test(1, "test -e /run/provision/firewall.before"), "the trial was over");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    assert!(!lab.test(1, "nft list table inet provision || test -e /run/provision"), "the trial's rules are left");
    a_tunnel_that_ends_on_a_host_is_not_closed_unseen(&lab, &closed("{ user: ops }"));
}

/// The operator comes by a tunnel that ends on the host itself. Its flow is known to the kernel for minutes, and its port is not in the rules.
fn a_tunnel_that_ends_on_a_host_is_not_closed_unseen(lab: &Lab, text: &str) {
    let tunnel = |own: &str, other: &str, address: &str| {
        format!(
            "ip link add vpn type vxlan id 7 local {own} remote {other} dstport 4789 srcport 4789 4790; \
             ip addr add {address}/24 dev vpn; ip link set vpn up"
        )
    };
    lab.on(1, &tunnel("10.77.0.11", "10.77.0.1", "10.99.0.11"));
    assert!(lab.exec("sh", &["-c", &tunnel("10.77.0.1", "10.77.0.11", "10.99.0.1")]));
    let config = lab.home().join(".ssh/config");
    let known = lab.home().join("known_hosts");
    let keys = std::fs::read_to_string(&known).expect("readable");
    std::fs::write(&known, keys.replace(",10.77.0.11 ", ",10.77.0.11,10.99.0.11 ")).expect("writable");
    let original = std::fs::read_to_string(&config).expect("readable");
    std::fs::write(&config, original.replace("10.77.0.", "10.99.0.")).expect("writable");
    let topology = lab.topology("tunnel.yaml", &text.replace("10.77.0.11", "10.99.0.11"));
    lab.run(&["plan", &topology]).expect(0).says("4789/udp");
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("no new connection succeeded");
    wait_until("the host has taken them back", std::time::Duration::from_secs(90), || {
        lab.run(&["plan", &topology]).code == 0
    });
    let allowed = "firewall: { nftables: { allow: [{ from: 10.77.0.1/32, udpPort: 4789 }] } }";
    std::fs::write(&topology, text.replace("10.77.0.11", "10.99.0.11").replace("firewall: nftables", allowed))
        .expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);
}

fn rules_of_a_drop_in_do_not_stay(lab: &Lab, topology: &str) {
    // A drop-in has the unit load more than was tried, or something else: such rules do not stay, and a plan never takes them for the topology's.
    let drop_in = "/etc/systemd/system/provision-firewall.service.d";
    let insert = "/usr/sbin/nft insert rule inet provision input tcp dport 9100 accept";
    lab.on(
        1,
        &format!(
            "mkdir {drop_in} && printf '[Service]\\nExecStart={insert}\\nExecReload={insert}\\n' \
        >{drop_in}/x.conf && systemctl daemon-reload && systemctl restart provision-firewall"
        ),
    );
    let lost = "the rules in the kernel are not the ones that were last confirmed";
    lab.run(&["plan", topology, "--detailed-exitcode"]).expect(2).says(lost);
    lab.run(&["apply", topology, "--yes"]).expect(7).says("loaded other rules than those that were tried");
    // A reload runs what was tried, and a boot something else.
    lab.on(1, &format!("printf '[Service]\\nExecStart={insert}\\n' >{drop_in}/x.conf && systemctl daemon-reload"));
    lab.run(&["apply", topology, "--yes"]).expect(7).says("so that a boot would load rules that were not tried");
    lab.on(1, &format!("rm -r {drop_in} && systemctl daemon-reload"));
    lab.apply(topology);
    lab.converged(topology);
    assert!(!lab.test(1, "nft list table inet provision | grep 9100"), "the drop-in's rule is left");
    // Another version of nft may list the same rules in other words, and a run that was killed may have left no digest: they are tried again.
    lab.on(1, "sed -i 's/ [^ ]*nftables.*/ nftables v0.9.8/' /var/lib/provision/firewall.proven");
    lab.run(&["plan", topology, "--detailed-exitcode"]).expect(2).says(lost);
    lab.on(1, "rm /var/lib/provision/firewall.proven");
    lab.run(&["plan", topology, "--detailed-exitcode"]).expect(2).says(lost);
    lab.apply(topology);
    lab.converged(topology);
}

fn a_killed_runs_trial_ends_with_the_firewall(lab: &Lab, topology: &str, text: &str, closed: &str) {
    // An apply is killed while other rules are on trial, and the firewall is given up: nothing brings the old ones back.
    let other =
        closed.replace("firewall: nftables", "firewall: { nftables: { allow: [{ from: 10.0.0.0/8, port: 9105 }] } }");
    std::fs::write(topology, &other).expect("writable");
    // Another run was killed when it had just confirmed its rules: the way back is those, and not the older ones.
    lab.on(1, "printf 'table inet provision\ndelete table inet provision\n' >/run/provision/firewall.before; : >/run/provision/firewall.trial");
    let mut apply = lab.start(&["apply", topology, "--yes"]);
    wait_until("other rules are on trial", std::time::Duration::from_secs(60), || {
        lab.test(1, "nft list table inet provision | grep -q 9105")
    });
    apply.kill().expect("it runs");
    apply.wait().expect("it has ended");
    assert!(
        lab.test(1, "grep -q 'chain input' /run/provision/firewall.before"),
        "there is no way back to the rules that were confirmed"
    );
    std::fs::write(topology, text).expect("writable");
    lab.apply(topology);
    assert!(
        !lab.test(1, "nft list table inet provision || systemctl is-active provision-firewall-trial || ls /run/provision/firewall.*"),
        "something will bring the rules back"
    );
    std::fs::write(topology, closed).expect("writable");
    lab.apply(topology);
    lab.converged(topology);
}

/// A master on h1 and workers, behind a firewall or not.
pub fn spark_alone(workers: &str, firewall: &str) -> String {
    format!(
        "apiVersion: provision/v1\nname: joining\nplatforms:\n  rack:\n    nodes:\n      ssh: {{ user: ops }}\n{firewall}      hosts:\n        \
         h1: {{ address: 10.77.0.11 }}\n        h2: {{ address: 10.77.0.12 }}\n        h3: {{ address: 10.77.0.13 }}\nservices:\n  spark:\n    \
         archive: {{ onHost: {{ path: /srv/dist/spark-4.3.0.tar.gz }} }}\n    masters: {{ hosts: [h1] }}\n    \
         workers: {{ hosts: [{workers}], cores: 1, memory: 1g }}\n"
    )
}

#[test]
fn hosts_reach_each_other_through_a_packet_filter_also_one_that_joins_later() {
    let Some(lab) = Lab::up("joining", 3) else { return };
    let topology = lab.topology("joining.yaml", &spark_alone("h2", ""));
    let set = |workers: &str, firewall: &str| {
        std::fs::write(&topology, spark_alone(workers, firewall)).expect("writable");
    };
    let closed = "      firewall: nftables\n";
    lab.apply(&topology);
    // Packets of h2 leave with an address that the rules do not name; connections that stand hide it.
    lab.on(2, "ip addr add 10.77.0.112/32 dev $(ip -o route get 10.77.0.11 | sed 's/.* dev \\([^ ]*\\).*/\\1/')");
    lab.on(2, "ip route add 10.77.0.11/32 dev $(ip -o route get 10.77.0.11 | sed 's/.* dev \\([^ ]*\\).*/\\1/') src 10.77.0.112");
    set("h2", closed);
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("h1 does not answer h2 on port ");
    // Rules that cut hosts off from each other do not stay, and the next plan is to load them again.
    for host in [1, 2] {
        assert!(!lab.test(host, "nft list table inet provision || test -e /run/provision/firewall.trial"), "h{host}");
    }
    lab.run(&["plan", &topology, "--detailed-exitcode"]).expect(2).says("try the firewall's new rules");
    // What our own rules close is no reason to refuse the plan that opens it.
    set("h2", "");
    lab.apply(&topology);
    lab.converged(&topology);
    lab.on(2, "ip route del 10.77.0.11/32");
    set("h2", closed);
    lab.apply(&topology);
    lab.converged(&topology);
    set("h2, h3", closed);
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("2 workers");
    // Without nft nobody can remove the rules; and somebody else is in the group that came with the user.
    lab.on(3, "usermod -aG spark ops; mv /usr/sbin/nft /usr/sbin/nft.away");
    // Somebody deleted the file of a unit that runs.
    lab.on(3, "rm /etc/systemd/system/spark-worker.service; systemctl daemon-reload; pgrep -u spark java");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"])
        .expect(7)
        .says("h3, remove what provision made: nft is missing");
    lab.on(3, "mv /usr/sbin/nft.away /usr/sbin/nft");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0).says("removed group spark (ops was in it)");
    assert!(
        !lab.test(3, "nft list table inet provision || getent group spark || pgrep java"),
        "the rules, the group or a worker are left"
    );
}

/// The way to two hosts leads through the third, at a port that its new rules close, and at an address that the topology does not have. A connection
/// that the operator's clients share would hide it.
#[test]
fn the_rules_of_one_host_do_not_close_the_way_to_another() {
    let Some(lab) = Lab::up("bastion", 3) else { return };
    let text = quorum_yaml();
    let topology = lab.topology("bastion.yaml", &text);
    lab.apply(&topology);
    lab.on(1, "ip addr add 10.77.0.111/24 dev $(ip -o route get 10.77.0.12 | sed 's/.* dev \\([^ ]*\\).*/\\1/')");
    lab.on(1, "printf 'Port 22\\nPort 2222\\n' >/etc/ssh/sshd_config.d/ports.conf && systemctl restart ssh");
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    let known =
        original.lines().find(|line| line.contains("UserKnownHostsFile")).expect("the lab names its known_hosts");
    let known = known.split_whitespace().last().expect("a path");
    let keys = std::fs::read_to_string(known)
        .expect("readable")
        .replace("h1,10.77.0.11 ", "[10.77.0.111]:2222,h1,10.77.0.11 ");
    let own = lab.home().join("known_hosts");
    std::fs::write(&own, keys).expect("writable");
    let own = own.display().to_string();
    let original = original.replace(known, &own);
    let key = original.lines().find(|line| line.contains("IdentityFile")).expect("the lab names its key");
    let set = |more: &str, way: &str| {
        let bastion = format!(
            "Host bastion\n  HostName 10.77.0.111\n  Port 2222\n  User ops\n{key}\n  UserKnownHostsFile {own}\n{more}"
        );
        let jump = format!("Host 10.77.0.12 10.77.0.13\n  {way}\n");
        std::fs::write(&config, format!("{bastion}{jump}{original}")).expect("writable");
    };
    std::fs::write(&topology, text.replace("ssh: { user: ops }", "firewall: nftables\n      ssh: { user: ops }"))
        .expect("writable");
    let shared =
        format!("  ControlMaster auto\n  ControlPath {}/shared-%C\n  ControlPersist 600\n", lab.home().display());
    // The connections of a run before stand still while their way is closed, a shared one too: they go on, or end, within a minute or two, and with them
    // that run's lease.
    let apply = || {
        let mut ran = lab.run(&["apply", &topology, "--yes"]);
        wait_until("the connections of the run before have ended", std::time::Duration::from_secs(180), || {
            if [4, 5].contains(&ran.code) {
                ran = lab.run(&["apply", &topology, "--yes"]);
            }
            ![4, 5].contains(&ran.code)
        });
        ran
    };
    // By ssh itself, and by an ssh that it does not start itself.
    let command = format!("ProxyCommand ssh -F {} -W %h:%p bastion", config.display());
    for (more, way) in [("", "ProxyJump bastion"), (&shared, "ProxyJump bastion"), (&shared, &command)] {
        set(more, way);
        apply().expect(7).says("no new connection succeeded");
        // Those that could be told have them back at once, and the others by themselves.
        wait_until("every host has its rules back", std::time::Duration::from_secs(90), || {
            (1..=3).all(|host| !lab.test(host, "nft list table inet provision || test -e /etc/provision/firewall.nft"))
        });
    }
    // By a port that stays open, the same way is no problem.
    std::fs::write(&config, format!("Host 10.77.0.12 10.77.0.13\n  ProxyJump 10.77.0.11\n{original}"))
        .expect("writable");
    apply().expect(0);
    lab.converged(&topology);
}
