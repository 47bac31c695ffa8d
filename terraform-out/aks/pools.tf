resource "azurerm_kubernetes_cluster_node_pool" "drivers" {
  name                        = "drivers"
  kubernetes_cluster_id       = azurerm_kubernetes_cluster.main.id
  vm_size                     = "Standard_D4s_v5"
  zones                       = ["1", "2", "3"]
  vnet_subnet_id              = azurerm_subnet.nodes.id
  orchestrator_version        = "1.35"
  host_encryption_enabled     = true
  os_disk_type                = "Managed"
  temporary_name_for_rotation = "driverstmp"
  tags                        = local.tags

  # For a pool that scales this is only the first number of nodes; afterwards the autoscaler sets it.
  node_count           = 1
  auto_scaling_enabled = true
  min_count            = 1
  max_count            = 5

  # AKS keeps 20 MB of a node's memory back for each pod that may run.
  max_pods = 50

  node_labels = { pool = "drivers" }
  node_taints = ["pool=drivers:NoSchedule"]

  upgrade_settings {
    max_surge                     = "10%"
    drain_timeout_in_minutes      = 0
    node_soak_duration_in_minutes = 0
  }

  lifecycle {
    ignore_changes = [node_count]
  }
}

resource "azurerm_kubernetes_cluster_node_pool" "executors" {
  name                        = "executors"
  kubernetes_cluster_id       = azurerm_kubernetes_cluster.main.id
  vm_size                     = "Standard_E8s_v5"
  zones                       = ["1", "2", "3"]
  vnet_subnet_id              = azurerm_subnet.nodes.id
  orchestrator_version        = "1.35"
  host_encryption_enabled     = true
  os_disk_type                = "Managed"
  temporary_name_for_rotation = "executorstmp"
  tags                        = local.tags

  # For a pool that scales this is only the first number of nodes; afterwards the autoscaler sets it.
  node_count           = 0
  auto_scaling_enabled = true
  min_count            = 0
  max_count            = 20

  # AKS keeps 20 MB of a node's memory back for each pod that may run.
  max_pods = 50

  priority        = "Spot"
  eviction_policy = "Delete"
  spot_max_price  = -1

  node_labels = { pool = "executors", "kubernetes.azure.com/scalesetpriority" = "spot" }
  node_taints = ["pool=executors:NoSchedule", "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]

  lifecycle {
    ignore_changes = [node_count]
  }
}
