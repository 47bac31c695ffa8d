resource "azurerm_hdinsight_spark_cluster" "main" {
  name                          = "analytics"
  location                      = azurerm_resource_group.main.location
  resource_group_name           = azurerm_resource_group.main.name
  cluster_version               = "5.1"
  tier                          = "Standard"
  tls_min_version               = "1.2"
  encryption_in_transit_enabled = true
  tags                          = local.tags

  component_version {
    spark = "3.3"
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
      subnet_id                    = azurerm_subnet.cluster.id
    }
  }

  gateway {
    username = "admin"
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
      vm_size            = "Standard_E8_V3"
      username           = "sshops"
      ssh_keys           = var.ssh_public_keys
      virtual_network_id = azurerm_virtual_network.main.id
      subnet_id          = azurerm_subnet.cluster.id
    }

    zookeeper_node {
      vm_size            = "Standard_A4_V2"
      username           = "sshops"
      ssh_keys           = var.ssh_public_keys
      virtual_network_id = azurerm_virtual_network.main.id
      subnet_id          = azurerm_subnet.cluster.id
    }

    worker_node {
      vm_size               = "Standard_E8_V3"
      username              = "sshops"
      ssh_keys              = var.ssh_public_keys
      virtual_network_id    = azurerm_virtual_network.main.id
      subnet_id             = azurerm_subnet.cluster.id
      target_instance_count = 3

      autoscale {
        capacity {
          min_instance_count = 3
          max_instance_count = 10
        }
      }
    }
  }

  # A creation that cannot reach HDInsight or the storage account fails only after an hour.
  depends_on = [
    azurerm_network_security_rule.clients,
    azurerm_network_security_rule.cluster,
    azurerm_network_security_rule.deny,
    azurerm_network_security_rule.load_balancer,
    azurerm_nat_gateway_public_ip_association.main,
    azurerm_private_dns_zone_virtual_network_link.storage,
    azurerm_private_endpoint.storage,
    azurerm_role_assignment.storage,
    azurerm_subnet_nat_gateway_association.cluster,
    azurerm_subnet_network_security_group_association.cluster,
  ]

  lifecycle {
    # Autoscale changes this number.
    ignore_changes = [roles[0].worker_node[0].target_instance_count]
  }
}

resource "azurerm_private_dns_zone" "cluster" {
  name                = "privatelink.azurehdinsight.net"
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "cluster" {
  name                = "analytics"
  private_dns_zone_id = azurerm_private_dns_zone.cluster.id
  virtual_network_id  = azurerm_virtual_network.main.id
  tags                = local.tags

  # Only the gateway's name is in this zone.
  resolution_policy = "NxDomainRedirect"
}

resource "azurerm_private_endpoint" "cluster" {
  name                = "analytics-gateway"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  subnet_id           = azurerm_subnet.cluster.id
  tags                = local.tags

  private_service_connection {
    name                           = "analytics-gateway"
    private_connection_resource_id = azurerm_hdinsight_spark_cluster.main.id
    subresource_names              = ["gateway"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [azurerm_private_dns_zone.cluster.id]
  }
}
