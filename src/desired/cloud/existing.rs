//! References of a module to what it makes itself, or to what is there already.

use hcl_edit::expr::Expression;

use crate::hcl::{Holes, expression, reference};
use crate::platform::cloud::{AwsExisting, AwsNetwork, AzureExisting, StorageKey};
use crate::value::Label;

/// The lookups of what is there already, the same for every module of a cloud.
pub const AWS: (&str, &str) = ("existing.tf", include_str!("../../../templates/terraform/existing-aws.tf"));
pub const AZURE: (&str, &str) = ("existing.tf", include_str!("../../../templates/terraform/existing-azure.tf"));

/// The holes for the VPC. `table`: the name of the module's own route tables, by zone.
pub fn put_vpc(existing: Option<&AwsNetwork>, table: &str, holes: &mut Holes) {
    holes.put("own_network", existing.is_none());
    holes.put("existing_network", existing.is_some());
    holes.put_if("existing_vpc", existing.map(|existing| existing.vpc.as_str()));
    let tables = existing.filter(|existing| existing.subnets.is_none()).map(|existing| {
        crate::hcl::object(existing.route_tables.iter().map(|(zone, id)| (zone.as_str(), id.as_str())))
    });
    holes.put_if("route_tables", tables);
    holes.put(
        "vpc",
        match existing {
            Some(_) => reference(&["data", "aws_vpc", "existing", "id"]),
            None => reference(&["aws_vpc", "main", "id"]),
        },
    );
    holes.put(
        "zone_route_table",
        match existing {
            Some(_) => expression("local.route_tables[each.key]"),
            None => expression(&format!("aws_route_table.{table}[each.key].id")),
        },
    );
}

/// The key that encrypts: the module's own (`own` is its name), or one that is there already.
pub fn key(existing: &AwsExisting, own: &str) -> Expression {
    match &existing.key {
        Some(arn) => Expression::from(arn.as_str()),
        None => reference(&["aws_kms_key", own, "arn"]),
    }
}

/// The holes for a storage account's key.
pub fn put_storage_key(key: Option<&StorageKey>, holes: &mut Holes) {
    holes.put("storage_encryption", key.is_some());
    holes.put_if("storage_key_id", key.map(|key| key.key.as_str()));
    holes.put_if("storage_key_identity", key.map(|key| key.identity.as_str()));
}

/// The holes for the resource group, the virtual network and the workspace.
pub fn put_azure(existing: &AzureExisting, location: &Label, name: &str, holes: &mut Holes) {
    let AzureExisting {
        resource_group,
        network,
        private_dns_zones: _,
        workspace,
        disk_encryption_set: _,
        storage_encryption: _,
    } = existing;
    holes.put("own_group", resource_group.is_none());
    holes.put("existing_group", resource_group.is_some());
    holes.put_if("existing_group_name", resource_group.as_ref().map(Label::as_str));
    let group = |what: &str| match resource_group {
        Some(_) => reference(&["data", "azurerm_resource_group", "existing", what]),
        None => reference(&["azurerm_resource_group", "main", what]),
    };
    holes.put("group", group("name"));
    holes.put("group_id", group("id"));
    // A group's own place says nothing of what is in it.
    holes.put("place", if resource_group.is_some() { Expression::from(location.as_str()) } else { group("location") });

    holes.put("own_network", network.is_none());
    holes.put("existing_network", network.is_some());
    holes.put_if("existing_network_name", network.as_ref().map(|network| network.name.as_str()));
    holes.put_if("existing_network_group", network.as_ref().map(|network| network.resource_group.as_str()));
    let of_network = |what: &str| match network {
        Some(_) => reference(&["data", "azurerm_virtual_network", "existing", what]),
        None => reference(&["azurerm_virtual_network", "main", what]),
    };
    holes.put("network_name", of_network("name"));
    holes.put("network_id", of_network("id"));
    let within = || reference(&["data", "azurerm_virtual_network", "existing", "resource_group_name"]);
    holes.put("network_group", if network.is_some() { within() } else { group("name") });
    // In a network of several clusters a subnet has the cluster's name, too.
    holes.put("subnet_prefix", if network.is_some() { format!("{name}-") } else { String::new() });

    let (table, own_subnets) = (existing.route_table(), existing.subnets().is_none());
    let nat = table.is_none() && own_subnets;
    holes.put("nat", nat);
    holes.put_if("nat_address", nat.then(|| reference(&["azurerm_nat_gateway_public_ip_association", "main"])));
    holes.put_if("route_table", table);

    holes.put("own_workspace", workspace.is_none());
    holes.put(
        "workspace",
        match workspace {
            Some(id) => Expression::from(id.as_str()),
            None => reference(&["azurerm_log_analytics_workspace", "main", "id"]),
        },
    );
}

/// The id of a subnet: of the module's own, or of one that is there already.
pub fn subnet_id(existing: &AzureExisting, of_use: &str) -> Expression {
    match existing.subnets() {
        None => reference(&["azurerm_subnet", of_use, "id"]),
        Some(subnets) => {
            // One that is asked for and not there was reported.
            let name = subnets.get(of_use).map_or("", |subnet| subnet.name.as_str());
            expression(&format!("\"${{data.azurerm_virtual_network.existing.id}}/subnets/{name}\""))
        }
    }
}

/// The outbound access of the machines of a subnet, which they wait for: none of the module's, where the subnet is there already.
pub fn way_out(existing: &AzureExisting, subnet: &str) -> Option<Expression> {
    if existing.subnets().is_some() {
        return None;
    }
    let routed = existing.route_table().is_some();
    let kind = if routed { "azurerm_subnet_route_table_association" } else { "azurerm_subnet_nat_gateway_association" };
    Some(reference(&[kind, subnet]))
}

/// The id of a private DNS zone: the module's own (`own` is how it refers to it), or one that is there already, by its name.
pub fn private_dns_zone(existing: &AzureExisting, own: &str, name: &str) -> Expression {
    match &existing.private_dns_zones {
        None => expression(own),
        Some(group) => expression(&format!("\"{group}/providers/Microsoft.Network/privateDnsZones/{name}\"")),
    }
}
