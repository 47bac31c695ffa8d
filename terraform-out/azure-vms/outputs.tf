output "zookeeper_addresses" {
  description = "Address of each ZooKeeper member, by id."
  value       = { for id, nic in azurerm_network_interface.zookeeper : id => nic.private_ip_address }
}

output "zookeeper_connect" {
  description = "Connect string with every member, as Spark takes it."
  value       = "10.20.0.11:2181,10.20.0.12:2181,10.20.0.13:2181"
}

output "load_balancer_address" {
  description = "Where clients other than Spark reach ZooKeeper, on port 2181."
  value       = azurerm_lb.zookeeper.private_ip_address
}

output "master_addresses" {
  description = "Address of each Spark master, by number."
  value       = { for number, nic in azurerm_network_interface.masters : number => nic.private_ip_address }
}

output "master_url" {
  description = "What --master takes: all masters, whichever is active."
  value       = "spark://10.20.1.11:7077,10.20.1.12:7077,10.20.1.13:7077"
}

output "ssh_command" {
  description = "Logs in to the first machine through the bastion; for another machine change the address."
  value       = "az network bastion ssh --subscription ${var.subscription_id} --resource-group ${azurerm_resource_group.main.name} --name ${azurerm_bastion_host.main.name} --target-ip-address 10.20.1.11 --auth-type ssh-key --username ops --ssh-key ~/.ssh/id_ed25519"
}

output "ssh_config" {
  description = "For ~/.ssh/config: takes ssh to the addresses, and with it `provision plan`, through the bastion. Needs az, nc and setsid."
  value       = templatefile("${path.module}/ssh_config.tftpl", { hosts = ["10.20.1.11", "10.20.1.12", "10.20.1.13", "10.20.0.11", "10.20.0.12", "10.20.0.13"], user = "ops", subscription = var.subscription_id, group = azurerm_resource_group.main.name, bastion = azurerm_bastion_host.main.name })
}

output "resource_group_id" {
  description = "Id of the resource group."
  value       = azurerm_resource_group.main.id
}

output "network_id" {
  description = "Id of the virtual network, for peerings."
  value       = azurerm_virtual_network.main.id
}

output "workspace_id" {
  description = "Id of the Log Analytics workspace."
  value       = azurerm_log_analytics_workspace.main.id
}

output "zookeeper_subnet_id" {
  description = "Id of the members' subnet."
  value       = azurerm_subnet.zookeeper.id
}

output "spark_subnet_ids" {
  description = "Ids of the masters' and the workers' subnet."
  value       = { masters = azurerm_subnet.masters.id, workers = azurerm_subnet.workers.id }
}

output "zookeeper_security_group_id" {
  description = "Id of the members' network security group."
  value       = azurerm_network_security_group.zookeeper.id
}

output "spark_security_group_ids" {
  description = "Ids of the masters' and the workers' network security group."
  value       = { masters = azurerm_network_security_group.masters.id, workers = azurerm_network_security_group.workers.id }
}

output "worker_fleet_id" {
  description = "Id of the workers' scale set."
  value       = azurerm_linux_virtual_machine_scale_set.workers.id
}

output "identity_id" {
  description = "Id of the identity that reads and writes the storage account."
  value       = azurerm_user_assigned_identity.main.id
}

output "storage_account_id" {
  description = "Id of the storage account."
  value       = azurerm_storage_account.main.id
}
