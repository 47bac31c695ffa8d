//! The address by which workers and drivers know a cluster.

use super::listeners::MASTER_RPC;
use super::roles::MASTER;
use crate::cluster::Cluster;

/// `spark://m1:7077,m2:7077`, every master.
pub fn master_url(cluster: &Cluster) -> Option<String> {
    let masters: Vec<_> = cluster.of_role(MASTER).map(|master| cluster.endpoint(&master.host, MASTER_RPC)).collect();
    (!masters.is_empty()).then(|| format!("spark://{}", masters.join(",")))
}
