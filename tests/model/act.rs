//! Actions, as `act.rs` and `act.sh` do them.

use tokio::time::Instant;

use super::host::{Kind, SimHost, fail};
use provision::host::{
    Access, Action, BIRTH_PATH, FileEdit, HostError, Patch, Record, Removal, STAMP_PATH, STATE_FOLDER, Secrets,
};
use provision::service::archive::Archive;
use provision::world::Permit;

pub fn act(
    host: &mut SimHost,
    action: &Action,
    permit: &Permit,
    secrets: &Secrets,
    now: Instant,
) -> Result<Vec<String>, HostError> {
    let (claim, epoch) = (permit.claim(), permit.epoch().number());
    if *action == Action::Raise {
        host.claim_for(claim)?;
    } else if host.claim().is_none_or(|carries| carries.identity != claim.identity) {
        return Err(HostError::Foreign { carries: host.claim() });
    }
    let (seen, lease) = (host.epoch(), permit.lease().as_str());
    let leased = host.leased(epoch);
    let refused = if *action == Action::Raise {
        seen > epoch || (seen == epoch && leased.is_some_and(|there| there != lease))
    } else {
        seen != epoch || leased.as_deref() != Some(lease)
    };
    if refused {
        return Err(HostError::Fenced { seen, ours: epoch });
    }
    match action {
        Action::Raise => host.raise(epoch, lease)?,
        Action::Remember { name, record } => {
            let record = Record { epoch, ..(**record).clone() };
            host.write(
                &format!("{STATE_FOLDER}/{}.json", name.text()),
                &Access::root(0o644),
                record.text().as_bytes(),
            )?;
        }
        Action::Journal { line } => {
            let path = format!("{STATE_FOLDER}/journal");
            let text = host.text(&path).unwrap_or_default() + line + "\n";
            host.write(&path, &Access::root(0o644), text.as_bytes())?;
        }
        Action::InstallPackage { .. } => host.java = true,
        Action::Patch(patch) => lay(host, patch, secrets, now)?,
        Action::RecordBirth { record } => {
            if !record.complete && host.bytes(BIRTH_PATH).is_some() {
                return Err(fail("a birth is recorded here already"));
            }
            let text = serde_json::to_string(record).expect("a record is plain JSON") + "\n";
            host.write(BIRTH_PATH, &Access::root(0o644), text.as_bytes())?;
        }
        Action::MarkNew { marker, data } => {
            if !host.text(BIRTH_PATH).unwrap_or_default().contains("\"complete\":false") {
                return Err(fail("no birth is begun here"));
            }
            if data.iter().any(|data| host.holds_something(&format!("{data}/version-2"))) {
                return Err(fail("it holds data: it is not new"));
            }
            host.write(marker.as_str(), &Access::of("zookeeper", 0o640), b"")?;
        }
        Action::Unmark { marker } => drop(host.paths.remove(marker.as_str())),
        Action::Start { unit } => {
            host.enable(unit)?;
            host.start(unit, now)?;
        }
        Action::Stop { unit } => host.stop(unit)?,
        Action::Enable { unit } => host.enable(unit)?,
        Action::TryRules { .. } => host.has_trial = true,
        Action::EndTrial => host.has_trial = false,
        Action::KeepRules { unit, files, start } => {
            if !std::mem::take(&mut host.has_trial) {
                return Err(fail("the trial is over"));
            }
            for file in files {
                put(host, file, secrets)?;
            }
            host.reload_units(now)?;
            if *start {
                host.enable(unit)?;
                host.start(unit, now)?;
            } else {
                host.reload(unit, now)?;
            }
            host.has_lost_rules = false;
        }
        Action::Swap { unit, files, drain: _ } => {
            keep(host, unit, files)?;
            for file in files {
                put(host, file, secrets)?;
            }
            host.reload_units(now)?;
            host.restart(unit, now)?;
        }
        Action::PutBack { unit } => {
            put_back(host, unit)?;
            host.reload_units(now)?;
            host.restart(unit, now)?;
        }
        // The world's: it is the ensemble's, not the host's.
        Action::Release { .. } | Action::Drain { .. } => {}
        Action::Remove(removal) => {
            let Removal { owned, delete_data, keeps_epoch } = &**removal;
            host.remove_owned(owned, *delete_data, now)?;
            host.remove_rest(owned, *delete_data, *keeps_epoch)?;
            // In the words of `remove.sh`, which the end of a destroy counts.
            let data = owned.directories.iter().filter(|(path, data)| **data && host.holds_something(path.as_str()));
            return Ok(data.map(|(path, _)| format!("kept data {path}")).collect());
        }
    }
    Ok(Vec::new())
}

fn lay(host: &mut SimHost, patch: &Patch, secrets: &Secrets, now: Instant) -> Result<(), HostError> {
    let Patch { users, directories, distributions, files, leftovers, reload_units } = patch;
    host.remove_owned(leftovers, false, now)?;
    for stamp in files.iter().filter(|file| file.path.as_str() == STAMP_PATH) {
        put(host, stamp, secrets)?;
    }
    for (name, home) in users {
        host.user(name, home.as_str())?;
    }
    for (path, access) in directories {
        host.directory(path.as_str(), access)?;
    }
    for unpack in distributions {
        let there = match &unpack.archive {
            Archive::OnHost { path, .. } => host.archives.get(path.as_str()).cloned(),
            _ => unpack.sha512.clone(),
        };
        let Some(sum) = there else { return Err(fail("cannot read the archive")) };
        if unpack.sha512.as_ref().is_some_and(|wanted| *wanted != sum) {
            return Err(fail("the archive is another one, or damaged"));
        }
        host.unpack(unpack.home.as_str(), &sum)?;
    }
    for file in files.iter().filter(|file| file.path.as_str() != STAMP_PATH) {
        put(host, file, secrets)?;
    }
    if *reload_units { host.reload_units(now) } else { Ok(()) }
}

fn put(host: &mut SimHost, file: &FileEdit, secrets: &Secrets) -> Result<(), HostError> {
    host.write(file.path.as_str(), &file.access, file.content.full(secrets).as_bytes())
}

fn kept(unit: &str) -> String {
    format!("{STATE_FOLDER}/kept/{unit}")
}

/// The old files lie under the folder of the unit as they lay; one that was not there is kept as a directory.
fn keep(host: &mut SimHost, unit: &str, files: &[FileEdit]) -> Result<(), HostError> {
    let old: Vec<_> =
        files.iter().map(|file| (file.path.to_string(), host.paths.get(file.path.as_str()).cloned())).collect();
    host.remove_tree(&kept(unit));
    host.directory(&kept(unit), &Access::root(0o700))?;
    for (path, node) in old {
        if let Some(node) = node {
            host.paths.insert(format!("{}{path}", kept(unit)), node);
        } else {
            host.directory(&format!("{}/absent{path}", kept(unit)), &Access::root(0o700))?;
        }
    }
    Ok(())
}

fn put_back(host: &mut SimHost, unit: &str) -> Result<(), HostError> {
    let folder = kept(unit);
    if !host.is_directory(&folder) {
        return Err(fail("no old files are kept"));
    }
    let there: Vec<_> = host
        .paths
        .range(format!("{folder}/")..format!("{folder}0"))
        .map(|(path, node)| (path.clone(), node.clone()))
        .collect();
    for (path, node) in there {
        let path = &path[folder.len()..];
        match &node.kind {
            Kind::File { bytes, .. } => host.write(path, &node.access, bytes)?,
            Kind::Directory => drop(path.strip_prefix("/absent").and_then(|path| host.paths.remove(path))),
        }
    }
    Ok(())
}
