output "https_endpoint" {
  description = "Ambari, from inside the network or one peered with it."
  value       = "https://${azurerm_hdinsight_spark_cluster.main.https_endpoint}"
}

output "livy_url" {
  description = "Livy's REST interface, which takes jobs."
  value       = "https://${azurerm_hdinsight_spark_cluster.main.https_endpoint}/livy"
}

output "ssh_endpoint" {
  description = "Name of the head nodes for ssh. The private endpoint carries the gateway only: see the README for the head nodes' addresses."
  value       = azurerm_hdinsight_spark_cluster.main.ssh_endpoint
}

output "gateway_address" {
  description = "Private address of the gateway, for networks that do not use the private DNS zone."
  value       = azurerm_private_endpoint.cluster.private_service_connection[0].private_ip_address
}

output "outbound_address" {
  provision_when = provision.nat
  description = "The address that the cluster's outgoing connections come from."
  value       = azurerm_public_ip.nat.ip_address
}

output "storage_url" {
  description = "The cluster's default file system."
  value       = "abfss://${azurerm_storage_container.main.name}@${azurerm_storage_account.main.primary_dfs_host}/"
}

output "next_commands" {
  description = "How a job is submitted and followed, from inside the network. curl asks for the gateway's password."
  value = [
    "curl --fail-with-body --user ${provision.gateway_user} --header 'Content-Type: application/json' --header 'X-Requested-By: ${provision.gateway_user}' --data @job.json https://${azurerm_hdinsight_spark_cluster.main.https_endpoint}/livy/batches",
    "curl --fail-with-body --user ${provision.gateway_user} https://${azurerm_hdinsight_spark_cluster.main.https_endpoint}/livy/batches",
  ]
}

output "resource_group_id" {
  description = "Id of the resource group."
  value       = provision.group_id
}

output "network_id" {
  description = "Id of the virtual network, for peerings."
  value       = provision.network_id
}

output "workspace_id" {
  description = "Id of the Log Analytics workspace."
  value       = provision.workspace
}

output "cluster_id" {
  description = "Id of the cluster."
  value       = azurerm_hdinsight_spark_cluster.main.id
}

output "subnet_id" {
  description = "Id of the cluster's subnet."
  value       = provision.id_cluster
}

output "security_group_id" {
  provision_when = provision.own_subnets
  description = "Id of the cluster's network security group."
  value       = azurerm_network_security_group.cluster.id
}

output "identity_id" {
  description = "Id of the identity that reads and writes the storage account."
  value       = azurerm_user_assigned_identity.main.id
}

output "storage_account_id" {
  description = "Id of the storage account."
  value       = azurerm_storage_account.main.id
}
