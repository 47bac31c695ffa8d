output "kubeconfig_command" {
  description = "Writes a kubeconfig that logs in through Entra."
  value       = "az aks get-credentials --subscription ${var.subscription_id} --resource-group ${provision.group} --name ${azurerm_kubernetes_cluster.main.name} && kubelogin convert-kubeconfig --login azurecli"
}

output "api_server" {
  provision_when = provision.private
  description = "The API server's name. It resolves, and is reached, only inside the network and those linked and peered with it."
  value       = azurerm_kubernetes_cluster.main.private_fqdn
}

output "registry_login_server" {
  provision_when = provision.registry
  description = "What the names of images in the registry start with."
  value       = azurerm_container_registry.main.login_server
}

output "oidc_issuer_url" {
  description = "The issuer that further federated credentials are made for."
  value       = azurerm_kubernetes_cluster.main.oidc_issuer_url
}

output "spark_client_id" {
  description = "The client id of Spark's identity, for the annotation azure.workload.identity/client-id of service account spark in namespace ${provision.namespace}."
  value       = azurerm_user_assigned_identity.spark.client_id
}

output "outbound_ip" {
  provision_when = provision.nat
  description = "The source address of the cluster's outbound traffic, for others' firewalls."
  value       = azurerm_public_ip.nat.ip_address
}

output "next_commands" {
  description = "What to run next, in this order."
  value = [
    provision.import_command,
    "az aks get-credentials --subscription ${var.subscription_id} --resource-group ${provision.group} --name ${azurerm_kubernetes_cluster.main.name}",
    "kubelogin convert-kubeconfig --login azurecli",
    "kubectl get nodes --label-columns pool,topology.kubernetes.io/zone",
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
  value       = azurerm_kubernetes_cluster.main.id
}

output "node_subnet_id" {
  description = "Id of the nodes' subnet."
  value       = provision.id_nodes
}

output "node_security_group_id" {
  provision_when = provision.own_subnets
  description = "Id of the nodes' network security group."
  value       = azurerm_network_security_group.nodes.id
}

output "spark_identity_id" {
  description = "Id of Spark's identity."
  value       = azurerm_user_assigned_identity.spark.id
}
