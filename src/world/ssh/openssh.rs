//! Sessions by the operator's own OpenSSH client, for all that libssh2 does not do. One connection a host: a client that keeps it (`ssh -M`), and
//! one process for each command, which the first hands it to.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::connect::CONNECT_LIMIT;
use super::libssh2::LOGIN_LIMIT;
use super::route::Route;
use super::session::{Breaker, Channel, Connection, Ended, Errors, Session, first_of};
use crate::host::{During, HostError, Target};
use crate::value::quote;
use crate::value::{random_digits, shown_bytes};
use crate::world::script::in_words;

/// The differences from the operator's own `ssh HOST`, on the way through jump hosts too: nothing is asked for, nothing is forwarded, no unknown key is
/// accepted, and a silent host is noticed. They stand before the operator's configuration, in a file, because OpenSSH hands its file on to the
/// clients that it starts for jump hosts, and its options not.
const OPTIONS: &str = "IgnoreUnknown ForkAfterAuthentication,UpdateHostKeys
BatchMode yes
StrictHostKeyChecking yes
NoHostAuthenticationForLocalhost no
VerifyHostKeyDNS no
UpdateHostKeys no
ForwardAgent no
ForwardX11 no
ForkAfterAuthentication no
PermitLocalCommand no
Tunnel no
ServerAliveInterval 5
ServerAliveCountMax 3
LogLevel ERROR
";

/// Without these, a client for a jump host takes the operator's own connection to it, which a firewall that closes the port lets through.
const UNSHARED: &str = "ControlMaster no\nControlPath none\n";

/// Keeps the connection as long as our end of its input is open, and so no longer than we live; then the folder goes, too. It ends by itself when
/// there is no way to the host.
const KEEPER: &str = r#"exec 3<&0; { read -r _; kill "$$"; rm -rf -- "$0"; } <&3 >/dev/null 2>&1 & exec ssh "$@" </dev/null >/dev/null 3<&-"#;

/// The words of a command whose connection is gone, instead of making one of its own.
const GONE: &str = "provision: the connection is gone";

/// The exit status of `ssh` itself.
const OWN_STATUS: i32 = 255;

/// The interval at which an end, or a connection that is being made, is looked for.
const LOOK: Duration = Duration::from_millis(10);

/// The connections that are open, by host.
#[derive(Debug, Default)]
pub struct OpenSsh {
    keepers: Mutex<HashMap<Target, Place>>,
    /// The hosts to which no connection is shared any more.
    fresh: Mutex<HashSet<Target>>,
    folder: Mutex<Option<Arc<Folder>>>,
    numbers: AtomicUsize,
}

/// The keeper of one host, if there is one. Whoever opens it holds the lock, so that nobody opens a second one.
type Place = Arc<tokio::sync::Mutex<Weak<Keeper>>>;

impl OpenSsh {
    /// Returns true if a connection to this host was tried here before.
    pub fn has(&self, target: &Target) -> bool {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(target)
    }

    /// The next session goes by a new connection, all the way: jump hosts share none with the operator's other clients.
    pub fn forget(&self, target: &Target) {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone());
        let place = self.keepers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(target).map(std::mem::take);
        drop(place);
    }

    /// A session over the host's connection, which is opened if there is none.
    pub async fn session(&self, target: &Target, route: Route) -> Result<Session, HostError> {
        let place =
            self.keepers.lock().unwrap_or_else(PoisonError::into_inner).entry(target.clone()).or_default().clone();
        let mut place = place.lock().await;
        let user = route.user.clone();
        let keeper = if let Some(keeper) = place.upgrade().filter(|keeper| !keeper.has_ended()) {
            keeper
        } else {
            let socket = self.folder(&route.includes).map_err(|error| HostError::Unreachable {
                address: route.address.clone(),
                why: format!("there is no place for ssh's socket: {error}"),
            })?;
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let is_fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).contains(target);
            let opened = tokio::task::spawn_blocking(move || Keeper::open(&route, socket, number, is_fresh));
            let lost = |why: String| HostError::Lost { during: During::Handshake, why };
            let late = |_| HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake };
            let opened = tokio::time::timeout(LOGIN_LIMIT + Duration::from_secs(10), opened).await.map_err(late)?;
            Arc::new(opened.map_err(|error| lost(error.to_string()))??)
        };
        *place = Arc::downgrade(&keeper);
        Ok(Session::new(Box::new(Shared { keeper, cut: Arc::default() }), user))
    }

    fn folder(&self, includes: &[PathBuf]) -> io::Result<Arc<Folder>> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*folder {
            return Ok(folder.clone());
        }
        let made = Arc::new(Folder::make(includes)?);
        *folder = Some(made.clone());
        Ok(made)
    }
}

