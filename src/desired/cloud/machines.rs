//! The machines that a cloud makes for members, masters and workers, as its module names them.

use hcl_edit::expr::Expression;

use crate::cluster::ServicesOn;
use crate::hcl::{Holes, expression, object, texts};
use crate::platform::machine::{Autoscale, Machine};
use crate::platform::provider::{MachineProvider, size};
use crate::service::spark::{MASTER, WORKER, Workers};
use crate::service::zookeeper::MEMBER;
use crate::value::{Address, Disk, Name, Role};

use super::text;

/// GiB, where the topology does not say.
const ZOOKEEPER_DISK: u32 = 64;
const WORKER_DISK: u32 = 128;

/// The machines with addresses of their own, by their numbers from 1.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The text before the names of what the cloud makes: a node has none.
    prefix: Option<Name>,
    pub members: Vec<(u32, Row)>,
    pub masters: Vec<(u32, Row)>,
}

/// One machine of a table.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub address: Address,
    pub zone: Option<String>,
    pub size: String,
    pub image: Option<String>,
}

impl Fixed {
    /// `image`: where each machine keeps its own.
    pub fn of(
        services: &ServicesOn<'_>,
        platform: &impl MachineProvider,
        prefix: Option<&Name>,
        image: Option<&str>,
    ) -> Fixed {
        let rows = |role: Role, machine: Option<&Machine>| {
            let size = machine.map_or_else(String::new, |machine| size(platform, role, machine));
            let row = |number: u32| {
                let (address, zone) = platform.machine(role, number, services.pinned(role, number));
                let (name, image) = (services.node(role, number), image.map(str::to_owned));
                (number, Row { name, address, zone, size: size.clone(), image })
            };
            (1..=services.count(role)).map(row).collect()
        };
        Fixed {
            prefix: prefix.cloned(),
            members: rows(MEMBER, services.zookeeper.map(|zookeeper| &zookeeper.machine)),
            masters: rows(MASTER, services.spark.map(|spark| &spark.masters.machine)),
        }
    }

    /// Names and addresses for the page beside the module.
    pub fn of_page(&self) -> serde_json::Value {
        let row = |(_, row): &(u32, Row)| serde_json::json!({ "name": text::prefixed(self.prefix.as_ref(), &row.name), "address": row.address.to_string() });
        self.masters.iter().chain(&self.members).map(row).collect()
    }

    /// Masters first: that is where operators go.
    pub fn addresses(&self) -> Vec<String> {
        self.masters.iter().chain(&self.members).map(|(_, row)| row.address.to_string()).collect()
    }

    pub fn put(&self, services: &ServicesOn<'_>, holes: &mut Holes) {
        holes.put("zookeeper", services.zookeeper.is_some());
        holes.put("spark", services.spark.is_some());
        holes.put_if("members", services.zookeeper.map(|_| table(&self.members)));
        holes.put_if("masters", services.spark.map(|_| table(&self.masters)));
        let (zookeeper, spark) = (services.zookeeper, services.spark);
        let connect = zookeeper.map(|zookeeper| endpoints(&self.members, zookeeper.settings.client_port.get()));
        holes.put_if("zookeeper_connect", connect);
        holes.put_if("data_dir", zookeeper.map(|zookeeper| zookeeper.settings.data_dir.to_string()));
        let disk = zookeeper.map(|zookeeper| zookeeper.machine.disk.map_or(ZOOKEEPER_DISK, Disk::get));
        holes.put_if("zookeeper_disk", disk);
        let masters = spark.map(|spark| endpoints(&self.masters, spark.masters.settings.port.get()));
        holes.put_if("master_url", masters.map(|masters| format!("spark://{masters}")));
        holes.put(
            "machine",
            match &self.prefix {
                Some(prefix) => expression(&format!("\"{prefix}-${{each.value.name}}\"")),
                None => expression("each.value.name"),
            },
        );
        holes.put("fixed_addresses", texts(self.addresses()));
    }
}

/// The disk of a worker in GiB.
pub fn worker_disk(workers: &Workers) -> u32 {
    workers.machine.disk.map_or(WORKER_DISK, Disk::get)
}

/// The holes about workers that both clouds share. Nothing scales where there are no workers.
pub fn put_workers(services: &ServicesOn<'_>, platform: &impl MachineProvider, holes: &mut Holes) {
    let workers = services.spark.map(|spark| &spark.workers);
    let scale = workers.and_then(|workers| workers.autoscale.as_ref());
    let cpu = scale.and_then(Autoscale::cpu_bounds);
    holes.put("autoscales", scale.is_some());
    holes.put("cpu_scales", cpu.is_some());
    holes.put("memory_scales", scale.is_some_and(|scale| scale.memory.is_some()));
    holes.put_if("cpu_out", cpu.map(|bounds| bounds.out.get()));
    holes.put_if("worker_size", workers.map(|workers| size(platform, WORKER, &workers.machine)));
    let fixed =
        |workers: &Workers| u32::try_from(workers.place.count().unwrap_or(0)).expect("a network has room for them");
    holes.put_if("workers_min", workers.map(|workers| scale.map_or_else(|| fixed(workers), |scale| scale.min)));
    holes.put_if("workers_max", workers.map(|workers| scale.map_or_else(|| fixed(workers), |scale| scale.max)));
}

/// `address:port,…`.
fn endpoints(rows: &[(u32, Row)], port: u16) -> String {
    let all: Vec<String> = rows.iter().map(|(_, row)| format!("{}:{port}", row.address)).collect();
    all.join(",")
}

/// A table of machines: one row for each number.
fn table(rows: &[(u32, Row)]) -> Expression {
    let row = |row: &Row| {
        let Row { name, address, zone, size, image } = row;
        let zone = zone.clone().map(|zone| ("zone", zone));
        let image = image.clone().map(|image| ("image", image));
        let start = [("name", name.clone()), ("address", address.to_string())];
        object(start.into_iter().chain(zone).chain([("size", size.clone())]).chain(image))
    };
    object(rows.iter().map(|(number, machine)| (number.to_string(), row(machine))))
}
