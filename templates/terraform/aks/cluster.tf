resource "azurerm_kubernetes_cluster" "main" {
  #checkov:skip=CKV_AZURE_117: disks are encrypted at rest and on the host, with platform keys unless the topology has diskEncryptionSet
  #checkov:skip=CKV_AZURE_172: the secrets store add-on is off, so there is nothing to rotate: pods use workload identity
  #checkov:skip=CKV_AZURE_226: Dsv5 machines have no local disk that an ephemeral system disk could live on
  name                = provision.name
  resource_group_name = provision.group
  location            = provision.place
  node_resource_group = "${provision.name}-nodes"
  dns_prefix          = provision.name
  sku_tier            = "Standard"
  tags                = local.tags

  disk_encryption_set_id = provision.disk_encryption_set

  # Patches come by the channel where there is one, minor versions by an edit of the topology.
  kubernetes_version        = provision.version
  automatic_upgrade_channel = provision.upgrade_channel
  node_os_upgrade_channel   = provision.image_channel

  private_cluster_enabled = provision.private
  private_dns_zone_id     = provision.private_dns_zone

  # Off, because it is a way around the private network. (Where there are several pools, its pod would not be scheduled anyway: all of them are
  # tainted.)
  run_command_enabled = false

  local_account_disabled       = true
  oidc_issuer_enabled          = true
  workload_identity_enabled    = true
  azure_policy_enabled         = true
  image_cleaner_enabled        = true
  image_cleaner_interval_hours = 168

  # Nodes reach the API server too, from the address of the NAT gateway (or of what the route table leads to).
  api_server_access_profile {
    provision_when       = provision.public
    #checkov:skip=CKV_AZURE_115: the API server is open to the topology's ranges, and to nobody else
    authorized_ip_ranges = provision.api_from
  }

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
    vm_size                      = provision.system_size
    node_count                   = provision.system_nodes
    zones                        = provision.zones
    vnet_subnet_id               = provision.id_nodes
    orchestrator_version         = provision.version
    only_critical_addons_enabled = provision.only_critical_addons
    auto_scaling_enabled         = provision.system_scales
    min_count                    = provision.system_min
    max_count                    = provision.system_max
    os_disk_size_gb              = provision.system_disk
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
    outbound_type       = provision.outbound_type
    pod_cidr            = provision.pod_range
    service_cidr        = provision.service_range
    dns_service_ip      = "10.0.0.10"
  }

  storage_profile {
    disk_driver_enabled         = true
    file_driver_enabled         = true
    snapshot_controller_enabled = true
  }

  oms_agent {
    log_analytics_workspace_id      = provision.workspace
    msi_auth_for_monitoring_enabled = true
  }

  maintenance_window_auto_upgrade {
    provision_when = provision.upgrades
    frequency   = "Weekly"
    interval    = 1
    day_of_week = "Sunday"
    start_time  = "02:00"
    utc_offset  = "+00:00"
    duration    = 4
  }

  # The day before, so that a bad image and a bad patch do not come in one night.
  maintenance_window_node_os {
    provision_when = provision.upgrades
    frequency   = "Weekly"
    interval    = 1
    day_of_week = "Saturday"
    start_time  = "02:00"
    utc_offset  = "+00:00"
    duration    = 4
  }

  lifecycle {
    provision_when = provision.system_autoscales
    ignore_changes = [default_node_pool[0].node_count]
  }

  # Needed when AKS makes the cluster, and until it is gone; nothing above refers to them.
  depends_on = [
    provision.guard_rule,
    provision.nat_address,
    azurerm_role_assignment.cluster_kubelet,
    azurerm_role_assignment.cluster_subnet,
    provision.disk_key_role,
    provision.way_out_nodes,
    provision.guard,
  ]
}
