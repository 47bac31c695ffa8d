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
    "terraform/local-disks.yaml",
    "terraform/mount-local-disks.sh",
    "terraform/aks/README.md",
    "terraform/aws-vms/README.md",
    "terraform/aws-vms/cloud-init/masters.yaml",
    "terraform/aws-vms/cloud-init/workers.yaml",
    "terraform/aws-vms/cloud-init/zookeeper.yaml",
    "terraform/azure-vms/README.md",
    "terraform/azure-vms/cloud-init/masters.yaml",
    "terraform/azure-vms/cloud-init/workers.yaml",
    "terraform/azure-vms/cloud-init/zookeeper.yaml",
    "terraform/eks/README.md",
    "terraform/hdinsight/README.md",
];

static ENGINE: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.add_raw_templates(TEMPLATES.iter().copied()).expect("the program's own templates parse");
    tera
});

/// The values that a template names: in `{{ value }}`, `{% if value %}` and `{% for part in value %}`.
#[cfg(debug_assertions)]
fn names_in(template: &str) -> std::collections::BTreeSet<&str> {
    let tags = |open, close| template.split(open).skip(1).filter_map(move |rest: &str| rest.split(close).next());
    let inside = tags("{{", "}}").chain(tags("{%", "%}"));
    let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_lowercase());
    let words = inside.flat_map(|tag| tag.split(|c: char| !c.is_ascii_alphanumeric() && !"_.".contains(c)));
    words.filter(is_name).filter_map(|word| word.split('.').next()).collect()
}

/// Fills a template. Values must be escaped for the file's format before they come here: nothing is escaped on the way.
pub fn render(name: &str, values: &impl Serialize) -> String {
    let context = Context::from_serialize(values).expect("the values of a template are a map");
    #[cfg(debug_assertions)]
    {
        let text = TEMPLATES.iter().find(|(template, _)| *template == name).map_or("", |(_, text)| text);
        let values = serde_json::to_value(values).expect("plain JSON");
        let keys = values.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        let named = names_in(text);
        let unused: Vec<_> = keys.filter(|value| !named.contains(value)).collect();
        assert!(unused.is_empty(), "{name} has no place for {unused:?}");
    }
    ENGINE.render(name, &context).expect("the program's own templates match their values")
}
