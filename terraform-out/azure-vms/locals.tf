locals {
  tags = {
    owner             = "data-platform"
    provision-cluster = "analytics"
    managed-by        = "provision"
  }

  zookeeper = {
    "1" = { name = "analytics-zk-1", address = "10.20.0.11", zone = "1", size = "Standard_D2s_v5", image = "ubuntu-24_04-lts" }
    "2" = { name = "analytics-zk-2", address = "10.20.0.12", zone = "2", size = "Standard_D2s_v5", image = "ubuntu-24_04-lts" }
    "3" = { name = "analytics-zk-3", address = "10.20.0.13", zone = "3", size = "Standard_D2s_v5", image = "ubuntu-24_04-lts" }
  }

  masters = {
    "1" = { name = "analytics-master-1", address = "10.20.1.11", zone = "1", size = "Standard_D4s_v5", image = "ubuntu-24_04-lts" }
    "2" = { name = "analytics-master-2", address = "10.20.1.12", zone = "2", size = "Standard_D4s_v5", image = "ubuntu-24_04-lts" }
    "3" = { name = "analytics-master-3", address = "10.20.1.13", zone = "3", size = "Standard_D4s_v5", image = "ubuntu-24_04-lts" }
  }
}