/// A folder for sockets, and for the configuration, that nobody else can enter.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Made for the first connection that is new on each part of its way.
    unshared: OnceLock<Result<OsString, String>>,
}

impl Folder {
    fn make(includes: &[PathBuf]) -> io::Result<Folder> {
        // A socket's path has at most some 100 bytes.
        let name = format!("provision-{}", &random_digits()[..12]);
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Folder { path, unshared: OnceLock::new() };
        let include = |path: &PathBuf| format!("Include \"{}\"\n", path.display());
        let seconds = CONNECT_LIMIT.as_secs();
        let text = format!("{OPTIONS}ConnectTimeout {seconds}\n{}", includes.iter().map(include).collect::<String>());
        std::fs::write(folder.config(false), &text)?;
        std::fs::write(folder.config(true), format!("{UNSHARED}{text}"))?;
        Ok(folder)
    }

    /// The path for programs of a connection that is new on each part of its way, or why there is none.
    fn unshared(&self) -> Result<&OsString, String> {
        let made = self.unshared.get_or_init(|| self.make_unshared().map_err(|error| error.to_string()));
        made.as_ref().map_err(Clone::clone)
    }

    /// Puts an `ssh` that shares nothing before the others on the path, for a `ProxyCommand`. Where programs cannot be run from here (`noexec`), there
    /// is none.
    fn make_unshared(&self) -> io::Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(real) = std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|file| file.is_file())
        else {
            return Ok(path);
        };
        let programs = self.path.join("programs");
        DirBuilder::new().mode(0o700).create(&programs)?;
        let ours = programs.join("ssh");
        let script = format!(
            "#!/bin/sh\nexec {} -o ControlMaster=no -o ControlPath=none \"$@\"\n",
            quote(&real.to_string_lossy())
        );
        OpenOptions::new().write(true).create_new(true).mode(0o700).open(&ours)?.write_all(script.as_bytes())?;
        if !Command::new(&ours).arg("-V").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success()) {
            std::fs::remove_file(ours)?;
        }
        let all = std::iter::once(programs).chain(std::env::split_paths(&path));
        Ok(std::env::join_paths(all).unwrap_or(path.clone()))
    }

    /// The configuration, or the one for a connection that is new on each part of its way.
    fn config(&self, is_fresh: bool) -> PathBuf {
        self.path.join(if is_fresh { "fresh" } else { "config" })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The client that keeps a connection.
#[derive(Debug)]
struct Keeper {
    socket: PathBuf,
    child: Child,
    /// Open as long as the connection is to be kept.
    _input: Option<ChildStdin>,
    _folder: Arc<Folder>,
}

impl Keeper {
    /// Logs in. Blocking: runs in a thread of its own.
    fn open(route: &Route, folder: Arc<Folder>, number: usize, is_fresh: bool) -> Result<Keeper, HostError> {
        let address = format!("{}:{}", route.address, route.port);
        let unreachable = |why: String| HostError::Unreachable { address: address.clone(), why };
        let socket = folder.path.join(number.to_string());
        let program = std::env::current_exe().map_err(|error| unreachable(error.to_string()))?;
        // A session of its own: Ctrl-C asks us to stop at a safe point, and the way to the host must hold until then; and without a terminal
        // nobody on the way can ask for anything.
        let mut command = Command::new(program);
        command
            .args(["setsid", "sh", "-c", KEEPER])
            .arg(&folder.path)
            .args(["-M", "-N", "-T", "-F"])
            .arg(folder.config(is_fresh));
        command.arg("-S").arg(&socket).args(["-o", "ControlPersist=no", "-o", "ClearAllForwardings=yes"]);
        command.args(&route.arguments).env("SSH_ASKPASS_REQUIRE", "never").env_remove("SSH_ASKPASS");
        if is_fresh {
            command.env("PATH", folder.unshared().map_err(unreachable)?);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| unreachable(format!("ssh does not start: {error}")))?;
        let input = child.stdin.take();
        let said = Said::by(child.stderr.take().expect("it is piped"), Some(route.name.clone()));
        let keeper = Keeper { socket, child, _input: input, _folder: folder };
        let end = Instant::now() + LOGIN_LIMIT;
        while !keeper.socket.exists() {
            if keeper.has_ended() {
                return Err(refusal(route, in_words(&said.all())));
            }
            if Instant::now() > end {
                return Err(HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake });
            }
            std::thread::sleep(LOOK);
        }
        Ok(keeper)
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Returns true if the client has ended. It stays a process that nobody else's can be taken for.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.pid().is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // All of its session: who watches, and who makes the way. Its number is free only once it was waited for.
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// The reason why OpenSSH did not log in, in its own words.
fn refusal(route: &Route, why: String) -> HostError {
    let name = route.name.clone();
    if why.contains("Host key verification failed") {
        let hint = if why.contains("has changed") {
            ""
        } else {
            "; `ssh HOST` by hand shows the key, and asks whether to accept it"
        };
        HostError::KeyPolicy { name, why: format!("{why}{hint}") }
    } else if why.contains("Permission denied (") || why.contains("Too many authentication failures") {
        HostError::Login { name, user: route.user.clone(), why }
    } else {
        HostError::Unreachable { address: format!("{}:{}", route.address, route.port), why }
    }
}

/// The first of what a program says, read to its end so that it never waits.
#[derive(Debug)]
struct Said {
    first: Arc<Mutex<Vec<u8>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Said {
    /// `prompts_of`: the host whose request to touch a key is shown at once.
    fn by(mut from: impl Read + Send + 'static, prompts_of: Option<String>) -> Said {
        let first = Arc::new(Mutex::new(Vec::new()));
        let kept = first.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let bytes = &buffer[..count];
                let asks = bytes.windows(ASKS.len()).any(|window| window == ASKS.as_bytes());
                if let Some(host) = prompts_of.as_ref().filter(|_| asks) {
                    let _ = write!(io::stderr(), "{host}: {}", shown_bytes(bytes));
                }
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = crate::world::LONGEST_ERRORS.saturating_sub(kept.len());
                kept.extend_from_slice(&bytes[..count.min(room)]);
            }
        });
        Said { first, reader: Some(reader) }
    }

    /// All of it, once the program has closed its end; a moment is given to one whose helpers keep it open.
    fn all(mut self) -> Vec<u8> {
        self.wait();
        self.so_far()
    }

    fn so_far(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(1);
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
        self.reader = None;
    }
}

