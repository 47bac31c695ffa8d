//! Traps that a compromised service user can lay for root. Nothing outside changes, and the tool says what it met.

use std::time::{Duration, Instant};

use crate::hosts::{Lab, Ran, nodes_yaml, quorum_yaml};

/// Targets that somebody would like root to change, read or delete for them: directories as scripts would take them, and files of root's alone.
const BAITS: &str = "mkdir -p /srv/bait/version-2 /srv/bait/app-1 /srv/bait/driver-1 /srv/bait/deep && \
    echo bait | tee /srv/bait/version-2/x /srv/bait/app-1/x /srv/bait/driver-1/x /srv/bait/file /root/bait >/dev/null && \
    chmod 600 /srv/bait/file /root/bait && chmod 711 /srv/bait";

/// All that must stay as it is: names, owners, modes, times of change, contents.
const UNTOUCHED: &str = "find /srv/bait /root/bait /etc/profile.d /etc/cron.d /etc/sudoers.d /usr/local -printf '%p %U:%G %m %y %s %C@\\n' | sort; \
    cat /srv/bait/*/x /srv/bait/file /root/bait";

/// Laid by `ZooKeeper`'s own user in its own directory: links at every name that the scripts use there, and beside them.
const MEMBER_TRAPS: &str = r#"cd /data/zookeeper || exit 1
rm -rf myid .provision-member
ln -s /root/bait myid; ln -s /etc/shadow .provision-member
for name in myid initialize; do ln -sfn /etc/profile.d/zz.sh $name.provision-new; done
rm -rf .provision-member.provision-new; mkdir -p .provision-member.provision-new/in/it; ln -s /srv/bait .provision-member.provision-new/link; chmod 000 .provision-member.provision-new/in
ln -sfn /srv/bait initialize; ln -sfn /srv/bait version-2.provision-new
mkfifo fifo; truncate -s 100G huge; mkdir -p closed/in; chmod 000 closed
touch "$(printf 'a\nended 124\nb')"
printf x >"$(printf 'new\nline\033[31m')""#;

/// The same by Spark's, with names that a removal looks for.
const SPARK_TRAPS: &str = r#"cd /var/lib/spark || exit 1
for at in work tmp home; do
  (cd $at && ln -s /srv/bait app-link && ln -s /srv/bait driver-link && ln -s / root && mkfifo app-fifo && mkdir -p app-closed/in &&
    chmod 000 app-closed && truncate -s 100G app-huge && ln -s /srv/bait version-2 && mkdir -- "app- evil")
done
# Deeper than a path may be long, and closed at the end.
cd work && exec python3 -c 'import os
for name in ["app-deep"] + ["x" * 50] * 3000: os.mkdir(name); os.chdir(name)
os.mkdir("c"); os.chmod("c", 0)'"#;

/// A loop of traps by a user while root works, until the file is gone: the names come and go as links, fifos, directories.
const RACE: &str = r"touch /tmp/race; cd /data/zookeeper; while [ -e /tmp/race ]; do
  for name in .provision-member .provision-member.provision-new initialize initialize.provision-new; do
    ln -sfn /etc/profile.d/zz.sh $name 2>/dev/null; rm -rf $name; mkfifo $name 2>/dev/null; rm -rf $name; mkdir $name 2>/dev/null; rm -rf $name
  done
done";

/// Takes the open files of every other process of its user but Java's (`pidfd_open`, `pidfd_getfd`), and says which it got.
const THIEF: &str = r"import ctypes, os
system = ctypes.CDLL(None).syscall
while os.path.exists('/tmp/thief'):
    for number in filter(str.isdigit, os.listdir('/proc')):
        try:
            what = open('/proc/' + number + '/cmdline', 'rb').read().replace(b'\0', b' ')
            if os.stat('/proc/' + number).st_uid != os.getuid() or not what or b'java' in what or b'python' in what: continue
        except OSError: continue
        process = system(434, int(number), 0)
        for file in range(10) if process >= 0 else []:
            got = system(438, process, file, 0)
            if got >= 0:
                open('/tmp/stolen', 'ab').write(b'%d of %s\n' % (file, what))
                os.close(got)
        if process >= 0: os.close(process)
