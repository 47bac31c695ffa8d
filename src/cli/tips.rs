//! Flags and commands of other tools, as fingers know them: what stands for them here.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Flags that this program does not have, and what to do instead.
const FLAGS: &[(&[&str], &str)] = &[
    (
        &["--yes", "-y", "--force", "--auto-approve", "--assume-yes", "--no-confirm"],
        "`apply` and `destroy` take --yes; nothing else asks",
    ),
    (&["--tail", "--num-lines"], "write -n LINES"),
    (
        &["--since", "--until", "--from", "--to"],
        "write -n LINES; for a time, `provision ssh NODE -- journalctl -u UNIT --since ...`",
    ),
    (
        &["--host", "--hosts", "--limit", "--target", "--only", "--tags"],
        "a plan is for the whole cluster; --skip-unreachable leaves out hosts that do not answer",
    ),
    (&["--dry-run", "--check", "--diff", "--what-if"], "`provision plan` shows what an apply would change"),
    (&["--fix", "--repair"], "`provision apply` repairs; preflight only looks"),
    (&["--config", "--topology", "-c"], "write -f FILE, or the file's name alone where a command takes one"),
    (&["--format"], "write --json"),
    (&["--delete", "--purge", "--volumes"], "`destroy` takes --delete-data"),
];

/// Commands that this program does not have, and those that stand for them.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["up", "deploy", "install", "create", "run", "sync", "converge", "upgrade"], "apply"),
    (&["down", "delete", "remove", "uninstall", "rm", "teardown", "reset"], "destroy"),
    (&["diff", "preview"], "plan"),
    (&["check", "lint", "verify"], "validate"),
    (&["template", "generate", "build"], "render"),
    (&["get", "ps", "ls", "list", "show", "health", "describe"], "status"),
    (&["exec", "shell", "login", "connect"], "ssh"),
    (&["log", "journal", "tail"], "logs"),
    (&["doctor", "test", "ping"], "preflight"),
    (&["new", "example"], "init"),
];

/// The error with our tip in place of the parser's guess, which takes any flag for a value and knows hidden commands too.
/// `all`: the program with its commands.
pub fn with_tip(mut error: clap::Error, all: &clap::Command) -> clap::Error {
    let wrong = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let flag = wrong(&error, ContextKind::InvalidArg);
            let flag = flag.split('=').next().unwrap_or_default();
            let tip = FLAGS.iter().find(|(flags, _)| flags.contains(&flag)).map(|(_, tip)| *tip);
            // A job may have any argument, behind two dashes.
            let of_job = error.get(ContextKind::Usage).is_some_and(|usage| usage.to_string().contains(" submit "));
            if !of_job {
                error.remove(ContextKind::Suggested);
            }
            if let Some(tip) = tip.filter(|_| !of_job) {
                error.remove(ContextKind::SuggestedArg);
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
            }
        }
        ErrorKind::InvalidSubcommand => {
            let command = wrong(&error, ContextKind::InvalidSubcommand);
            error.remove(ContextKind::Suggested);
            let ours = COMMANDS
                .iter()
                .find(|(words, _)| words.contains(&command.as_str()))
                .map(|(_, ours)| (*ours).to_owned());
            let near = ours.or_else(|| {
                let known = all.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
                crate::yaml::suggest::nearest(&command, known).map(str::to_owned)
            });
            error.remove(ContextKind::SuggestedSubcommand);
            if let Some(near) = near {
                error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
            }
        }
        _ => {}
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::Cli;

    fn said(line: &str) -> String {
        let error = Cli::try_parse_from(line.split(' ')).map(|_| ()).expect_err(line);
        with_tip(error, &Cli::command()).to_string()
    }

    #[test]
    fn flags_and_commands_of_other_tools_lead_somewhere_right() {
        for (line, tip) in [
            ("provision plan --yes", "`apply` and `destroy` take --yes"),
            ("provision apply --auto-approve", "`apply` and `destroy` take --yes"),
            ("provision apply --force", "`apply` and `destroy` take --yes"),
            ("provision logs spark --tail 5", "write -n LINES"),
            ("provision logs spark --since yesterday", "journalctl -u UNIT --since"),
            ("provision plan --host h1", "--skip-unreachable"),
            ("provision apply --diff", "`provision plan`"),
            ("provision preflight --fix", "`provision apply` repairs"),
            ("provision up", "'apply'"),
            ("provision check", "'validate'"),
            ("provision statsu", "'status'"),
            ("provision plan --jsn", "'--json'"),
        ] {
            let said = said(line);
            assert!(said.contains(tip), "{line}: {said}");
            assert!(!said.contains("'-- -") && !said.contains("supervise"), "{line}: {said}");
        }
        assert!(said("provision submit pi --iterations 5").contains("'-- --iterations'"));
        assert!(!said("provision supervize").contains("supervise"));
    }

    #[test]
    fn every_command_that_is_named_is_there() {
        let command = Cli::command();
        for (_, ours) in COMMANDS {
            assert!(command.find_subcommand(ours).is_some(), "{ours}");
        }
    }
}
