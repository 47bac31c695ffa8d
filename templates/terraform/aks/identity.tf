# The control plane's own: it joins nodes to their subnet and hands the kubelets theirs.
resource "azurerm_user_assigned_identity" "cluster" {
  name                = "${provision.name}-cluster"
  resource_group_name = provision.group
  location            = provision.place
  tags                = local.tags
}

# The nodes': it pulls images and nothing else.
resource "azurerm_user_assigned_identity" "kubelet" {
  name                = "${provision.name}-kubelet"
  resource_group_name = provision.group
  location            = provision.place
  tags                = local.tags
}

# Spark's: the identity of its drivers and executors in Azure. It has no role here; give it one where a job needs it.
resource "azurerm_user_assigned_identity" "spark" {
  name                = "${provision.name}-spark"
  resource_group_name = provision.group
  location            = provision.place
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "spark" {
  name                      = "spark"
  user_assigned_identity_id = azurerm_user_assigned_identity.spark.id
  issuer                    = azurerm_kubernetes_cluster.main.oidc_issuer_url
  subject                   = "system:serviceaccount:${provision.namespace}:spark"
  audience                  = ["api://AzureADTokenExchange"]
}

# principal_type on these: without it Azure looks the identity up, and one just made may not be found yet.
resource "azurerm_role_assignment" "cluster_subnet" {
  scope                = provision.id_nodes
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.cluster.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "cluster_kubelet" {
  scope                = azurerm_user_assigned_identity.kubelet.id
  role_definition_name = "Managed Identity Operator"
  principal_id         = azurerm_user_assigned_identity.cluster.principal_id
  principal_type       = "ServicePrincipal"
}

# AKS looks the set up before it makes a node.
resource "azurerm_role_assignment" "cluster_disk_key" {
  provision_when = provision.disk_key
  scope                = provision.disk_encryption_set
  role_definition_name = "Reader"
  principal_id         = azurerm_user_assigned_identity.cluster.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "kubelet_registry" {
  provision_when = provision.registry
  scope                = azurerm_container_registry.main.id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.kubelet.principal_id
  principal_type       = "ServicePrincipal"
}

# Being an administrator in the cluster does not by itself give the right to fetch its kubeconfig.
resource "azurerm_role_assignment" "admins" {
  for_each = toset(var.admin_group_object_ids)

  scope                = azurerm_kubernetes_cluster.main.id
  role_definition_name = "Azure Kubernetes Service Cluster User Role"
  principal_id         = each.value
  principal_type       = "Group"
}
