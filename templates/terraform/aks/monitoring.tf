resource "azurerm_log_analytics_workspace" "main" {
  provision_when = provision.own_workspace
  name                = provision.name
  resource_group_name = provision.group
  location            = provision.place
  sku                 = "PerGB2018"
  retention_in_days   = 30
  tags                = local.tags

  # Agents come with a managed identity; nobody needs the workspace's shared keys.
  local_authentication_enabled = false
}

# What a review or an incident asks for. Not kube-audit: it is kube-audit-admin plus all reads, at many times the volume.
resource "azurerm_monitor_diagnostic_setting" "cluster" {
  name                           = provision.name
  target_resource_id             = azurerm_kubernetes_cluster.main.id
  log_analytics_workspace_id     = provision.workspace
  log_analytics_destination_type = "Dedicated"

  enabled_log {
    category = "kube-apiserver"
  }

  enabled_log {
    category = "kube-audit-admin"
  }

  enabled_log {
    category = "kube-controller-manager"
  }

  enabled_log {
    category = "kube-scheduler"
  }

  enabled_log {
    category = "cluster-autoscaler"
  }

  enabled_log {
    category = "cloud-controller-manager"
  }

  enabled_log {
    category = "guard"
  }
}

resource "azurerm_monitor_diagnostic_setting" "registry" {
  provision_when = provision.registry
  name                       = provision.name
  target_resource_id         = azurerm_container_registry.main.id
  log_analytics_workspace_id = provision.workspace

  enabled_log {
    category = "ContainerRegistryLoginEvents"
  }

  enabled_log {
    category = "ContainerRegistryRepositoryEvents"
  }
}

# Containers' logs and Kubernetes' events: an executor's are otherwise gone with its spot machine.
resource "azurerm_monitor_data_collection_rule" "containers" {
  name                = "${provision.name}-containers"
  resource_group_name = provision.group
  location            = provision.place
  kind                = "Linux"
  tags                = local.tags

  data_sources {
    extension {
      name           = "containers"
      extension_name = "ContainerInsights"
      streams        = ["Microsoft-ContainerLogV2", "Microsoft-KubeEvents", "Microsoft-KubePodInventory"]

      extension_json = jsonencode({
        dataCollectionSettings = {
          interval               = "1m"
          namespaceFilteringMode = "Off"
          enableContainerLogV2   = true
        }
      })
    }
  }

  destinations {
    log_analytics {
      name                  = "workspace"
      workspace_resource_id = provision.workspace
    }
  }

  data_flow {
    streams      = ["Microsoft-ContainerLogV2", "Microsoft-KubeEvents", "Microsoft-KubePodInventory"]
    destinations = ["workspace"]
  }
}

# The add-on finds its rule by this name.
resource "azurerm_monitor_data_collection_rule_association" "containers" {
  name                    = "ContainerInsightsExtension"
  target_resource_id      = azurerm_kubernetes_cluster.main.id
  data_collection_rule_id = azurerm_monitor_data_collection_rule.containers.id
}
