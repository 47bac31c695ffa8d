output "zookeeper_addresses" {
  provision_when = provision.zookeeper
  description = "Address of each ZooKeeper member, by id."
  value       = { for id, nic in azurerm_network_interface.zookeeper : id => nic.private_ip_address }
}

output "zookeeper_connect" {
  provision_when = provision.zookeeper
  description = "Connect string with every member, as Spark takes it."
  value       = provision.zookeeper_connect
}

output "load_balancer_address" {
  provision_when = provision.load_balancer
  description = "Where clients other than Spark reach ZooKeeper, on port ${provision.client_port}."
  value       = azurerm_lb.zookeeper.private_ip_address
}

output "master_addresses" {
  provision_when = provision.spark
  description = "Address of each Spark master, by number."
  value       = { for number, nic in azurerm_network_interface.masters : number => nic.private_ip_address }
}

output "master_url" {
  provision_when = provision.spark
  description = "What --master takes: all masters, whichever is active."
  value       = provision.master_url
}

output "ssh_command" {
  provision_when = provision.reached
  description = "Logs in to the first machine through the bastion; for another machine change the address."
  value       = "az network bastion ssh --subscription ${var.subscription_id} --resource-group ${provision.group} --name ${azurerm_bastion_host.main.name} --target-ip-address ${provision.first_address} --auth-type ssh-key --username ${provision.user} --ssh-key ~/.ssh/id_ed25519"
}

output "ssh_config" {
  provision_when = provision.reached
  description = "For ~/.ssh/config: takes ssh to the addresses, and with it `provision plan`, through the bastion. Needs az, nc and setsid."
  value       = templatefile("${path.module}/ssh_config.tftpl", { hosts = provision.fixed_addresses, user = provision.user, subscription = var.subscription_id, group = provision.group, bastion = azurerm_bastion_host.main.name })
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

output "zookeeper_subnet_id" {
  provision_when = provision.zookeeper
  description = "Id of the members' subnet."
  value       = provision.id_zookeeper
}

output "spark_subnet_ids" {
  provision_when = provision.spark
  description = "Ids of the masters' and the workers' subnet."
  value       = { masters = provision.id_masters, workers = provision.id_workers }
}

output "zookeeper_security_group_id" {
  provision_when = provision.zookeeper
  description = "Id of the members' network security group."
  value       = azurerm_network_security_group.zookeeper.id
}

output "spark_security_group_ids" {
  provision_when = provision.spark
  description = "Ids of the masters' and the workers' network security group."
  value       = { masters = azurerm_network_security_group.masters.id, workers = azurerm_network_security_group.workers.id }
}

output "worker_fleet_id" {
  provision_when = provision.spark
  description = "Id of the workers' scale set."
  value       = azurerm_linux_virtual_machine_scale_set.workers.id
}

output "identity_id" {
  provision_when = provision.storage
  description = "Id of the identity that reads and writes the storage account."
  value       = azurerm_user_assigned_identity.main.id
}

output "backup_vault_id" {
  provision_when = provision.backup
  description = "Id of the vault that the members' backups are in."
  value       = azurerm_recovery_services_vault.main.id
}

output "storage_account_id" {
  provision_when = provision.storage
  description = "Id of the storage account."
  value       = azurerm_storage_account.main.id
}
