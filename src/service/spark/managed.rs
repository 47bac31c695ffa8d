//! Checks of Spark as a managed service.

use super::file::{Day, HalfHour, ScheduleFile, ScheduleTimeFile, SparkFile, WorkersFile};
use super::{Managed, Scaling, Schedule};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::hdinsight;
use crate::platform::machine::Autoscale;
use crate::value::Label;
use crate::yaml::Field;

/// Checks it, with the service's own defaults where the topology is silent (`Standard_A4_v2` is the smallest that runs a `ZooKeeper`).
pub fn check(file: &SparkFile, problems: &mut Diagnostics) -> Managed {
    check_version(file, problems);
    let size = |given: Option<&Label>, default: &str| given.cloned().unwrap_or(default.parse().expect("a size"));
    let workers = file.workers.or_default();
    Managed {
        heads: size(file.heads.ok().and_then(|heads| heads.size.ok()), "Standard_E8_v3"),
        zookeepers: size(file.zookeepers.ok().and_then(|zookeepers| zookeepers.size.ok()), "Standard_A4_v2"),
        workers: size(workers.size.ok(), "Standard_E8_v3"),
        count: workers.nodes.or(3),
        scaling: check_scaling(&workers, problems),
    }
}

fn check_version(file: &SparkFile, problems: &mut Diagnostics) {
    let carried = hdinsight::SPARK;
    if let Some((at, version)) = file.version.spanned().filter(|(_, version)| version.as_str() != carried) {
        problems
            .add(Code::T012, at, format!("HDInsight comes with Spark {carried}, not {version}"))
            .help(format!("write version: \"{carried}\""));
    }
}

/// A cluster without workers cannot be.
fn check_some(field: &Field<u32>, problems: &mut Diagnostics) {
    if let Some((at, 0)) = field.spanned() {
        problems.add(Code::T012, at, "an HDInsight cluster needs at least one worker").help("use 1 or more");
    }
}

fn check_scaling(workers: &WorkersFile, problems: &mut Diagnostics) -> Scaling {
    let by_load = Autoscale::check(&workers.autoscale, problems);
    check_some(workers.autoscale.ok().map_or(&workers.nodes, |scale| &scale.min), problems);
    let Some((span, file)) = workers.schedule.spanned() else { return by_load.map_or(Scaling::Fixed, Scaling::ByLoad) };
    if by_load.is_some() {
        problems
            .add(Code::T012, span, "workers follow the load or the time, not both")
            .help("write `autoscale` or `schedule`");
    }
    if file.times.is_missing() || file.times.ok().is_some_and(Vec::is_empty) {
        problems
            .add(Code::T003, span, "a schedule without `times` changes nothing")
            .help("times: [{ days: [Monday], at: \"07:00\", workers: 10 }]");
    }
    Scaling::ByTime(check_schedule(file, problems))
}

fn check_schedule(file: &ScheduleFile, problems: &mut Diagnostics) -> Schedule {
    let mut times: Vec<(Vec<Day>, HalfHour, u32)> = Vec::new();
    for (at, time) in file.times.ok().into_iter().flatten().filter_map(Field::spanned) {
        let ScheduleTimeFile { days, at: clock, workers } = time;
        problems.need(at, "days", days);
        problems.need(at, "at", clock);
        problems.need(at, "workers", workers);
        check_some(workers, problems);
        let days: Vec<Day> = days.ok().into_iter().flatten().filter_map(|day| day.ok().copied()).collect();
        let (Some(clock), Some(count)) = (clock.ok(), workers.ok()) else { continue };
        let again =
            |(all, other, _): &&(Vec<Day>, HalfHour, u32)| other == clock && all.iter().any(|day| days.contains(day));
        if let Some((_, _, before)) = times.iter().find(again) {
            let message =
                format!("the schedule already sets {before} workers at {} on one of these days", clock.as_str());
            problems.add(Code::T012, at, message).help("write each time of a day once");
        }
        times.push((days, clock.clone(), *count));
    }
    // Windows has no slash in a name; IANA's names have.
    if let Some((at, zone)) = file.timezone.spanned().filter(|(_, zone)| zone.contains('/') || zone.is_empty()) {
        problems
            .add(Code::T012, at, format!("`{}` is not the name of a time zone on Windows", zone.escape_default()))
            .help("write it like `W. Europe Standard Time`");
    }
    Schedule { timezone: file.timezone.or("UTC".to_owned()), times }
}
