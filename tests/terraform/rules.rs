//! Every port that a service needs is open from where it is needed, and from nowhere else, on both clouds.

use std::collections::BTreeSet;

use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::Body;
use provision::topology::listeners;
use provision::value::listener::Bind;

use crate::tool;

/// Tier, ports, and who comes in: what the services need.
fn needed(text: &str) -> BTreeSet<(String, String, String)> {
    let topology = tool::topology(text);
    let all = listeners::all(&topology);
    let outside = all.iter().filter(|listener| listener.bind == Bind::Host);
    let rows = outside.flat_map(|listener| {
        let ports = format!("{}-{}", listener.declared.start(), listener.declared.end());
        listener.from.iter().map(move |from| (listener.role().tier().to_owned(), ports.clone(), from.tier().to_owned()))
    });
    rows.collect()
}

/// The connections between services, by hand: `ZooKeeper`'s administrator's guide and "Configuring Ports for Network Security" of Spark, and
/// what a takeover shows: the new master calls every driver.
const TALK: &[(&str, &str, &[&str])] = &[
    ("zookeeper", "2181-2181", &["masters"]),
    ("zookeeper", "2888-2888", &["zookeeper"]),
    ("zookeeper", "3888-3888", &["zookeeper"]),
    ("masters", "7077-7077", &["masters", "workers"]),
    ("masters", "8080-8080", &["masters", "workers"]),
    ("masters", "7100-7116", &["masters", "workers"]),
    ("masters", "7130-7146", &["workers"]),
    ("masters", "4040-4056", &["masters", "workers"]),
    ("workers", "7078-7078", &["masters", "workers"]),
    ("workers", "8081-8081", &["masters", "workers"]),
    ("workers", "7160-7176", &["masters", "workers"]),
];

#[test]
fn the_listeners_of_both_clouds_are_what_the_services_are_known_to_need() {
    let row = |(tier, ports, from): &(&str, &str, &[&str])| {
        from.iter().map(|from| ((*tier).to_owned(), (*ports).to_owned(), (*from).to_owned())).collect::<Vec<_>>()
    };
    let known: BTreeSet<_> = TALK.iter().flat_map(row).collect();
    for example in ["azure-vms", "aws-vms"] {
        assert_eq!(needed(&tool::example(example)), known, "{example}");
    }
}

/// The rows of a table in `locals`: each a name and its values.
fn rows(body: &Body, table: &str) -> Vec<(String, Vec<(String, Expression)>)> {
    let found = body.get_blocks("locals").find_map(|block| block.body.get_attribute(table)?.value.as_object());
    let key = |key: &ObjectKey| key.as_ident().map_or_else(|| format!("{key:?}"), |ident| ident.as_str().to_owned());
    let row = |value: &Expression| {
        let entries = value.as_object().into_iter().flat_map(|row| row.iter());
        entries.map(|(name, value)| (key(name), value.expr().clone())).collect::<Vec<_>>()
    };
    found.into_iter().flat_map(|table| table.iter()).map(|(name, value)| (key(name), row(value.expr()))).collect()
}

fn text(value: &Expression) -> String {
    value.to_string().trim().trim_matches('"').to_owned()
}

