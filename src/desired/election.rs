//! Where Spark's masters elect their leader.

use crate::cluster::Cluster;
use crate::service::spark::MASTER;
use crate::service::zookeeper::MEMBER;

/// The election as `ZooKeeper` keeps it: each master has a latch in one folder, and the lowest leads.
#[derive(Clone, Debug)]
pub struct Election {
    pub folder: String,
    /// Address and client port of every member.
    pub members: Vec<(String, u16)>,
}

impl Election {
    pub fn of(cluster: &Cluster) -> Option<Election> {
        cluster.zookeeper.as_ref()?;
        cluster.of_role(MASTER).next()?;
        let members = cluster.members();
        let client = |host| (cluster.address(host).to_string(), cluster.port(host, MEMBER, "client"));
        let members = members.values().map(|member| client(&member.host)).collect();
        Some(Election { folder: format!("{}/leader_election", recovery_folder(cluster)), members })
    }
}

/// `spark.deploy.zookeeper.dir`: one a cluster, so that two may share an ensemble.
pub fn recovery_folder(cluster: &Cluster) -> String {
    format!("/spark-{}", cluster.name)
}
