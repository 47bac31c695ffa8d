locals {
  tags = provision.tags

  # The number of workers, and from what time each number applies.
  schedule = provision.schedule

  # ABFS needs both: dfs for the file system, blob for what it has no call for.
  storage_endpoints = {
    blob = { zone = "privatelink.blob.core.windows.net" }
    dfs  = { zone = "privatelink.dfs.core.windows.net" }
  }
}