";

/// Stops every deletion that root runs as this user.
const STOPPER: &str = "while :; do pkill -STOP -u zookeeper -x rm; done";

fn as_user(lab: &Lab, host: u32, user: &str, script: &str) -> bool {
    let file = format!("/tmp/{user}.sh");
    lab.on(host, &format!("cat >{file} <<'TRAPS'\n{script}\nTRAPS\nchmod 755 {file}"));
    lab.test(host, &format!("setpriv --reuid {user} --regid {user} --init-groups sh {file}"))
}

#[test]
fn a_services_user_gains_nothing_from_root() {
    let Some(lab) = Lab::up("traps", 3) else { return };
    let topology = lab.topology("nodes.yaml", &nodes_yaml());
    lab.on(2, BAITS);
    an_older_layout_is_taken_back(&lab, &topology);
    // What somebody adds after provision could not is theirs, and stays.
    lab.on(3, "printf '#!/bin/sh\\ncase $* in *zookeeper) echo useradd: not today >&2; exit 1 ;; esac; exec /usr/sbin/useradd \"$@\"\\n' >/usr/local/sbin/useradd && \
        chmod 755 /usr/local/sbin/useradd");
    lab.run(&["apply", &topology, "--yes"]).expect(7).says("cannot add the user zookeeper: useradd: not today");
    lab.on(
        3,
        "rm /usr/local/sbin/useradd && useradd --system --user-group --no-create-home --shell /usr/sbin/nologin zookeeper",
    );
    let before = lab.on(2, UNTOUCHED);
    let unharmed = |when: &str| assert_eq!(lab.on(2, UNTOUCHED), before, "{when}");
    lab.apply(&topology);
    lab.converged(&topology);

    // Where root keeps the directory, a user exchanges nothing in it.
    assert!(!as_user(&lab, 2, "spark", "cd /var/lib/spark && mv work gone"));
    assert!(!as_user(&lab, 2, "spark", "ln -s /etc /var/lib/spark/x"));
    assert!(as_user(&lab, 2, "zookeeper", MEMBER_TRAPS) && as_user(&lab, 2, "spark", SPARK_TRAPS));
    let began = Instant::now();
    let ran = lab
        .run(&["plan", &topology])
        .expect(0)
        .says("~ file /data/zookeeper/.provision-member: something else is in its place");
    assert!(began.elapsed() < Duration::from_secs(20), "a trap holds up the plan: {:?}", began.elapsed());
    let shadow = lab.on(2, "head -n 1 /etc/shadow");
    assert!(!ran.stdout.contains(shadow.trim()), "root read for a user: {}", ran.stdout);
    unharmed("plan");
    lab.apply(&topology);
    lab.converged(&topology);
    unharmed("apply");

    a_race_is_lost(&lab, &topology);
    unharmed("a race");
    nothing_of_roots_is_taken(&lab, &topology);
    rolls_and_put_backs_go_on(&lab, &topology);
    unharmed("roll and put-back");

    // A destroy meets all of it again, and what no user can make: an immutable file, and something mounted.
    assert!(as_user(&lab, 2, "zookeeper", MEMBER_TRAPS));
    lab.on(1, "mkdir -p /srv/bait /var/lib/spark/tmp/bound && touch /srv/bait/x && mount --bind /srv/bait /var/lib/spark/tmp/bound");
    lab.on(2, "mkdir /var/lib/spark/work/app-kept && touch /var/lib/spark/work/app-kept/x && chown -R spark /var/lib/spark/work/app-kept && chattr +i /var/lib/spark/work/app-kept/x");
    lab.on(2, "mkdir /data/zookeeper/version-2/kept && mount -t tmpfs tmpfs /data/zookeeper/version-2/kept && touch /data/zookeeper/version-2/kept/x");
    lab.on(3, &format!("cat >/tmp/stopper.sh <<'TRAPS'\n{STOPPER}\nTRAPS\nchmod 755 /tmp/stopper.sh"));
    lab.on(3, "systemd-run -q --unit stopper -p User=zookeeper bash /tmp/stopper.sh");
    // A setuid file is whoever's who gets the number of its owner next.
    assert!(as_user(&lab, 1, "zookeeper", "cp /bin/true /var/tmp/.x && chmod 4755 /var/tmp/.x"));
    // Another one ends all that root runs as this user: of its host not all can be seen, and still it can be removed. Each look is cut short, or it
    // has seen all: what a process had said when it was ended is not taken for a file.
    for signal in ["TERM", "KILL"] {
        lab.on(1, &format!("systemctl stop killer 2>/dev/null; systemd-run -q --unit killer -p User=zookeeper bash -c 'while :; do kill -{signal} -1; done'"));
        let is_cut = |ran: &Ran| ran.stdout.contains("unknown: h1");
        let look = |_| {
            let ran = lab.run(&["plan", &topology]);
            assert!(is_cut(&ran) || !ran.stdout.contains("h1\n  ~ file"), "a part is taken for a file: {}", ran.stdout);
            ran
        };
        (0..8)
            .map(look)
            .find(is_cut)
            .expect("eight looks, and the killer ended nothing in any")
            .says("unknown: h1: a command that root ran as the owner of /data/zookeeper")
            .says("pkill -KILL -u");
    }
    // Whether it is quick enough differs; that nobody waits for long does not.
    let began = Instant::now();
    lab.run(&["destroy", &topology, "--yes", "--delete-data"])
        .expect(0)
        .says("ended the processes of zookeeper, which may have stopped what was done as that user")
        .says("kept user zookeeper (its file /var/tmp/.x)")
        .says("kept user zookeeper (it is not the one that provision made)")
        .says("kept what is in /data/zookeeper (something is mounted at /data/zookeeper/version-2/kept: unmount it first)")
        .says("kept something in /var/lib/spark/work (rm: cannot remove 'app-kept/x': Operation not permitted)")
        .says("kept what is in /var/lib/spark/tmp (something is mounted at /var/lib/spark/tmp/bound: unmount it first)")
        .says("kept directory /var/lib/spark/home (it is not empty)")
        .says("kept file /etc/passwd- (the system's own backup of /etc/passwd: it still names spark)");
    assert!(began.elapsed() < Duration::from_secs(100), "a user's processes hold up root: {:?}", began.elapsed());
    assert!(!lab.test(1, "ls -d /data/zookeeper/version-2 2>/dev/null"), "its data is left");
    lab.on(3, "systemctl stop stopper; pkill -KILL -u zookeeper; rm -rf /data/zookeeper");
    assert!(lab.test(2, "test -e /data/zookeeper/version-2/kept/x"), "what is mounted was deleted");
    assert!(!lab.test(2, "ls -d /var/lib/spark/work/app-closed 2>/dev/null"), "what jobs closed is left");
    lab.on(1, "umount /var/lib/spark/tmp/bound && test -e /srv/bait/x");
    unharmed("destroy");
    lab.on(2, "chattr -i /var/lib/spark/work/app-kept/x");
}

