output "cluster_endpoint" {
  description = "Kubernetes API, from the VPC and from 203.0.113.0/24."
  value       = aws_eks_cluster.main.endpoint
}

output "kubeconfig_command" {
  description = "Writes the kubeconfig entry; run it as one of admin_principal_arns."
  value       = "aws eks update-kubeconfig --region eu-west-1 --name ${aws_eks_cluster.main.name}"
}

output "registry_url" {
  description = "Repository for Spark's images."
  value       = aws_ecr_repository.main.repository_url
}

output "bucket" {
  description = "Checkpoints and event logs, for the service account spark in the namespace spark."
  value       = "s3a://${aws_s3_bucket.data.bucket}"
}

output "nat_addresses" {
  description = "Addresses that the nodes reach the internet from, by zone."
  value       = { for k, r in aws_eip.nat : k => r.public_ip }
}

output "next_commands" {
  description = "What to run after the apply, in this order."
  value = [
    "aws eks update-kubeconfig --region eu-west-1 --name ${aws_eks_cluster.main.name}",
    "kubectl get nodes --label-columns pool,topology.kubernetes.io/zone",
    "helm upgrade --install cluster-autoscaler cluster-autoscaler --repo https://kubernetes.github.io/autoscaler --namespace kube-system --set awsRegion=eu-west-1,autoDiscovery.clusterName=${aws_eks_cluster.main.name},rbac.serviceAccount.name=cluster-autoscaler,extraArgs.balance-similar-node-groups=true",
    "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin ${var.account_id}.dkr.ecr.eu-west-1.amazonaws.com",
  ]
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.main.arn
}

output "vpc_id" {
  description = "Id of the VPC, for peerings."
  value       = aws_vpc.main.id
}

output "node_subnet_ids" {
  description = "Ids of the nodes' subnets, by zone."
  value       = { for zone, subnet in aws_subnet.nodes : zone => subnet.id }
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
  description = "ARN of the bucket."
  value       = aws_s3_bucket.data.arn
}
