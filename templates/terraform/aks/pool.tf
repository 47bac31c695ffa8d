resource "azurerm_kubernetes_cluster_node_pool" "provision.pool" {
  name                        = provision.pool
  kubernetes_cluster_id       = azurerm_kubernetes_cluster.main.id
  vm_size                     = provision.size
  zones                       = provision.zones
  vnet_subnet_id              = provision.id_nodes
  orchestrator_version        = provision.version
  host_encryption_enabled     = true
  os_disk_type                = "Managed"
  os_disk_size_gb             = provision.disk
  temporary_name_for_rotation = provision.temporary_name
  tags                        = local.tags

  # For a pool that scales this is only the first number of nodes; afterwards the autoscaler sets it.
  node_count           = provision.start
  auto_scaling_enabled = provision.scales
  min_count            = provision.min
  max_count            = provision.max

  # AKS keeps 20 MB of a node's memory back for each pod that may run.
  max_pods = 50

  priority        = provision.priority
  eviction_policy = provision.eviction
  spot_max_price  = provision.price

  node_labels = provision.labels
  node_taints = provision.taints

  upgrade_settings {
    provision_when                = provision.regular
    max_surge                     = "10%"
    drain_timeout_in_minutes      = 0
    node_soak_duration_in_minutes = 0
  }

  lifecycle {
    provision_when = provision.autoscales
    ignore_changes = [node_count]
  }
}
