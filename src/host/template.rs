//! The texts that people read as texts. One template serves every way of delivering it.

use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Tera};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "zookeeper/zoo.cfg",
    "zookeeper/logback.xml",
    "zookeeper/log4j2.properties",
    "zookeeper/zookeeper.service",
    "spark/ha.conf",
    "spark/history.conf",
    "spark/worker.conf",
    "spark/spark-defaults.conf",
    "spark/spark-env.sh",
    "spark/log4j2.properties",
    "spark/spark-master.service",
    "spark/spark-history.service",
    "spark/spark-worker.service",
    "firewall/provision.nft",
    "firewall/provision-firewall.service",
    "terraform/aks/README.md",
    "terraform/aws-vms/README.md",
    "terraform/azure-vms/README.md",
    "terraform/eks/README.md",
    "terraform/hdinsight/README.md",
];

static ENGINE: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.add_raw_templates(TEMPLATES.iter().copied()).expect("the program's own templates parse");
    tera
});

/// Fills a template. Values must be escaped for the file's format before they come here: nothing is escaped on the way.
pub fn render(name: &str, values: &impl Serialize) -> String {
    let context = Context::from_serialize(values).expect("the values of a template are a map");
    ENGINE.render(name, &context).expect("the program's own templates match their values")
}
