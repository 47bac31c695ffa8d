//! Applications, checked against the cluster they run on.

use super::file::{ExecutorsFile, JobFile, Restart, in_home};
use super::job::{Application, Job};
use crate::diagnostic::{Code, Diagnostics};
use crate::service::spark::{Readers, Spark, truth};
use crate::service::{self, Service, ServicesFile};
use crate::value::{JavaInt, JvmSize, PropertyValue};
use crate::yaml::{Field, Span, suggest};

/// Checks one job. `spark` is there when Spark itself is right.
pub fn check(
    span: Span,
    file: &JobFile,
    services: &ServicesFile,
    spark: Option<&Spark>,
    problems: &mut Diagnostics,
) -> Option<Job> {
    let application = check_application(span, &file.application, problems);
    let config = crate::service::spark::check_config(&file.config, Readers::OneJob, problems);
    let executors = file.executors.or_default();
    if let Some((at, streaming)) = file.streaming.spanned() {
        problems.need(at, "checkpoint", &streaming.checkpoint);
    }
    if let (Some(config), Some(standalone)) = (&config, spark.and_then(|spark| spark.standalone.as_ref())) {
        let asks = config
            .iter()
            .filter(|(key, _)| key.as_str() == "spark.shuffle.service.enabled")
            .any(|(_, value)| value.plain().and_then(truth) == Some(true));
        if asks && standalone.shuffle_service.is_none() {
            problems
                .add(
                    Code::T012,
                    file.config.span().unwrap_or(span),
                    "executors would look for a shuffle service, and no worker runs one",
                )
                .help("write spark.shuffle.service.enabled under services: spark: config:");
        }
    }
    if let Some(spark) = spark {
        check_fit(file.executors.span().unwrap_or(span), &executors, spark, problems);
    }
    if spark.is_some_and(|spark| spark.standalone.is_some()) {
        note_unused(file, problems);
    }
    warn_contradictions(&executors, file, problems);
    let arguments = texts(&file.arguments);
    for (at, argument) in &arguments {
        check_placeholders(*at, argument, services, problems);
    }
    Some(Job {
        application: application?,
        main_class: file.main_class.ok().cloned(),
        jars: all(&file.jars),
        py_files: all(&file.py_files),
        files: all(&file.files),
        packages: all(&file.packages),
        arguments: arguments.into_iter().map(|(_, argument)| argument).collect(),
        driver_memory: file.driver.or_default().memory.or(JvmSize::from_mebibytes(1024)),
        instances: executors.instances.ok().map(|count| count.get()),
        executor_cores: executors.cores.ok().map_or(1, |cores| cores.get()),
        executor_memory: executors.memory.or(JvmSize::from_mebibytes(1024)),
        // A job has no secrets among its properties.
        config: config?.into_iter().filter_map(|(key, value)| Some((key, value.plain()?.to_owned()))).collect(),
    })
}

/// On hosts `provision submit` runs a job once, and its driver as one process of the master's host.
fn note_unused(file: &JobFile, problems: &mut Diagnostics) {
    let cores = file.driver.ok().and_then(|driver| driver.cores.span());
    let unused = [
        ("inImage", file.in_image.span()),
        ("driver.cores", cores),
        ("restart", file.restart.spanned().filter(|(_, restart)| **restart != Restart::Never).map(|(at, _)| at)),
        ("streaming", file.streaming.span()),
    ];
    for (name, at) in unused.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        problems.add(Code::T090, at, format!("`{name}` is not used by a job on hosts"));
    }
}

fn all<T: Clone>(list: &Field<Vec<Field<T>>>) -> Vec<T> {
    list.ok().into_iter().flatten().filter_map(Field::ok).cloned().collect()
}

fn texts(list: &Field<Vec<Field<String>>>) -> Vec<(Span, String)> {
    list.ok().into_iter().flatten().filter_map(Field::spanned).map(|(span, text)| (span, text.clone())).collect()
}

fn check_application(span: Span, application: &Field<String>, problems: &mut Diagnostics) -> Option<Application> {
    problems.need(span, "application", application);
    let (at, text) = application.spanned()?;
    match in_home(text) {
        Some(Ok(path)) => return Some(Application::Home(path)),
        Some(Err(message)) => {
            problems.add(Code::T001, at, message);
            return None;
        }
        None => {}
    }
    if let Some(path) = text.strip_prefix("file:") {
        return Some(Application::File(path.into()));
    }
    if text.contains("://") && !text.contains(char::is_whitespace) {
        return Some(Application::Url(text.clone()));
    }
    problems
        .add(Code::T001, at, "this names no application")
        .help("write home:PATH for Spark's own, file:PATH for a file of yours, or a URL that Spark can read");
    None
}

