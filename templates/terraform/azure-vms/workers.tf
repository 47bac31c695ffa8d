resource "azurerm_linux_virtual_machine_scale_set" "workers" {
  provision_when = provision.spark
  name                            = "${provision.name}-worker"
  location                        = provision.place
  resource_group_name             = provision.group
  zones                           = provision.zones
  sku                             = provision.worker_size
  instances                       = provision.workers_min
  priority                        = provision.priority
  eviction_policy                 = provision.eviction
  max_bid_price                   = provision.price
  single_placement_group          = false # more than 100 machines
  overprovision                   = false # a surplus machine would join the master and be taken away from running tasks
  admin_username                  = provision.user
  disable_password_authentication = true
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = true
  source_image_id                 = provision.worker_own_image
  custom_data                     = base64encode(file("${path.module}/cloud-init/workers.yaml"))
  upgrade_mode                    = "Rolling"
  tags                            = local.tags

  dynamic "admin_ssh_key" {
    for_each = var.ssh_public_keys

    content {
      username   = provision.user
      public_key = admin_ssh_key.value
    }
  }

  identity {
    provision_when = provision.storage
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main.id]
  }

  network_interface {
    name                           = "primary"
    primary                        = true
    accelerated_networking_enabled = true
    network_security_group_id      = provision.worker_group

    ip_configuration {
      name                           = "primary"
      primary                        = true
      subnet_id                      = provision.id_workers
      application_security_group_ids = [azurerm_application_security_group.workers.id]
    }
  }

  os_disk {
    storage_account_type   = "Premium_LRS"
    caching                = "ReadWrite"
    disk_encryption_set_id = provision.disk_encryption_set
  }

  # Scratch for shuffles: read back soon after it is written, worth nothing once the machine is gone.
  data_disk {
    provision_when = provision.managed_disk
    lun                    = 0
    storage_account_type   = "Premium_LRS"
    caching                = provision.worker_disk_caching
    disk_size_gb           = provision.worker_disk
    disk_encryption_set_id = provision.disk_encryption_set
  }

  source_image_reference {
    provision_when = provision.ubuntu
    publisher = "Canonical"
    offer     = provision.worker_image
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
      port        = provision.worker_ui_port
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
    provision_when = provision.autoscales

    # The number is the autoscale setting's business; another login would recreate all machines at the same time.
    ignore_changes = [admin_username, instances]
  }

  lifecycle {
    provision_when = provision.fixed_count

    # Another login would recreate all machines at the same time.
    ignore_changes = [admin_username]
  }

  # First boot fetches packages.
  depends_on = [
    provision.nat_address,
    provision.way_out_workers,
    provision.guard_workers,
  ]
}

# Scales out when any of these is short, and in only when all are plentiful. Memory is counted by what is left of it.
resource "azurerm_monitor_autoscale_setting" "workers" {
  provision_when = provision.autoscales
  name                = "${provision.name}-worker"
  location            = provision.place
  resource_group_name = provision.group
  target_resource_id  = azurerm_linux_virtual_machine_scale_set.workers.id
  tags                = local.tags

  profile {
    name = "load"

    capacity {
      default = provision.workers_min
      minimum = provision.workers_min
      maximum = provision.workers_max
    }

    rule {
      provision_when = provision.cpu_scales
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "GreaterThan"
        threshold          = provision.cpu_out
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = provision.window
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = provision.cooldown
      }
    }

    rule {
      provision_when = provision.memory_scales
      metric_trigger {
        metric_name        = "Available Memory Percentage"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = provision.memory_out
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = provision.window
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = provision.cooldown
      }
    }

    # The same threshold in bytes, from this size's memory, where the share is not measured.
    rule {
      provision_when = provision.memory_by_bytes
      metric_trigger {
        metric_name        = "Available Memory Bytes"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = provision.memory_bytes
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = provision.window
      }

      scale_action {
        direction = "Increase"
        type      = "ChangeCount"
        value     = 2
        cooldown  = provision.cooldown
      }
    }

    rule {
      provision_when = provision.cpu_scales
      metric_trigger {
        metric_name        = "Percentage CPU"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "LessThan"
        threshold          = provision.cpu_in
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = provision.window
      }

      scale_action {
        direction = "Decrease"
        type      = "ChangeCount"
        value     = 1
        cooldown  = "PT15M" # a worker has gone before the next is given notice
      }
    }

    rule {
      provision_when = provision.memory_scales
      metric_trigger {
        metric_name        = "Available Memory Percentage"
        metric_namespace   = "Microsoft.Compute/virtualMachineScaleSets"
        metric_resource_id = azurerm_linux_virtual_machine_scale_set.workers.id
        operator           = "GreaterThan"
        threshold          = provision.memory_in
        statistic          = "Average"
        time_aggregation   = "Average"
        time_grain         = "PT1M"
        time_window        = provision.window
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