/// The last bytes of an archive change when its unpacking begins: by its owner, in a directory of root's.
fn exchanged_while_it_is_unpacked(lab: &Lab, topology: &str, text: &str) {
    lab.run(&["destroy", topology, "--yes", "--delete-data"]).expect(0);
    lab.on(
        1,
        "install -d /srv/arch && cd /root && mkdir evil && tar -xzf /srv/dist/zookeeper-3.9.5.tar.gz -C evil --strip-components=1 && \
         for word in good EVIL; do echo $word >evil/zzz-last && tar -cf $word.tar evil/[!z]* evil/zzz-last && gzip -n $word.tar; done && \
         mv good.tar.gz /srv/arch/zk.tar.gz && mv EVIL.tar.gz /srv/evil.tar.gz && rm -rf evil && chown ops /srv/arch/zk.tar.gz",
    );
    let sum = lab.on(1, "sha512sum </srv/arch/zk.tar.gz");
    let sum = sum.split_whitespace().next().expect("a sum");
    let archive = format!("/srv/arch/zk.tar.gz, sha512: \"{sum}\"");
    std::fs::write(topology, text.replace("/root/evil.tar.gz", &archive)).expect("writable");
    lab.on(1, "systemd-run -q --unit swap -p User=ops sh -c 'until ls -d /opt/provision/zookeeper-*.provision-new; do :; done >/dev/null 2>&1; cat /srv/evil.tar.gz >/srv/arch/zk.tar.gz'");
    lab.apply(topology);
    assert_eq!(
        lab.on(1, "cat /opt/provision/zookeeper-3.9.5/zzz-last; systemctl is-active swap || :").trim(),
        "good\ninactive"
    );
}