/// An executor runs on one worker: what is larger than every worker waits for ever.
fn check_fit(span: Span, executors: &ExecutorsFile, spark: &Spark, problems: &mut Diagnostics) {
    let Some(workers) = spark.standalone.as_ref().map(|standalone| &standalone.workers) else { return };
    let cores = executors.cores.ok().map_or(1, |cores| cores.get());
    let memory = executors.memory.or(JvmSize::from_mebibytes(1024));
    // A worker without a number has the machine's. The largest worker counts; where all are wanted, their sum.
    let profiles = workers.profiles();
    let all_cores: Option<Vec<u32>> = profiles.iter().map(|profile| profile.settings.cores.map(JavaInt::get)).collect();
    let all_memory: Option<Vec<JvmSize>> = profiles.iter().map(|profile| profile.settings.memory).collect();
    let most_cores = all_cores.as_ref().and_then(|all| all.iter().max().copied());
    let most_memory = all_memory.and_then(|all| all.into_iter().max());
    if let Some(have) = most_cores.filter(|have| *have < cores) {
        let message = format!("an executor wants {cores} cores, and a worker has {have}: it is never scheduled");
        problems.add(Code::SP003, span, message).help("ask for less, or give `workers` more cores");
    } else if let Some(have) = most_memory.filter(|have| *have < memory) {
        let message = format!("an executor wants {memory}, and a worker has {have}: it is never scheduled");
        problems.add(Code::SP003, span, message).help("ask for less, or give `workers` more memory");
    } else if let (Some(count), Some(_), Some(all)) = (executors.instances.ok(), workers.place.count(), all_cores) {
        let room: u64 = all.iter().map(|have| u64::from(have / cores.max(1))).sum();
        if u64::from(count.get()) > room {
            let each: std::collections::BTreeSet<u32> = all.iter().copied().collect();
            let each: Vec<_> = each.iter().map(ToString::to_string).collect();
            let message = format!(
                "{count} executors of {cores} cores are asked for, and {} workers of {} cores have room for {room}",
                all.len(),
                each.join(" or ")
            );
            problems.add(Code::SP003, span, message).help("ask for fewer, or declare more workers");
        }
    }
}

fn warn_contradictions(executors: &ExecutorsFile, file: &JobFile, problems: &mut Diagnostics) {
    let Some(instances) = executors.instances.ok() else { return };
    let wanted: &[(&str, String)] = &[
        ("spark.executor.instances", instances.to_string()),
        (
            "spark.cores.max",
            (u64::from(instances.get()) * u64::from(executors.cores.ok().map_or(1, |cores| cores.get()))).to_string(),
        ),
        ("spark.dynamicAllocation.enabled", "false".to_owned()),
    ];
    for entry in file.config.ok().into_iter().flatten() {
        let (Some((_, wanted)), Some(value)) =
            (wanted.iter().find(|(key, _)| *key == entry.key.text), entry.value.ok().and_then(PropertyValue::plain))
        else {
            continue;
        };
        if *wanted != value.to_lowercase() {
            let message = format!(
                "`{}` is {}, and `executors.instances: {instances}` means {wanted}",
                entry.key.text,
                value.escape_default()
            );
            problems.add(Code::SP004, entry.key.span, message).help("keep one of the two");
        }
    }
}

fn check_placeholders(at: Span, argument: &str, files: &ServicesFile, problems: &mut Diagnostics) {
    for part in argument.split('{').skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        let dotted = name.contains('.') && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.');
        let known = service::all().find(|service| service.placeholders().contains(&name));
        match known {
            Some(service) if files.part(service.key()).is_none() => {
                problems.add(
                    Code::T010,
                    at,
                    format!("`{{{name}}}` refers to {}, which is not declared", service.key()),
                );
            }
            None if dotted => {
                let all: Vec<&str> = service::all().flat_map(Service::placeholders).copied().collect();
                problems
                    .add(Code::T010, at, format!("`{{{name}}}` is not an address that is known"))
                    .maybe_help(suggest::hint(name, all));
            }
            _ => {}
        }
    }
}
