resource "azurerm_linux_virtual_machine_scale_set" "workers" {
  name                            = "analytics-worker"
  location                        = azurerm_resource_group.main.location
  resource_group_name             = azurerm_resource_group.main.name
  zones                           = ["1", "2", "3"]
  sku                             = "Standard_E8s_v5"
  instances                       = 2
  single_placement_group          = false # more than 100 machines
  overprovision                   = false # a surplus machine would join the master and be taken away from running tasks
  admin_username                  = "ops"
  disable_password_authentication = true
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = true
  custom_data                     = base64encode(file("${path.module}/cloud-init/workers.yaml"))
  upgrade_mode                    = "Rolling"
  tags                            = local.tags

  dynamic "admin_ssh_key" {
    for_each = var.ssh_public_keys

    content {
      username   = "ops"
      public_key = admin_ssh_key.value
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main.id]
  }

  network_interface {
    name                           = "primary"
    primary                        = true
    accelerated_networking_enabled = true

    ip_configuration {
      name                           = "primary"
      primary                        = true
      subnet_id                      = azurerm_subnet.workers.id
      application_security_group_ids = [azurerm_application_security_group.workers.id]
    }
  }

  os_disk {
    storage_account_type = "Premium_LRS"
    caching              = "ReadWrite"
  }

  # Scratch for shuffles: read back soon after it is written, worth nothing once the machine is gone.
  data_disk {
    lun                  = 0
    storage_account_type = "Premium_LRS"
    caching              = "ReadOnly"
    disk_size_gb         = 256
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = var.image_version
  }

  # Spark's answer has no health state in Azure's format, so this is version 1 of the extension: any 200 is healthy.
  extension {
    name                       = "health"
    publisher                  = "Microsoft.ManagedServices"
    type                       = "ApplicationHealthLinux"
    type_handler_version       = "1.0"
    auto_upgrade_minor_version = true

    settings = jsonencode({
      protocol    = "http"
      port        = 8081
      requestPath = "/json/"
    })
  }

  # A new worker must be healthy before an old one goes, and the old one goes with the notice below.
  rolling_upgrade_policy {
    max_batch_instance_percent              = 20
    max_unhealthy_instance_percent          = 20
    max_unhealthy_upgraded_instance_percent = 20
    pause_time_between_batches              = "PT1M"
    maximum_surge_instances_enabled         = true
  }

  # The time a worker has to decommission; Azure does not give more.
  termination_notification {
    enabled = true
    timeout = "PT15M"
  }

  boot_diagnostics {}

  lifecycle {
    # The number is the autoscale setting's business; another login would recreate all machines at the same time.
    ignore_changes = [admin_username, instances]
  }

  # First boot fetches packages.
  depends_on = [
    azurerm_nat_gateway_public_ip_association.main,
    azurerm_subnet_nat_gateway_association.workers,
    azurerm_subnet_network_security_group_association.workers,
  ]
}

# Scales out when any of these is short, and in only when all are plentiful. Memory is counted by what is left of it.
resource "azurerm_monitor_autoscale_setting" "workers" {
  name                = "analytics-worker"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  target_resource_id  = azurerm_linux_virtual_machine_scale_set.workers.id
  tags                = local.tags

  profile {
    name = "load"

    capacity {
      default = 2
      minimum = 2
      maximum = 10
    }

    rule {
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "GreaterThan"
        threshold          = 75
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = "PT10M"
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = "PT5M"
      }
    }

    rule {
      metric_trigger {
        metric_name        = "Available Memory Percentage"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = 15
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = "PT10M"
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = "PT5M"
      }
    }

    # The same threshold in bytes, from this size's memory, where the share is not measured.
    rule {
      metric_trigger {
        metric_name        = "Available Memory Bytes"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = 10307921505
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = "PT10M"
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = "PT5M"
      }
    }

    rule {
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = 25
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = "PT10M"
      }

      scale_action {
        direction = "Decrease"
        type      = "ChangeCount"
        value     = 1
        cooldown  = "PT15M" # a worker has gone before the next is given notice
      }
    }

    rule {
      metric_trigger {
        metric_name        = "Available Memory Percentage"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "GreaterThan"
        threshold          = 60
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = "PT10M"
      }

      scale_action {
        direction = "Decrease"
        type      = "ChangeCount"
        value     = 1
        cooldown  = "PT15M" # a worker has gone before the next is given notice
      }
    }
  }
}
