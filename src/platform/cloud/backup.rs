//! Backups of the members' disks.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::yaml::Field;

/// Daily backups of the members' disks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupFile {
    /// The number of backups that are kept, one a day: 7 to 1000.
    #[schemars(required, extend("minimum" = DAYS_MIN, "maximum" = DAYS_MAX))]
    pub days: Field<u32>,
}

/// The same, checked.
#[derive(Clone, Copy, Debug)]
pub struct Backup {
    pub days: u32,
}

/// learn.microsoft.com, "Azure VM backup support matrix": a daily policy keeps at least 7 days.
const DAYS_MIN: u32 = 7;
/// docs.aws.amazon.com, "Considerations for Amazon Data Lifecycle Manager": a schedule retains at most 1000 snapshots of a volume.
const DAYS_MAX: u32 = 1000;

impl Backup {
    /// Checks it, and reports what is wrong.
    pub fn check(field: &Field<BackupFile>, problems: &mut Diagnostics) -> Option<Backup> {
        let (span, file) = field.spanned()?;
        let days = *problems.need(span, "days", &file.days)?;
        if !(DAYS_MIN..=DAYS_MAX).contains(&days) {
            let at = file.days.span().unwrap_or(span);
            problems
                .add(Code::T012, at, format!("{days} days of backups are not possible"))
                .help(format!("take {DAYS_MIN} to {DAYS_MAX}"));
        }
        Some(Backup { days })
    }
}
