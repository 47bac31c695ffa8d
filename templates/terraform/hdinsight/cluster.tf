resource "azurerm_hdinsight_spark_cluster" "main" {
  name                          = provision.name
  location                      = provision.place
  resource_group_name           = provision.group
  cluster_version               = provision.version
  tier                          = provision.tier
  tls_min_version               = "1.2"
  encryption_in_transit_enabled = true
  tags                          = local.tags

  component_version {
    spark = provision.spark_version
  }

  disk_encryption {
    encryption_at_host_enabled = true
  }

  network {
    connection_direction = "Outbound"
    private_link_enabled = true
  }

  private_link_configuration {
    name     = "gateway"
    group_id = "gateway"

    ip_configuration {
      name                         = "gateway"
      primary                      = true
      private_ip_allocation_method = "dynamic"
      subnet_id                    = provision.id_cluster
    }
  }

  gateway {
    username = provision.gateway_user
    password = var.gateway_password
  }

  storage_account_gen2 {
    storage_account_id        = azurerm_storage_account.main.id
    filesystem_id             = "${azurerm_storage_account.main.primary_dfs_endpoint}${azurerm_storage_container.main.name}"
    user_assigned_identity_id = azurerm_user_assigned_identity.main.id
    is_default                = true
  }

  # The provider takes sizes in this spelling only: V, not v.
  roles {
    head_node {
      vm_size            = provision.head_size
      username           = provision.ssh_user
      ssh_keys           = var.ssh_public_keys
      virtual_network_id = provision.network_id
      subnet_id          = provision.id_cluster
    }

    zookeeper_node {
      vm_size            = provision.zookeeper_size
      username           = provision.ssh_user
      ssh_keys           = var.ssh_public_keys
      virtual_network_id = provision.network_id
      subnet_id          = provision.id_cluster
    }

    worker_node {
      vm_size               = provision.worker_size
      username              = provision.ssh_user
      ssh_keys              = var.ssh_public_keys
      virtual_network_id    = provision.network_id
      subnet_id             = provision.id_cluster
      target_instance_count = provision.workers_min

      autoscale {
        provision_when = provision.autoscales
        capacity {
          provision_when = provision.by_capacity
          min_instance_count = provision.workers_min
          max_instance_count = provision.workers_max
        }

        recurrence {
          provision_when = provision.by_time
          timezone       = provision.timezone

          dynamic "schedule" {
            for_each = local.schedule

            content {
              days                  = schedule.value.days
              time                  = schedule.value.time
              target_instance_count = schedule.value.workers
            }
          }
        }
      }
    }
  }

  # A creation that cannot reach HDInsight or the storage account fails only after an hour.
  depends_on = [
    provision.rule_clients,
    provision.rule_cluster,
    provision.rule_deny,
    provision.rule_load_balancer,
    provision.nat_address,
    provision.storage_zone_links,
    azurerm_private_endpoint.storage,
    azurerm_role_assignment.storage,
    provision.way_out_cluster,
    provision.guard,
  ]

  lifecycle {
    provision_when = provision.autoscales
    # Autoscale changes this number.
    ignore_changes = [roles[0].worker_node[0].target_instance_count]
  }
}

resource "azurerm_private_dns_zone" "cluster" {
  provision_when = provision.own_zones
  name                = "privatelink.azurehdinsight.net"
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "cluster" {
  provision_when = provision.own_zones
  name                = provision.name
  private_dns_zone_id = azurerm_private_dns_zone.cluster.id
  virtual_network_id  = provision.network_id
  tags                = local.tags

  # Only the gateway's name is in this zone.
  resolution_policy = "NxDomainRedirect"
}

resource "azurerm_private_endpoint" "cluster" {
  name                = "${provision.name}-gateway"
  location            = provision.place
  resource_group_name = provision.group
  subnet_id           = provision.id_cluster
  tags                = local.tags

  private_service_connection {
    name                           = "${provision.name}-gateway"
    private_connection_resource_id = azurerm_hdinsight_spark_cluster.main.id
    subresource_names              = ["gateway"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [provision.gateway_zone]
  }
}