/// A layout in which Spark's user owned the directory that holds its others, and has exchanged one of them for a link.
fn an_older_layout_is_taken_back(lab: &Lab, topology: &str) {
    lab.on(
        2,
        "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin spark && install -d -o spark -g spark /var/lib/spark && \
         ln -s /etc/profile.d /var/lib/spark/work && install -d -o spark -g spark /var/lib/spark/tmp && \
         setpriv --reuid spark --regid spark --clear-groups touch /var/lib/spark/tmp/of-a-job",
    );
    lab.run(&["apply", topology, "--yes"]).expect(6).says("/var/lib/spark/work is a symbolic link");
    assert_eq!(
        lab.on(2, "stat -c %U /etc/profile.d /var/lib/spark").split_whitespace().collect::<Vec<_>>(),
        ["root", "spark"]
    );
    assert_eq!(
        lab.on(2, "stat -c %U /var/lib/spark/tmp/of-a-job").trim(),
        "spark",
        "a running job's file is root's now"
    );
    lab.on(2, "rm /var/lib/spark/work");
    // A directory above the data that others may write is nothing that root works in.
    lab.on(2, "install -d -m 777 /data/zookeeper && chmod 777 /data");
    lab.run(&["apply", topology, "--yes"]).expect(6).says("users other than root can write to /data").says("chown");
    lab.on(2, "chmod 755 /data && rmdir /data/zookeeper");
}

fn a_race_is_lost(lab: &Lab, topology: &str) {
    lab.on(2, &format!("cat >/tmp/race.sh <<'TRAPS'\n{RACE}\nTRAPS\nchmod 755 /tmp/race.sh"));
    lab.on(2, "systemd-run -q --unit race -p User=zookeeper sh /tmp/race.sh");
    for _ in 0..6 {
        // It may fail, for a reason that it says; what it must not do is obey.
        let ran = lab.run(&["apply", topology, "--yes"]);
        assert!(ran.code == 0 || ran.code == 7 && ran.stderr.contains("h2"), "{}\n{}", ran.code, ran.stderr);
    }
    lab.on(2, "rm -f /tmp/race; systemctl stop race; rm -rf /data/zookeeper/initialize");
    lab.apply(topology);
    lab.converged(topology);
    assert!(!lab.test(2, "ls /etc/profile.d/zz.sh 2>/dev/null"), "root wrote through a link");
}

/// A process of the user that root runs a command as gets at none of that command's open files. (It does get those of a command without the shield:
/// the thief works.)
fn nothing_of_roots_is_taken(lab: &Lab, topology: &str) {
    lab.on(2, &format!("touch /tmp/thief && cat >/tmp/thief.py <<'TRAPS'\n{THIEF}\nTRAPS\nchmod 644 /tmp/thief.py"));
    // Not as a unit: the lab's hosts let none ask for another one's files.
    lab.on(
        2,
        "setpriv --reuid zookeeper --regid zookeeper --clear-groups python3 /tmp/thief.py </dev/null >/dev/null 2>&1 &",
    );
    for _ in 0..8 {
        lab.run(&["plan", topology]).expect(0);
    }
    lab.on(2, "setpriv --reuid zookeeper --regid zookeeper --clear-groups sleep 2; rm /tmp/thief");
    let stolen = lab.on(2, "cat /tmp/stolen");
    assert!(stolen.lines().all(|line| line.contains("sleep 2")) && stolen.contains("sleep"), "{stolen}");
}