/// OpenSSH's request to touch a hardware key.
const ASKS: &str = "Confirm user presence";

/// A session over a keeper's connection.
#[derive(Debug)]
struct Shared {
    keeper: Arc<Keeper>,
    cut: Arc<Cut>,
}

#[derive(Debug, Default)]
struct Cut(AtomicBool);

impl Breaker for Cut {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_spent(&self) -> bool {
        false
    }
}

impl Connection for Shared {
    fn exec(
        &self,
        command: &str,
        errors: Errors,
        limit: Duration,
        during: &During,
    ) -> Result<Box<dyn Channel>, HostError> {
        let lost = |error: io::Error| HostError::Lost { during: during.clone(), why: error.to_string() };
        if self.keeper.has_ended() {
            return Err(HostError::ConnectionGone { why: "ssh has ended".to_owned() });
        }
        let mut channel = Piped::start(self, command, errors, limit, during).map_err(lost)?;
        channel.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        Ok(Box::new(channel))
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        self.cut.clone()
    }
}

/// A command, and the process that speaks for it here.
struct Piped {
    child: Child,
    /// Its input and its output.
    stream: UnixStream,
    errors: Source,
    /// The output has ended, and the errors have.
    ended: (bool, bool),
    cut: Arc<Cut>,
    limit: Duration,
    during: During,
}

