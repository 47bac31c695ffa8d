//! The command that a service's process was really started with.

use crate::host::{
    Content, HostFacts, HostState, ServiceUnit, UNIT_FOLDER, UnitFacts, command_words, exec_start, sha256, unit_path,
};
use crate::value::{HostPath, Role};

/// Returns true if the command that a running service was started with names this file; `None` where nobody can tell.
pub fn reads(path: &HostPath, service: &str, unit: &UnitFacts, state: &HostState, facts: &HostFacts) -> Option<bool> {
    if let Some(command) = &unit.command {
        return Some(command.iter().any(|word| word == path.as_str()));
    }
    let file = unit_path(service);
    let started = unit.started.get(file.as_str())?;
    let Some(Content::Text(ours)) = state.files.get(&file).map(|file| &file.content) else { return None };
    if *started == sha256(ours.as_bytes()) {
        return Some(true);
    }
    let there = facts.paths.get(&file).filter(|there| there.sha256.as_ref() == Some(started))?;
    let word = state.host.word(path);
    Some(exec_start(there.text.as_deref()?)?.split_whitespace().any(|part| part == word))
}

/// Returns true if a restart would start the command of our unit, and the process was started with another: by a drop-in that is gone, or by hand.
/// (While a drop-in that changes the command is there, a restart would change nothing.)
pub fn is_anothers(service: &ServiceUnit, unit: &UnitFacts, state: &HostState) -> bool {
    let ours = service.inputs.iter().filter(|input| input.as_str().starts_with(UNIT_FOLDER)).find_map(|path| {
        let Content::Text(text) = &state.files.get(path)?.content else { return None };
        // The name of a unit stands in no command that starts one.
        command_words(exec_start(text)?, "").ok()
    });
    let (Some(ours), Some(command), Some(next)) = (ours, &unit.command, &unit.next_command) else { return false };
    if plain(next) != plain(&ours.concat()) {
        return false;
    }
    !plain(&command.concat()).ends_with(&plain(&after_the_program(&ours).concat()))
}

/// Returns true if a service's process runs as another user than it should, and a restart would mend that.
pub fn is_another_users(service: &ServiceUnit, unit: &UnitFacts, facts: &HostFacts) -> bool {
    let Some((user, is)) = service.role.map(Role::user).zip(unit.uid) else { return false };
    unit.next_user.as_deref() == Some(user) && facts.users.get(user).is_some_and(|wanted| *wanted != is)
}

/// The arguments alone: a program may be a script that starts another, with arguments of its own before ours.
fn after_the_program(command: &[String]) -> &[String] {
    let variables = match command.first().map(String::as_str) {
        Some("/usr/bin/env") => 1 + command[1..].iter().take_while(|word| word.contains('=')).count(),
        _ => 0,
    };
    command.get(variables + 1..).unwrap_or_default()
}

/// A command without what systemd shows in one way or another: spaces, quotes, escapes, and dollar signs, which a unit doubles.
fn plain(command: &str) -> String {
    command.chars().filter(|c| !c.is_whitespace() && !"\"'\\$".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::{after_the_program, plain};

    #[test]
    fn a_command_is_compared_from_its_arguments_on() {
        let after = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            after_the_program(&words).join(" ")
        };
        assert_eq!(after("/usr/bin/env java -Xmx1g Main x"), "-Xmx1g Main x");
        assert_eq!(
            after("/usr/bin/env A=b JAVA_HOME=/opt/j /opt/spark/bin/spark-class Master --host a"),
            "Master --host a"
        );
        assert_eq!(after("/opt/spark/bin/spark-class Master --host a"), "Master --host a");
        assert_eq!(after("/usr/sbin/nft"), "");
        assert_eq!(plain(r#"java -cp "a:lib/*" "-Dx=$$y z""#), "java-cpa:lib/*-Dx=yz");
    }
}
