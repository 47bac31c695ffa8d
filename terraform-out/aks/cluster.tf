resource "azurerm_kubernetes_cluster" "main" {
  #checkov:skip=CKV_AZURE_117: disks are encrypted at rest and on the host, with platform keys unless the topology has diskEncryptionSet
  #checkov:skip=CKV_AZURE_172: the secrets store add-on is off, so there is nothing to rotate: pods use workload identity
  #checkov:skip=CKV_AZURE_226: Dsv5 machines have no local disk that an ephemeral system disk could live on
  name                = "analytics"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  node_resource_group = "analytics-nodes"
  dns_prefix          = "analytics"
  sku_tier            = "Standard"
  tags                = local.tags

  # Patches come by the channel where there is one, minor versions by an edit of the topology.
  kubernetes_version        = "1.35"
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"

  private_cluster_enabled = true
  private_dns_zone_id     = "System"

  # Off, because it is a way around the private network. (Where there are several pools, its pod would not be scheduled anyway: all of them are
  # tainted.)
  run_command_enabled = false

  local_account_disabled       = true
  oidc_issuer_enabled          = true
  workload_identity_enabled    = true
  azure_policy_enabled         = true
  image_cleaner_enabled        = true
  image_cleaner_interval_hours = 168

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled     = true
    admin_group_object_ids = var.admin_group_object_ids
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.cluster.id]
  }

  kubelet_identity {
    client_id                 = azurerm_user_assigned_identity.kubelet.client_id
    object_id                 = azurerm_user_assigned_identity.kubelet.principal_id
    user_assigned_identity_id = azurerm_user_assigned_identity.kubelet.id
  }

  # The cluster's own pods. Jobs go to the pools in pools.tf.
  default_node_pool {
    name                         = "system"
    vm_size                      = "Standard_D4s_v5"
    node_count                   = 3
    zones                        = ["1", "2", "3"]
    vnet_subnet_id               = azurerm_subnet.nodes.id
    orchestrator_version         = "1.35"
    only_critical_addons_enabled = true
    host_encryption_enabled      = true
    os_disk_type                 = "Managed"
    max_pods                     = 110
    temporary_name_for_rotation  = "systemtmp"
    tags                         = local.tags

    upgrade_settings {
      max_surge                     = "10%"
      drain_timeout_in_minutes      = 0
      node_soak_duration_in_minutes = 0
    }
  }

  # Pools are the ones declared here; AKS must not make more of its own.
  node_provisioning_profile {
    mode = "Manual"
  }

  # Overlay, so that pods use up none of the network's addresses and a node gets the addresses for its pods all at once; Cilium, so that
  # network policies cost no iptables rules. No peered network may use these two ranges.
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
    load_balancer_sku   = "standard"
    outbound_type       = "userAssignedNATGateway"
    pod_cidr            = "100.64.0.0/10"
    service_cidr        = "10.0.0.0/16"
    dns_service_ip      = "10.0.0.10"
  }

  storage_profile {
    disk_driver_enabled         = true
    file_driver_enabled         = true
    snapshot_controller_enabled = true
  }

  oms_agent {
    log_analytics_workspace_id      = azurerm_log_analytics_workspace.main.id
    msi_auth_for_monitoring_enabled = true
  }

  maintenance_window_auto_upgrade {
    frequency   = "Weekly"
    interval    = 1
    day_of_week = "Sunday"
    start_time  = "02:00"
    utc_offset  = "+00:00"
    duration    = 4
  }

  # The day before, so that a bad image and a bad patch do not come in one night.
  maintenance_window_node_os {
    frequency   = "Weekly"
    interval    = 1
    day_of_week = "Saturday"
    start_time  = "02:00"
    utc_offset  = "+00:00"
    duration    = 4
  }

  # Needed when AKS makes the cluster, and until it is gone; nothing above refers to them.
  depends_on = [
    azurerm_network_security_rule.nodes_cluster,
    azurerm_nat_gateway_public_ip_association.main,
    azurerm_role_assignment.cluster_kubelet,
    azurerm_role_assignment.cluster_subnet,
    azurerm_subnet_nat_gateway_association.nodes,
    azurerm_subnet_network_security_group_association.nodes,
  ]
}