fn rolls_and_put_backs_go_on(lab: &Lab, topology: &str) {
    assert!(as_user(lab, 2, "zookeeper", MEMBER_TRAPS));
    let text = nodes_yaml().replace("maxClientCnxns: 60", "maxClientCnxns: 61");
    std::fs::write(topology, &text).expect("writable");
    lab.apply(topology);
    lab.converged(topology);
    // What it reads as its id is root's word, whatever lies in the directory of its data.
    assert_eq!(lab.on(2, "cat /data/zookeeper/myid").trim(), "2");
    assert!(as_user(lab, 2, "zookeeper", MEMBER_TRAPS));
    lab.on(2, "mkdir -p /etc/systemd/system/zookeeper.service.d && printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q maxClientCnxns=62 /etc/zookeeper/zoo.cfg\"\\n' >/etc/systemd/system/zookeeper.service.d/x.conf && systemctl daemon-reload");
    std::fs::write(topology, text.replace("maxClientCnxns: 61", "maxClientCnxns: 62")).expect("writable");
    lab.run(&["apply", topology, "--yes"])
        .expect(7)
        .says("Its old configuration is back, and with it the node serves again");
    lab.on(2, "rm -r /etc/systemd/system/zookeeper.service.d && systemctl daemon-reload");
    lab.apply(topology);
    lab.converged(topology);
}

/// Each makes the folder `evil` an archive that wants more than to be unpacked: what it does, and what is said of it.
const ARCHIVES: &[(&str, &str)] = &[
    ("ln -s /etc/profile.d/zz.sh evil/.provision-origin", "it has a .provision-origin, which only provision writes"),
    ("ln -s /etc evil/lib/link", "lib/link is a link that leads out of it"),
    ("ln -s ../../../../../root evil/lib/link", "lib/link is a link that leads out of it"),
    ("ln -s . evil/lib/a; ln -s a/../../../../etc evil/lib/b", "lib/b is a link that leads out of it"),
    ("mkfifo evil/lib/fifo", "lib/fifo is neither a file nor a directory nor a link"),
    ("mknod evil/lib/disk b 8 0", "lib/disk"),
];