fn group(reference: &str) -> String {
    reference.split('.').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn azure_opens_what_is_needed_and_nothing_else() {
    let example = tool::example("azure-vms");
    let cloud = tool::cloud(&example);
    let mut open = BTreeSet::new();
    for tier in ["zookeeper", "masters", "workers"] {
        for (_, row) in rows(&cloud.files["security.tf"], &format!("rules_{tier}")) {
            let find =
                |name: &str| row.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).expect("a column");
            let list = |name: &str| find(name).as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
            for ports in list("ports") {
                let (first, last) = ports.split_once('-').unwrap_or((&ports, &ports));
                open.extend(list("from").iter().map(|from| (tier.to_owned(), format!("{first}-{last}"), group(from))));
            }
        }
    }
    assert_eq!(open, needed(&example));
    // Beside the tables: ssh from where the topology says, the load balancer's probe and clients, and the refusal of the rest.
    let resources = cloud.resources();
    let mut others: Vec<(String, String)> = resources
        .iter()
        .filter(|rule| rule.address.kind == "azurerm_network_security_rule" && rule.keys.is_none())
        .filter(|rule| rule.arguments.get_attribute("access").is_some_and(|access| text(&access.value) == "Allow"))
        .map(|rule| {
            let sources = ["source_address_prefix", "source_address_prefixes", "source_application_security_group_ids"];
            let from = sources.iter().find_map(|name| rule.arguments.get_attribute(name));
            (rule.address.name.clone(), from.map(|from| text(&from.value)).unwrap_or_default())
        })
        .collect();
    others.sort();
    let ssh = r#"["203.0.113.0/24", "10.20.3.0/26"]"#;
    let expected = [
        ("clients_zookeeper", "10.20.0.0/16"),
        ("gateway_manager_bastion", "GatewayManager"),
        ("operators_bastion", r#"["203.0.113.0/24"]"#),
        ("probe_zookeeper", "AzureLoadBalancer"),
        ("ssh_masters", ssh),
        ("ssh_workers", ssh),
        ("ssh_zookeeper", ssh),
        (
            "storage_endpoints",
            "[azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]",
        ),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, from)| ((*name).to_owned(), (*from).to_owned())).collect();
    assert_eq!(others, expected);
    let denied = resources.iter().filter(|rule| rule.address.name.starts_with("deny_")).count();
    assert_eq!(denied, 4, "a tier without a rule that refuses the rest lets the whole network in");
}

#[test]
fn aws_opens_what_is_needed_and_nothing_else() {
    let example = tool::example("aws-vms");
    let cloud = tool::cloud(&example);
    let mut open = BTreeSet::new();
    for tier in ["zookeeper", "masters", "workers"] {
        for (_, row) in rows(&cloud.files["security.tf"], &format!("{tier}_ingress")) {
            let find =
                |name: &str| row.iter().find(|(key, _)| key == name).map(|(_, value)| text(value)).expect("a column");
            open.insert((tier.to_owned(), format!("{}-{}", find("first"), find("last")), group(&find("from"))));
        }
    }
    assert_eq!(open, needed(&example));
    // Beside the tables only ssh comes in, from where the topology says.
    let resources = cloud.resources();
    let inward = resources.iter().filter(|rule| rule.address.kind == "aws_vpc_security_group_ingress_rule");
    let names: BTreeSet<&str> = inward.map(|rule| rule.address.name.as_str()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["masters", "masters_ssh", "workers", "workers_ssh", "zookeeper", "zookeeper_ssh"])
    );
    let text = provision::render::terraform(&cloud).into_values().collect::<String>();
    assert!(text.contains(r#"ssh_from = ["203.0.113.0/24"]"#) && !text.contains("cidr_ipv4         = \"0.0.0.0/0\""));
}

/// Azure caches no disk above 4095 GiB: there the module asks for none.
#[test]
fn a_disk_that_azure_cannot_cache_is_not_cached() {
    let caching = |disk: u32| {
        let text = tool::example("azure-vms").replace("disk: 256", &format!("disk: {disk}"));
        let files = provision::render::terraform(&tool::cloud(&text));
        let workers = files.into_iter().find(|(path, _)| path.ends_with("workers.tf")).expect("it has workers").1;
        let disk = workers.split("data_disk {").nth(1).expect("a disk").to_owned();
        disk.lines()
            .find_map(|line| Some(line.trim().strip_prefix("caching")?.trim_start_matches([' ', '=']).to_owned()))
    };
    assert_eq!(caching(4095).as_deref(), Some("\"ReadOnly\""));
    assert_eq!(caching(8192).as_deref(), Some("\"None\""));
}
