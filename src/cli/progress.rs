//! Progress: a line for each node on a terminal, plain lines when piped.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::input::is_terminal;
use crate::execute::{Event, Sink};
use crate::value::{Name, announces_secret, carries_secret, shown, shown_line};

#[derive(Debug)]
pub struct Progress {
    live: Option<MultiProgress>,
    bars: BTreeMap<Name, ProgressBar>,
    started: Instant,
    last_wait: String,
}

impl Progress {
    pub fn new() -> Progress {
        let live = is_terminal(&std::io::stderr()).then(MultiProgress::new);
        Progress { live, bars: BTreeMap::new(), started: Instant::now(), last_wait: String::new() }
    }

    pub fn finish(&mut self) {
        self.bars.values().for_each(ProgressBar::finish_and_clear);
        self.bars.clear();
    }

    fn line(&self, text: &str) {
        let text = shown(text);
        tracing::info!("{}", text.trim());
        let text = format!("{:6.1}s {text}", self.started.elapsed().as_secs_f64());
        match &self.live {
            Some(live) => {
                let _ = live.println(text);
            }
            // A closed pager must not end an apply half-way.
            None => {
                let _ = writeln!(std::io::stderr(), "{text}");
            }
        }
    }
}

impl Sink for Progress {
    fn event(&mut self, event: Event) {
        match &event {
            Event::Phase { .. } => self.finish(),
            Event::Begun { host, title } => self.begin(host, title),
            Event::Done { host, .. } | Event::Failed { host, .. } => {
                self.bars.remove(host).iter().for_each(ProgressBar::finish_and_clear);
            }
            Event::Waiting { because } if *because == self.last_wait => return,
            Event::Waiting { because } => self.last_wait.clone_from(because),
            Event::Passed { .. } | Event::SetAside { .. } | Event::Log { .. } | Event::Rolling { .. } => {}
        }
        if let Some(line) = words(&event) {
            self.line(&line);
        }
    }
}

impl Progress {
    fn begin(&mut self, host: &Name, title: &str) {
        let Some(live) = &self.live else { return };
        let bar = live.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("       {prefix:14} {spinner} {msg} {elapsed}")
            .expect("a template")
            .tick_chars("|/-\\ ");
        bar.set_style(style);
        bar.set_prefix(host.to_string());
        bar.set_message(shown_line(title));
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Some(old) = self.bars.insert(host.clone(), bar) {
            old.finish_and_clear();
        }
    }
}

/// An event as a line of progress. That a step began is shown by its bar alone.
pub fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Begun { .. } => return None,
        Event::Phase { title } => title.clone(),
        Event::Done { host, title, said } => {
            let said = match said.len() {
                0 => String::new(),
                1..=4 => format!(" ({})", said.join(", ")),
                many => format!(" ({many} things)"),
            };
            format!("  {host}: {title}{said}")
        }
        Event::Failed { host, title, error } => format!("  {host}: {title}: FAILED: {error}"),
        Event::Waiting { because } => format!("  waiting: {because}"),
        Event::Passed { what } => format!("  {what}"),
        Event::SetAside { host, because } => {
            format!("  {host} is left for later, and the others continue without it: {because}")
        }
        Event::Log { host, unit, lines } => {
            let hides = |line: &str| announces_secret(line) || carries_secret(line);
            let lines =
                lines.iter().map(|line| if hides(line) { "(hidden: it may hold a secret)" } else { line.as_str() });
            format!(
                "  {host}: the last lines of {unit}:{}",
                lines.map(|line| format!("\n      {line}")).collect::<String>()
            )
        }
        Event::Rolling { host, because } => format!("  {host} is next: {because}"),
    })
}