/// Paths that the topology names: variables, a Java, a directory behind a link with something mounted in it.
#[test]
fn what_a_topology_names_leads_root_nowhere() {
    let Some(lab) = Lab::up("named", 3) else { return };
    let text = quorum_yaml();
    let topology = lab.topology("named.yaml", &text);
    let variables =
        r#"    environment: { PATH: ":/usr/local/bin:/usr/bin:/bin", LD_LIBRARY_PATH: "/usr/lib/hadoop:" }"#;
    let with = |more: &str| {
        let text = text.replace("    dataDir: ", &format!("{more}\n    dataDir: "));
        std::fs::write(&topology, text).expect("writable");
    };
    with(variables);
    // Directories above are links of root's, as where a larger disk holds /data.
    lab.on(1, "mkdir -p /srv/disk/data && ln -s /srv/disk/data /data");
    lab.apply(&topology);

    // A unit's directory is the user's: what lies there is not what root runs, whatever PATH says.
    let plant = "printf '#!/bin/sh\\nid -u >>/run/planted 2>/dev/null || id -u >>/tmp/planted\\nexec /usr/bin/${0##*/} \"$@\"\\n' >sha256sum && \
                 chmod 755 sha256sum && cp sha256sum mkdir && cp sha256sum rm && cp sha256sum sh";
    assert!(as_user(&lab, 1, "zookeeper", &format!("cd /data/zookeeper && {plant}")));
    lab.on(1, "systemctl restart zookeeper && sleep 1 && systemctl is-active zookeeper");
    assert!(
        !lab.test(1, "grep -qx 0 /run/planted /tmp/planted /tmp/systemd-private-*/tmp/planted 2>/dev/null"),
        "root ran it"
    );
    lab.on(1, "cat /run/provision/zookeeper.service.started | grep -q zoo.cfg");
    lab.on(1, "tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value zookeeper)/environ | grep -qx 'PATH=:/usr/local/bin:/usr/bin:/bin'");
    lab.converged(&topology);

    // What a distribution says of itself is not read where somebody else can exchange it.
    lab.on(1, "echo hidden-word >/root/hidden && chmod 600 /root/hidden && chown zookeeper /opt");
    let exchange = "mv /opt/provision /opt/kept && mkdir /opt/provision && cp -r /opt/kept/zookeeper-3.9.5 /opt/provision/ && ln -sf /root/hidden /opt/provision/zookeeper-3.9.5/.provision-files";
    assert!(as_user(&lab, 1, "zookeeper", exchange));
    let plan = lab.run(&["plan", &topology]).expect(0).says("distribution /opt/provision/zookeeper-3.9.5");
    assert!(!plan.stdout.contains("hidden-word") && !plan.stderr.contains("hidden-word"), "{}", plan.stdout);
    lab.run(&["apply", &topology, "--yes"]).expect(6).says("users other than root can write to /opt");
    lab.on(1, "rm -r /opt/provision && mv /opt/kept /opt/provision && chown root /opt");
    lab.converged(&topology);

    // A Java that a service's user can change is neither run nor read by root, and refused.
    lab.on(1, "mkdir -p /srv/jdk/bin && printf '#!/bin/sh\\nid -u >>/run/java-ran; echo \"openjdk version \\\"17.0.1\\\"\" >&2\\n' >/srv/jdk/bin/java && \
               chmod 755 /srv/jdk/bin/java && mkfifo /srv/jdk/release && chown -R zookeeper /srv/jdk");
    with("    java: { home: /srv/jdk }");
    let began = Instant::now();
    lab.run(&["preflight", &topology]).expect(6).says("users other than root can change /srv/jdk");
    assert!(began.elapsed() < Duration::from_secs(30), "a fifo was waited for");
    assert!(!lab.test(1, "test -e /run/java-ran"), "root ran a user's program");
    // The same by links of root's that lead through a user's directory, wherever that user's own link leads now; by one in place of the program;
    // and by libraries. Without a version in a file it is asked, and never as root.
    lab.on(1, "mkdir /opt/eve && chown zookeeper /opt/eve && ln -s /opt/eve/now /opt/linked && ln -s /usr /opt/eve/now && chown -h zookeeper /opt/eve/now");
    lab.on(1, "mkdir -p /opt/asked/bin && ln -s /opt/eve/java /opt/asked/bin/java && ln -s /usr/bin/java /opt/eve/java && chown -h zookeeper /opt/eve/java");
    lab.on(1, "mkdir -p /opt/own/bin /opt/own/lib && touch /opt/own/lib/modules && chown zookeeper /opt/own/lib && cp /srv/jdk/bin/java /opt/own/bin/java");
    lab.on(1, "mkdir -p /opt/led/bin /opt/led/lib /opt/eve/server && touch /opt/led/lib/modules && ln -s /opt/eve/server /opt/led/lib/server && cp /srv/jdk/bin/java /opt/led/bin/java");
    lab.on(1, "mkdir -p /opt/set/bin /opt/set/lib /opt/set/conf && touch /opt/set/lib/modules && chown zookeeper /opt/set/conf && cp /srv/jdk/bin/java /opt/set/bin/java");
    for home in ["/opt/linked", "/opt/asked", "/opt/own", "/opt/led", "/opt/set"] {
        with(&format!("    java: {{ home: {home} }}"));
        lab.run(&["preflight", &topology]).expect(6).says(&format!("users other than root can change {home}"));
        assert!(!lab.test(1, "grep -qx 0 /run/java-ran"), "root ran a program at {home}");
    }
    // A directory that is to be made behind such a link.
    lab.on(1, "ln -s /opt/eve/now /opt/disk");
    with("    dataLogDir: /opt/disk/zookeeper");
    lab.run(&["preflight", &topology]).expect(3).says("users other than root can write to /opt/disk");

    // No deletion crosses a mount, although the directory's path leads over a link.
    with(variables);
    lab.on(1, "mkdir -p /srv/precious/d /srv/disk/data/zookeeper/app-mounted && echo kept >/srv/precious/d/f && chown -R zookeeper /srv/precious && \
               mount --bind /srv/precious /srv/disk/data/zookeeper/app-mounted");
    lab.run(&["destroy", &topology, "--delete-data", "--yes"])
        .expect(0)
        .says("something is mounted at /srv/disk/data/zookeeper/app-mounted");
    lab.on(1, "grep -q kept /srv/precious/d/f");
    lab.on(1, "umount /srv/disk/data/zookeeper/app-mounted");
    lab.run(&["destroy", &topology, "--delete-data", "--yes"]);
}

