output "cluster_endpoint" {
  description = "Kubernetes API, from ${provision.api_users}."
  value       = aws_eks_cluster.main.endpoint
}

output "kubeconfig_command" {
  description = "Writes the kubeconfig entry; run it as one of admin_principal_arns."
  value       = "aws eks update-kubeconfig --region ${provision.region} --name ${aws_eks_cluster.main.name}"
}

output "registry_url" {
  provision_when = provision.registry
  description = "Repository for Spark's images."
  value       = aws_ecr_repository.main.repository_url
}

output "bucket" {
  provision_when = provision.storage
  description = "Checkpoints and event logs, for the service account spark in the namespace ${provision.namespace}."
  value       = "s3a://${aws_s3_bucket.data.bucket}"
}

output "nat_addresses" {
  provision_when = provision.own_network
  description = "Addresses that the nodes reach the internet from, by zone."
  value       = { for k, r in aws_eip.nat : k => r.public_ip }
}

output "next_commands" {
  description = "What to run after the apply, in this order."
  value = [
    "aws eks update-kubeconfig --region ${provision.region} --name ${aws_eks_cluster.main.name}",
    "kubectl get nodes --label-columns pool,topology.kubernetes.io/zone",
    "helm upgrade --install cluster-autoscaler cluster-autoscaler --repo https://kubernetes.github.io/autoscaler --namespace kube-system --set awsRegion=${provision.region},autoDiscovery.clusterName=${aws_eks_cluster.main.name},rbac.serviceAccount.name=cluster-autoscaler,extraArgs.balance-similar-node-groups=true",
    provision.login_command,
  ]
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.main.arn
}

output "vpc_id" {
  description = "Id of the VPC, for peerings."
  value       = provision.vpc
}

output "node_subnet_ids" {
  description = "Ids of the nodes' subnets, by zone."
  value       = { for zone, subnet in provision.nodes_in : zone => subnet.id }
}

output "node_security_group_id" {
  description = "Id of the security group that EKS gives the cluster and its nodes."
  value       = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
}

output "node_role_arn" {
  description = "ARN of the nodes' role."
  value       = aws_iam_role.node.arn
}

output "pod_role_arns" {
  description = "ARNs of the roles of pods, by name."
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}

output "bucket_arn" {
  provision_when = provision.storage
  description = "ARN of the bucket."
  value       = aws_s3_bucket.data.arn
}