enum Source {
    Kept(Said),
    Read(UnixStream),
}

impl Piped {
    fn start(session: &Shared, command: &str, errors: Errors, limit: Duration, during: &During) -> io::Result<Piped> {
        let (stream, theirs) = UnixStream::pair()?;
        let (said, saying) = UnixStream::pair()?;
        let mut ssh = Command::new("ssh");
        // Without its keeper it would open a connection of its own, to a host of this name.
        let instead = format!("ProxyCommand=sh -c 'echo {GONE} >&2; exit 1'");
        ssh.args(["-F", "none", "-T", "-e", "none", "-S"]).arg(&session.keeper.socket);
        ssh.args([
            "-o",
            "ControlMaster=no",
            "-o",
            "BatchMode=yes",
            "-o",
            "LogLevel=ERROR",
            "-o",
            &instead,
            "--",
            "host",
            command,
        ]);
        let child = ssh
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::from(OwnedFd::from(saying)))
            .process_group(0)
            .spawn()?;
        // The command keeps our copies of its ends open.
        drop(ssh);
        let errors = match errors {
            Errors::Kept => Source::Kept(Said::by(said, None)),
            Errors::Read => Source::Read(said),
        };
        Ok(Piped {
            child,
            stream,
            errors,
            ended: (false, false),
            cut: session.cut.clone(),
            limit,
            during: during.clone(),
        })
    }

    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let count = self.stream.read(buffer)?;
        self.ended.0 |= count == 0;
        Ok(count)
    }
}

impl Write for Piped {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Channel for Piped {
    fn set_timeout(&mut self, millis: u32) {
        let limit = Some(Duration::from_millis(millis.max(1).into()));
        let _ = self.stream.set_read_timeout(limit);
        let _ = self.stream.set_write_timeout(limit);
        if let Source::Read(said) = &self.errors {
            let _ = said.set_read_timeout(limit);
        }
    }

    fn read_errors(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Source::Read(said) = &mut self.errors else { return Ok(0) };
        let count = said.read(buffer)?;
        self.ended.1 |= count == 0;
        Ok(count)
    }

    fn errors(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.errors {
            Source::Kept(said) => {
                said.wait();
                Ok(said.so_far())
            }
            Source::Read(said) => first_of(said),
        }
    }

    fn waiting(&self) -> usize {
        0
    }

    fn allow_more(&self, _: u64) {}

    fn is_at_end(&mut self) -> bool {
        self.ended == (true, true)
    }

    fn send_eof(&mut self) -> Result<(), String> {
        self.stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())
    }

    fn end(&mut self) -> Result<Ended, HostError> {
        let lost = |why: String| HostError::Lost { during: self.during.clone(), why };
        let end = Instant::now() + self.limit;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                Ok(None) => return Err(lost("ssh does not end".to_owned())),
                Err(error) => return Err(lost(error.to_string())),
            }
        };
        let said = match &self.errors {
            Source::Kept(said) => Some(said.so_far()),
            Source::Read(_) => None,
        };
        if let Some(said) = said.filter(|_| status.code() == Some(OWN_STATUS)) {
            let why = in_words(&said);
            return Err(if why.contains(GONE) { HostError::ConnectionGone { why } } else { lost(why) });
        }
        Ok(Ended::Status(status.code().unwrap_or(OWN_STATUS)))
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