#[test]
fn an_archive_is_unpacked_by_nobody_and_believed_in_nothing() {
    let Some(lab) = Lab::up("archives", 1) else { return };
    lab.on(1, BAITS);
    let text = quorum_yaml().replace("{ 1: h1, 2: h2, 3: h3 }", "{ 1: h1 }");
    let text = text.replace("/srv/dist/zookeeper-3.9.5.tar.gz", "/root/evil.tar.gz");
    let topology = lab.topology("evil.yaml", &text);
    let before = lab.on(1, UNTOUCHED);
    for (deed, said) in ARCHIVES {
        lab.on(1, &format!("cd /root && rm -rf evil && mkdir evil && tar -xzf /srv/dist/zookeeper-3.9.5.tar.gz -C evil --strip-components=1 && {{ {deed}; }} && tar -czf evil.tar.gz evil && rm -rf evil"));
        lab.run(&["apply", &topology, "--yes"]).expect(7).says(said);
        assert!(!lab.test(1, "ls -d /opt/provision/zookeeper* 2>/dev/null"), "{deed}: something is left");
    }
    // Names that climb, owners and modes that nobody should get.
    lab.on(1, "cd /root && mkdir evil && tar -xzf /srv/dist/zookeeper-3.9.5.tar.gz -C evil --strip-components=1 && touch evil/up evil/suid && \
        chmod 6777 evil/suid && chown 1234 evil/suid && tar -czf evil.tar.gz --transform 's,evil/up,evil/../../../etc/profile.d/zz.sh,' -P evil && rm -rf evil");
    let ran = lab.run(&["apply", &topology, "--yes"]);
    assert!(ran.code == 0 || ran.stderr.contains("cannot unpack"), "{}", ran.stderr);
    lab.on(1, "cd /root && mkdir evil && tar -xzf /srv/dist/zookeeper-3.9.5.tar.gz -C evil --strip-components=1 && touch evil/suid && \
        chmod 6777 evil/suid && chown 1234 evil/suid && tar -czf evil.tar.gz evil && rm -rf evil");
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    lab.apply(&topology);
    assert_eq!(lab.on(1, "stat -c '%U:%G %a' /opt/provision/zookeeper-3.9.5/suid").trim(), "root:root 755");
    lab.on(1, "rm /root/evil.tar.gz");
    // One that its owner could exchange between the look and the unpacking, or while it is unpacked, is copied first.
    exchanged_while_it_is_unpacked(&lab, &topology, &text);
    lab.run(&["destroy", &topology, "--yes", "--delete-data"]).expect(0);
    lab.on(1, "cp /srv/dist/zookeeper-3.9.5.tar.gz /home/ops/ && chown ops /home/ops/zookeeper-3.9.5.tar.gz");
    std::fs::write(&topology, text.replace("/root/evil.tar.gz", "/home/ops/zookeeper-3.9.5.tar.gz")).expect("writable");
    lab.apply(&topology);
    lab.converged(&topology);
    assert!(!lab.test(1, "ls /var/lib/provision/cache/* 2>/dev/null"), "the copy is left");
    // Half deleted under a member that has stopped, whose data somebody restored as root.
    lab.on(1, "systemctl stop zookeeper && cd /opt/provision/zookeeper-3.9.5 && ls lib && rm lib/zookeeper-3.9.5.jar && chown root:root /data/zookeeper/.provision-member");
    lab.run(&["plan", &topology]).expect(0).says("lib/zookeeper-3.9.5.jar is missing, or not as it was unpacked");
    lab.on(1, "chown -R root:root /data/zookeeper/version-2");
    lab.run(&["apply", &topology, "--yes"]).expect(4).says("the data in /data/zookeeper/version-2 belongs to root");
    lab.on(1, "chown -R zookeeper:zookeeper /data/zookeeper/version-2");
    lab.apply(&topology);
    lab.converged(&topology);
    assert_eq!(lab.on(1, UNTOUCHED), before);
}
