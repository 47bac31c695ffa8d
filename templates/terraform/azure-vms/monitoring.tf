# What a review or an incident asks for: why workers came and went, who came in, who changed data.
resource "azurerm_log_analytics_workspace" "main" {
  provision_when = provision.own_workspace
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku                 = "PerGB2018"
  retention_in_days   = 30
  tags                = local.tags

  # Agents come with a managed identity; nobody needs the workspace's shared keys.
  local_authentication_enabled = false
}

resource "azurerm_monitor_diagnostic_setting" "scaling" {
  provision_when = provision.autoscales
  name                       = provision.name
  target_resource_id         = azurerm_monitor_autoscale_setting.workers.id
  log_analytics_workspace_id = provision.workspace

  enabled_log {
    category = "AutoscaleEvaluations"
  }

  enabled_log {
    category = "AutoscaleScaleActions"
  }
}

resource "azurerm_monitor_diagnostic_setting" "bastion" {
  provision_when = provision.bastion
  name                       = provision.name
  target_resource_id         = azurerm_bastion_host.main.id
  log_analytics_workspace_id = provision.workspace

  enabled_log {
    category = "BastionAuditLogs"
  }
}

# Reads are left out: Spark makes one for every range of every file.
resource "azurerm_monitor_diagnostic_setting" "storage" {
  provision_when = provision.storage
  name                       = provision.name
  target_resource_id         = "${azurerm_storage_account.main.id}/blobServices/default"
  log_analytics_workspace_id = provision.workspace

  enabled_log {
    category = "StorageDelete"
  }

  enabled_log {
    category = "StorageWrite"
  }
}

# One alert for each machine, so that adding a machine changes no other machine's alert. With one member gone the ensemble serves; with the next it
# does not.
resource "azurerm_monitor_metric_alert" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  name                = "${provision.machine}-gone"
  resource_group_name = provision.group
  scopes              = [azurerm_linux_virtual_machine.zookeeper[each.key].id]
  severity            = 1
  frequency           = "PT1M"
  window_size         = "PT5M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.Compute/virtualMachines"
    metric_name      = "VmAvailabilityMetric"
    aggregation      = "Average"
    operator         = "LessThan"
    threshold        = 1
  }

  dynamic "action" {
    for_each = var.alert_action_group_ids

    content {
      action_group_id = action.value
    }
  }
}

resource "azurerm_monitor_metric_alert" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  name                = "${provision.machine}-gone"
  resource_group_name = provision.group
  scopes              = [azurerm_linux_virtual_machine.masters[each.key].id]
  severity            = 2
  frequency           = "PT1M"
  window_size         = "PT5M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.Compute/virtualMachines"
    metric_name      = "VmAvailabilityMetric"
    aggregation      = "Average"
    operator         = "LessThan"
    threshold        = 1
  }

  dynamic "action" {
    for_each = var.alert_action_group_ids

    content {
      action_group_id = action.value
    }
  }
}
