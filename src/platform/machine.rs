//! The machines that a cloud makes for a service.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics, Reported};
use crate::value::{Disk, Duration, Label, Percent, Zone};
use crate::yaml::{Field, Span};

/// The machines of one role. What is left out is the platform's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub size: Option<Label>,
    /// The disk of the role's data, in GiB.
    pub disk: Option<Disk>,
}

impl Machine {
    pub fn of(size: &Field<Label>, disk: &Field<Disk>) -> Machine {
        Machine { size: size.ok().cloned(), disk: disk.ok().copied() }
    }
}

/// The bounds of a number of machines that follows the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Autoscale {
    pub min: u32,
    pub max: u32,
    pub cpu: Option<Bounds>,
    pub memory: Option<Bounds>,
    /// The time over which use is averaged.
    pub window: Duration,
    /// The time between two changes.
    pub cooldown: Duration,
}

/// Percentages of use: above `out` one is added, below `inward` one is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub out: Percent,
    pub inward: Percent,
}

impl Autoscale {
    /// Bounds on the processors' use: 75 and 25 percent where the file has no bounds at all.
    pub fn cpu_bounds(&self) -> Option<Bounds> {
        let percent = |number: i64| Percent::try_from(number).expect("a percentage");
        let default = Bounds { out: percent(75), inward: percent(25) };
        self.cpu.or(self.memory.is_none().then_some(default))
    }
}

/// The clouds keep averages of whole minutes; an average over more than an hour no longer follows the load.
const WINDOW: std::ops::RangeInclusive<u64> = 300..=3600;

impl Autoscale {
    /// `None` where it is wrong, which is reported, or not there.
    pub fn check(field: &Field<AutoscaleFile>, problems: &mut Diagnostics) -> Option<Autoscale> {
        let file = field.ok()?;
        let bounds = |field: &Field<ScaleBoundsFile>, problems: &mut Diagnostics| {
            let (span, file) = field.spanned()?;
            problems.need(span, "out", &file.out);
            problems.need(span, "in", &file.inward);
            let (out, inward) = (*file.out.ok()?, *file.inward.ok()?);
            if inward >= out {
                let message = format!(
                    "workers would be added above {out} percent and removed below {inward} percent at the same time"
                );
                problems.add(Code::T012, span, message).help("leave a gap between `in` and `out`");
            }
            Some(Bounds { out, inward })
        };
        let (cpu, memory) = (bounds(&file.cpu, problems), bounds(&file.memory, problems));
        let minutes = |field: &Field<Duration>, default: &str, problems: &mut Diagnostics| {
            let value = field.or(default.parse().expect("a duration"));
            let at = field.span().unwrap_or_default();
            check_minutes(at, value, problems);
            value
        };
        let window = minutes(&file.window, "10m", problems);
        let cooldown = minutes(&file.cooldown, "5m", problems);
        Some(Autoscale { min: *file.min.ok()?, max: *file.max.ok()?, cpu, memory, window, cooldown })
    }
}

fn check_minutes(at: Span, value: Duration, problems: &mut Diagnostics) {
    if !WINDOW.contains(&value.seconds()) || !value.seconds().is_multiple_of(60) {
        problems.add(Code::T012, at, "the clouds take whole minutes here, from 5m to 1h").help("write 10m");
    }
}

/// Zones that are pinned, one for each machine, if there are any.
pub fn check_pins(
    field: &Field<Vec<Field<Zone>>>,
    machines: usize,
    problems: &mut Diagnostics,
) -> Result<Option<Vec<Zone>>, Reported> {
    let Some((span, zones)) = field.spanned() else { return Ok(None) };
    if zones.len() != machines {
        let message = format!("{} zones for {machines} machines", zones.len());
        problems.add(Code::T012, span, message).help("write one for each, in the order of their numbers");
        return Err(Reported);
    }
    zones.iter().map(|zone| zone.ok().cloned()).collect::<Option<Vec<Zone>>>().map(Some).ok_or(Reported)
}

/// The bounds of a number of workers that follows the load.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoscaleFile {
    /// The fewest workers.
    #[schemars(required)]
    pub min: Field<u32>,
    /// The most workers.
    #[schemars(required)]
    pub max: Field<u32>,
    /// Bounds on the processors' use.
    pub cpu: Field<ScaleBoundsFile>,
    /// Bounds on the memory's use.
    pub memory: Field<ScaleBoundsFile>,
    /// The time over which use is averaged. Default: `10m`.
    pub window: Field<Duration>,
    /// The time between two changes. Default: `5m`.
    pub cooldown: Field<Duration>,
}

/// The thresholds for adding and removing workers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScaleBoundsFile {
    /// Above this percentage a worker is added.
    #[schemars(required)]
    pub out: Field<Percent>,
    /// Below this percentage a worker is removed.
    #[schemars(required, rename = "in")]
    #[serde(rename = "in")]
    pub inward: Field<Percent>,
}
